/** [FR11] Only a SCHEDULED run becomes Late, and only once. */
import { ANY_STATE, type Rule } from "../rule.ts";

export const onlyScheduledRunsAreLate: Rule = {
  name: "only-scheduled-runs-are-late",
  from: ANY_STATE,
  to: ["SCHEDULED"],
  judge({ from, to }) {
    if (from === null || to.name !== "Late") return null;
    if (from.type !== "SCHEDULED") {
      return { kind: "reject", state: null, reason: `The run is ${from.type}: only a SCHEDULED run can be late.` };
    }
    if (from.name === "Late") return { kind: "reject", state: null, reason: "The run is marked late already." };
    return null;
  },
};
