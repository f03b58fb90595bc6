/** [TR30] A task run that would run under a cache key with an unexpired answer is COMPLETED with it instead, as "Cached". */
import { ANY_OR_NONE, type Rule } from "../rule.ts";

export const answerFromCache: Rule = {
  name: "answer-from-cache",
  from: ANY_OR_NONE,
  to: ["RUNNING"],
  judge({ to, now, newId, facts: { cached } }) {
    if (cached === null || to.details.cacheKey === null || to.details.refreshCache) return null;
    return {
      kind: "reject",
      state: { ...cached, id: newId(), timestamp: now, name: "Cached" },
      reason: "The answer for this cache key is known.",
    };
  },
};
