/** What a transition of a task run needs to know of others before the rules can judge it. */
import type { State } from "../state.ts";
import { policyForTaskRun } from "./policy.ts";
import { answerFromCache } from "./rules/answer-from-cache.ts";
import { secureTagSlots } from "./rules/secure-tag-slots.ts";
import type { TaskRun } from "./run.ts";

/** `cacheKey`: under which an answer is looked for. `tags`: of whose limits a slot each is asked. */
export interface TaskNeeds {
  cacheKey: string | null;
  tags: readonly string[];
}

/** What the transition to `to` asks; the tags first, should the cache have no answer. */
export function taskNeeds(run: TaskRun, to: State, how: { force: boolean }): TaskNeeds {
  const { rules } = policyForTaskRun(to, how);
  const runs = to.type === "RUNNING";
  const looks = runs && rules.includes(answerFromCache) && !to.details.refreshCache;
  return {
    cacheKey: looks ? to.details.cacheKey : null,
    tags: runs && rules.includes(secureTagSlots) ? run.tags : [],
  };
}
