/** [TR33] A task runs only while its flow does: while that is paused it becomes PAUSED as "NotReady", otherwise it is aborted. */
import { newState } from "../../state.ts";
import { ANY_OR_NONE, type Rule } from "../rule.ts";

export const runWithFlow: Rule = {
  name: "run-with-flow",
  from: ANY_OR_NONE,
  to: ["RUNNING"],
  judge({ now, newId, facts: { flowRun } }) {
    if (flowRun === null || flowRun.state?.type === "RUNNING") return null;
    if (flowRun.state?.type !== "PAUSED") {
      return {
        kind: "abort",
        reason: `The flow run is ${flowRun.state?.type ?? "without a state"}: its tasks run while it does.`,
      };
    }
    const { pauseTimeout, pauseReschedule } = flowRun.state.details;
    const details = { pauseTimeout, pauseReschedule };
    return {
      kind: "reject",
      state: newState({ type: "PAUSED", name: "NotReady", details }, { id: newId(), now }),
      reason: "The flow run is paused: its tasks can run once it is resumed.",
    };
  },
};
