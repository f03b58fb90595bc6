/**
 * [FR61] A run of a deployment with a limit becomes PENDING only with a slot, before any machine is started for it. Where
 * none is free it waits as AwaitingConcurrencySlot or is CANCELLED, as its deployment says; a limit of 0 aborts.
 */
import { newState, type StateType } from "../../state.ts";
import { plusSeconds } from "../../time.ts";
import { ANY_OR_NONE, type Rule } from "../rule.ts";

/** Seconds until a run that found no free slot is offered again. */
export const SLOT_WAIT_SECONDS = 30;

/** A run in any other state has its slot already. */
export const SECURES_FROM: readonly (StateType | null)[] = ANY_OR_NONE.filter(
  (type) => type !== "PENDING" && type !== "RUNNING" && type !== "CANCELLING",
);

export const secureSlot: Rule = {
  name: "secure-slot",
  from: SECURES_FROM,
  to: ["PENDING"],
  judge({ to, now, newId, facts: { slot } }) {
    if (slot === null) return null;
    switch (slot.kind) {
      case "granted":
        return {
          kind: "adjust",
          state: { ...to, details: { ...to.details, deploymentConcurrencyLeaseId: slot.lease } },
        };
      case "closed":
        return { kind: "abort", reason: "The deployment's concurrency limit is 0: none of its runs can start." };
      case "full": {
        const reason = "The deployment's concurrency limit is reached.";
        const scheduledTime = plusSeconds(now, SLOT_WAIT_SECONDS);
        const state =
          slot.collision === "CANCEL_NEW"
            ? newState({ type: "CANCELLED", message: reason }, { id: newId(), now })
            : newState(
                { type: "SCHEDULED", name: "AwaitingConcurrencySlot", details: { scheduledTime } },
                { id: newId(), now },
              );
        return { kind: "reject", state, reason };
      }
      default:
        return null;
    }
  },
};
