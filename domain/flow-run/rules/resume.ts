/**
 * How a run leaves PAUSED.
 *
 * [FR15] To RUNNING, SCHEDULED, CANCELLING or a terminal state, nowhere else; a suspended one only with a deployment.
 * [FR16] After its time-out a pause is over: whatever is proposed, the run becomes FAILED. Cancelling is let through,
 *        since a paused process is alive and has to be told.
 * [FR17] The run is marked as resuming until it next runs or ends, so that going on is no new attempt. A paused (not
 *        suspended) run that is scheduled starts from the beginning instead, and its pauses fire again.
 */
import { isTerminal, newState, type StateType } from "../../state.ts";
import { ANY_STATE, policyOf, type Rule } from "../rule.ts";

const leavesTo = (type: StateType): boolean =>
  type === "RUNNING" || type === "SCHEDULED" || type === "CANCELLING" || isTerminal(type);

export const resume: Rule = {
  name: "resume",
  from: ["PAUSED"],
  to: ANY_STATE,
  judge({ run, from, to, now, newId }) {
    if (from === null) return null;
    if (!leavesTo(to.type)) {
      return { kind: "reject", state: null, reason: `A PAUSED run cannot become ${to.type}: resume or cancel it.` };
    }
    const { pauseReschedule: suspended, pauseTimeout } = from.details;
    if (suspended && run.deploymentId === null) {
      return { kind: "reject", state: null, reason: "A suspended run without a deployment cannot be scheduled again." };
    }
    if (to.type !== "CANCELLING" && pauseTimeout !== null && pauseTimeout < now) {
      const message = `The run was ${suspended ? "suspended" : "paused"}, and nobody resumed it in time.`;
      return {
        kind: "reject",
        state: newState({ type: "FAILED", message }, { id: newId(), now }),
        reason: "The time to resume this run is over.",
      };
    }
    if (!suspended && to.type === "SCHEDULED") {
      return {
        kind: "adjust",
        after: (next) => ({ ...next, ...policyOf(next, { resuming: false, pauseKeys: [], retryType: "reschedule" }) }),
      };
    }
    return { kind: "adjust", after: (next) => ({ ...next, ...policyOf(next, { resuming: true }) }) };
  },
};
