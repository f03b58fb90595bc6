/**
 * A new attempt of a run that has ended, asked for by hand.
 *
 * It goes further than the rules: whatever the run ended as, and whether or not a result is stored, it is SCHEDULED
 * again, due now. Only a run that has not ended, or that has no deployment to be started from, is turned away.
 */
import { isTerminal, newState, type State } from "../state.ts";
import type { Instant } from "../time.ts";
import { enter } from "./bookkeeping.ts";
import type { Verdict } from "./decide.ts";
import { policyOf } from "./rule.ts";
import type { FlowRun } from "./run.ts";

/** The verdict on a retry: accept with AwaitingRetry in place, or abort. */
export function retry(run: FlowRun, { now, newId }: { now: Instant; newId: () => string }): Verdict {
  if (run.state === null || !isTerminal(run.state.type)) {
    const is = run.state?.type ?? "without a state";
    return { kind: "abort", reason: `The run is ${is}: only one that has ended is retried. Cancel it first.` };
  }
  if (run.deploymentId === null) {
    return {
      kind: "abort",
      reason: "The run has no deployment, so nobody could start it again. Start its program instead.",
    };
  }
  const state = newState({ type: "SCHEDULED", name: "AwaitingRetry" }, { id: newId(), now });
  const anew = policyOf(run, { resuming: false, pauseKeys: [], retryType: "reschedule" });
  const next = enter({ ...run, ...anew }, state, now);
  return { kind: "accept", run: next, state: next.state as State, changed: true, effects: [] };
}
