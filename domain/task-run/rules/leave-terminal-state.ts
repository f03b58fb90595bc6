/**
 * How a task run may leave a terminal state.
 *
 * [TR32] It does not become CANCELLING, PAUSED or CRASHED; COMPLETED with a stored result it stays as it is. Otherwise its
 *        attempts are counted anew, and it is "Retrying" if that is because its flow run runs again.
 */
import { hasStoredResult } from "../../orchestration/result.ts";
import { isTerminal } from "../../state.ts";
import { ANY_STATE, type Rule, TERMINAL_STATES } from "../rule.ts";

export const leaveTerminalState: Rule = {
  name: "leave-terminal-state",
  from: TERMINAL_STATES,
  to: ANY_STATE,
  judge({ run, from, to, facts: { flowRun } }) {
    if (from === null) return null;
    if (to.type === "CANCELLING" || to.type === "PAUSED" || to.type === "CRASHED") {
      return { kind: "abort", reason: `The task run has ended: it is ${from.type}.` };
    }
    if (from.type === "COMPLETED" && hasStoredResult(from)) {
      return { kind: "reject", state: null, reason: "The task run is COMPLETED, and its result is stored." };
    }
    if (isTerminal(to.type)) return null;
    const flowRetries = to.type === "RUNNING" && flowRun !== null && run.flowRunRunCount < flowRun.runCount;
    return { kind: "adjust", run: { runCount: 0 }, state: flowRetries ? { ...to, name: "Retrying" } : to };
  },
};
