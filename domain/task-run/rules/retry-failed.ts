/**
 * [TR37] A RUNNING task run that fails with retries left becomes AwaitingRetry, due after its delay: the one of its attempt
 * where a list is given, the last for all later ones, scattered by its jitter. A failure that calls itself not retriable stays.
 */
import { newState } from "../../state.ts";
import { plusSeconds } from "../../time.ts";
import { scattered } from "../jitter.ts";
import type { Rule } from "../rule.ts";
import type { TaskRun } from "../run.ts";

export const retryFailed: Rule = {
  name: "retry-failed",
  from: ["RUNNING"],
  to: ["FAILED"],
  judge({ run, to, now, newId, facts: { chance } }) {
    const { retries, retryJitterFactor } = run.policy;
    if (to.details.retriable === false || retries === null || run.runCount > retries) return null;
    const delay = scattered(delayOf(run), retryJitterFactor ?? 0, chance);
    const details = { scheduledTime: plusSeconds(now, delay) };
    return {
      kind: "reject",
      state: newState(
        { type: "SCHEDULED", name: "AwaitingRetry", message: to.message, data: to.data, details },
        { id: newId(), now },
      ),
      reason: "The task run has retries left and tries again.",
    };
  },
};

function delayOf({ policy: { retryDelay }, runCount }: TaskRun): number {
  if (!Array.isArray(retryDelay)) return retryDelay ?? 0;
  return retryDelay[Math.min(Math.max(runCount, 1), retryDelay.length) - 1] ?? 0;
}
