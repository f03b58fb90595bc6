/** [FR65] A run that would be marked Late while its deployment is full and cancels what is too much is CANCELLED instead. */
import { newState } from "../../state.ts";
import type { Rule } from "../rule.ts";

export const lateRunsOfFullDeployment: Rule = {
  name: "late-runs-of-full-deployment",
  from: ["SCHEDULED"],
  to: ["SCHEDULED"],
  judge({ to, now, newId, facts: { slot } }) {
    if (to.name !== "Late" || slot?.kind !== "full" || slot.collision !== "CANCEL_NEW") return null;
    const message = "The deployment's concurrency limit is reached.";
    return { kind: "reject", state: newState({ type: "CANCELLED", message }, { id: newId(), now }), reason: message };
  },
};
