/**
 * How a run may leave a terminal state.
 *
 * [FR3] It cannot become CANCELLING, PAUSED or CRASHED any more.
 * [FR4] A COMPLETED run whose result is stored is not begun again.
 * [FR5] It goes back to SCHEDULED only with a deployment: without one nobody would pick it up.
 * [FR6] A new attempt starts with a clean slate: pauses fire again, nothing is being resumed, and the kind of retry says
 *       whether the run waits to be picked up.
 */
import { hasStoredResult } from "../../orchestration/result.ts";
import { isTerminal } from "../../state.ts";
import { ANY_STATE, policyOf, type Rule, TERMINAL_STATES } from "../rule.ts";

export const leaveTerminalState: Rule = {
  name: "leave-terminal-state",
  from: TERMINAL_STATES,
  to: ANY_STATE,
  judge({ run, from, to }) {
    if (from === null) return null;
    if (to.type === "CANCELLING" || to.type === "PAUSED" || to.type === "CRASHED") {
      return { kind: "abort", reason: `The run has ended: it is ${from.type}.` };
    }
    if (isTerminal(to.type)) return null;
    if (from.type === "COMPLETED" && hasStoredResult(from)) {
      return { kind: "reject", state: null, reason: "The run is COMPLETED, and its result is stored." };
    }
    if (to.type === "SCHEDULED" && run.deploymentId === null) {
      return { kind: "abort", reason: "A run without a deployment cannot be scheduled again." };
    }
    const retryType = to.type === "SCHEDULED" ? "reschedule" : null;
    return { kind: "adjust", run: policyOf(run, { resuming: false, pauseKeys: [], retryType }) };
  },
};
