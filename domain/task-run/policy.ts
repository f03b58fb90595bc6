/** The rules in force for task runs that are moved over the API, in order of precedence: the first that objects decides. */
import { copyScheduledTime } from "../orchestration/rules/copy-scheduled-time.ts";
import { preventPending } from "../orchestration/rules/prevent-pending.ts";
import { waitForScheduledTime } from "../orchestration/rules/wait-for-scheduled-time.ts";
import type { State } from "../state.ts";
import type { TaskRunOrchestration } from "./rule.ts";
import { answerFromCache } from "./rules/answer-from-cache.ts";
import { copyParametersId } from "./rules/copy-parameters-id.ts";
import { enqueueScheduled } from "./rules/enqueue-scheduled.ts";
import { keepInCache } from "./rules/keep-in-cache.ts";
import { leaveTerminalState } from "./rules/leave-terminal-state.ts";
import { releaseTagSlots } from "./rules/release-tag-slots.ts";
import { renameReruns } from "./rules/rename-reruns.ts";
import { retryFailed } from "./rules/retry-failed.ts";
import { runWithFlow } from "./rules/run-with-flow.ts";
import { secureTagSlots } from "./rules/secure-tag-slots.ts";
import { trackFlowAttempt } from "./rules/track-flow-attempt.ts";

const consequences = [releaseTagSlots];

/** For every transition that somebody asks for. */
export const taskPolicy: TaskRunOrchestration = {
  rules: [
    answerFromCache,
    leaveTerminalState,
    runWithFlow,
    secureTagSlots,
    copyScheduledTime,
    waitForScheduledTime,
    retryFailed,
    renameReruns,
    trackFlowAttempt,
    keepInCache,
  ],
  consequences,
};

/** For tasks that a task worker takes from a queue, also where the transition is forced. */
export const backgroundPolicy: TaskRunOrchestration = {
  rules: [
    preventPending,
    answerFromCache,
    leaveTerminalState,
    copyScheduledTime,
    copyParametersId,
    waitForScheduledTime,
    retryFailed,
    renameReruns,
    trackFlowAttempt,
    keepInCache,
    enqueueScheduled,
  ],
  consequences,
};

/** For transitions that are forced, and for the first state of a task run. */
export const minimalTaskPolicy: TaskRunOrchestration = { rules: [], consequences };

/** The policy that a proposed state comes under. */
export function policyForTaskRun(to: State, { force }: { force: boolean }): TaskRunOrchestration {
  if (to.details.deferred) return backgroundPolicy;
  return force ? minimalTaskPolicy : taskPolicy;
}
