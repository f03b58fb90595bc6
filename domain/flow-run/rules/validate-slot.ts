/**
 * [FR62] A PENDING run begins to run only if its slot is still its own: the lease is renewed, or, if it ran out meanwhile,
 * another slot is taken. Where none is left the run is CANCELLED, since its machine is there and cannot wait.
 */
import { newState } from "../../state.ts";
import type { Rule } from "../rule.ts";

export const validateSlot: Rule = {
  name: "validate-slot",
  from: ["PENDING"],
  to: ["RUNNING"],
  judge({ from, to, now, newId, facts: { slot } }) {
    const held = from?.details.deploymentConcurrencyLeaseId ?? null;
    if (slot?.kind === "full" || slot?.kind === "closed") {
      const message = "The run's concurrency slot was lost while its machine was started, and none is free.";
      return {
        kind: "reject",
        state: newState({ type: "CANCELLED", message }, { id: newId(), now }),
        reason: "The deployment's concurrency limit was reached after the lease of this run had ended.",
      };
    }
    const lease = slot?.kind === "granted" ? slot.lease : held;
    return { kind: "adjust", state: { ...to, details: { ...to.details, deploymentConcurrencyLeaseId: lease } } };
  },
};
