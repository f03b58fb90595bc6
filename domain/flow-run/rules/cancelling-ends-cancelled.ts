/** [FR7] A run that is being cancelled goes to CANCELLED and nowhere else; a late COMPLETED of its process is not taken. */
import { ANY_STATE, type Rule } from "../rule.ts";

export const cancellingEndsCancelled: Rule = {
  name: "cancelling-ends-cancelled",
  from: ["CANCELLING"],
  to: ANY_STATE.filter((type) => type !== "CANCELLED"),
  judge: () => ({
    kind: "reject",
    state: null,
    reason: "The run is being cancelled: its next state can only be CANCELLED.",
  }),
};
