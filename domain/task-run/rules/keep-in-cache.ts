/** [TR31] A COMPLETED state with a cache key becomes the answer for that key, until it expires. Keys have at most 2,000 characters. */
import { ANY_OR_NONE, type Rule } from "../rule.ts";

const LONGEST_KEY = 2_000;

export const keepInCache: Rule = {
  name: "keep-in-cache",
  from: ANY_OR_NONE,
  to: ["COMPLETED"],
  judge({ to }) {
    const { cacheKey: key, cacheExpiration: expiration } = to.details;
    if (!key) return null;
    if (key.length > LONGEST_KEY) {
      return {
        kind: "reject",
        state: to,
        reason: `The cache key has more than ${LONGEST_KEY} characters: it is not kept.`,
      };
    }
    return { kind: "adjust", effects: [{ kind: "keep-cached", key, expiration }] };
  },
};
