/**
 * [FR8] Cancelling a run that has nothing running anywhere cancels it at once, by force or not: CANCELLING asks somebody
 * to end a process, and here nobody would answer. It concerns SCHEDULED runs without a process, and suspended ones.
 */
import { newState } from "../../state.ts";
import type { Rule } from "../rule.ts";

export const cancelWithoutInfrastructure: Rule = {
  name: "cancel-without-infrastructure",
  from: ["SCHEDULED", "PAUSED"],
  to: ["CANCELLING"],
  judge({ run, from, now, newId }) {
    if (from === null) return null;
    const waiting = (from.type === "SCHEDULED" && !run.infrastructurePid) || from.name === "Resuming";
    const suspended = from.type === "PAUSED" && from.details.pauseReschedule;
    if (!waiting && !suspended) return null;
    const what = waiting ? "is scheduled" : "is suspended";
    return {
      kind: "reject",
      state: newState({ type: "CANCELLED" }, { id: newId(), now }),
      reason: `The run ${what} and has no infrastructure that would have to be ended.`,
    };
  },
};
