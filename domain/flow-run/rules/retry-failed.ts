/**
 * What happens to a RUNNING run that reports FAILED.
 *
 * [FR20] While it has retries left it becomes AwaitingRetry instead, due after its delay, in the process it has; its
 *        pauses fire again.
 * [FR21] With none left it is FAILED, and a later retry by hand is not taken for one in the same process.
 */
import { newState } from "../../state.ts";
import { plusSeconds } from "../../time.ts";
import { policyOf, type Rule } from "../rule.ts";

export const retryFailed: Rule = {
  name: "retry-failed",
  from: ["RUNNING"],
  to: ["FAILED"],
  judge({ run, from, to, now, newId }) {
    const { retries, retryDelay } = run.policy;
    if (retries === null || run.runCount > retries) return { kind: "adjust", run: policyOf(run, { retryType: null }) };
    const scheduledTime = plusSeconds(now, retryDelay ?? 0);
    const state = newState(
      {
        type: "SCHEDULED",
        name: "AwaitingRetry",
        message: to.message,
        data: to.data,
        // It keeps its slot: the process goes on renewing the lease while it waits.
        details: { scheduledTime, deploymentConcurrencyLeaseId: from?.details.deploymentConcurrencyLeaseId ?? null },
      },
      { id: newId(), now },
    );
    return {
      kind: "reject",
      state,
      reason: "The run has retries left and tries again.",
      run: policyOf(run, { resuming: false, pauseKeys: [], retryType: "in_process" }),
    };
  },
};
