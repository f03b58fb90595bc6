/** What a transition of a flow run needs to know of its deployment's limit, before the rules can judge it. */
import type { State } from "../state.ts";
import { SECURES_FROM } from "./rules/secure-slot.ts";
import type { FlowRun } from "./run.ts";

/**
 * `take`: a slot, which is given back if the transition does not come about. `renew`: the lease of the slot that the run
 * has; should it be over, a new slot. `look`: whether there is a free one.
 */
export type SlotNeed = { kind: "take" } | { kind: "renew"; lease: string } | { kind: "look" };

/** What the transition to `to` asks of the limit; null: nothing. */
export function slotNeed(
  run: FlowRun,
  to: State,
  { force, renewsLeases }: { force: boolean; renewsLeases: boolean },
): SlotNeed | null {
  const from = run.state;
  if (force || run.deploymentId === null) return null;
  if (to.type === "PENDING" && SECURES_FROM.includes(from?.type ?? null)) return { kind: "take" };
  const lease = from?.details.deploymentConcurrencyLeaseId ?? null;
  if (from?.type === "PENDING" && to.type === "RUNNING" && lease !== null && renewsLeases)
    return { kind: "renew", lease };
  return to.type === "SCHEDULED" && to.name === "Late" && from?.type === "SCHEDULED" ? { kind: "look" } : null;
}
