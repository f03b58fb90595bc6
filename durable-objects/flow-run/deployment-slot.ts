/**
 * The slot that a run of a limited deployment needs: what its transition wants of the limit's object (domain/flow-run/needs.ts), and
 * how it is given back.
 *
 * FO18  A slot is asked for before the transition is judged, and given back after it where it did not come about. One that the run
 *       leaves is written down in the head before it is given back, so that it is given back also where the process ends meanwhile.
 */
import type { SlotNeed } from "@millrace/domain/flow-run/needs.ts";
import type { SlotAnswer } from "@millrace/domain/flow-run/rule.ts";
import { concurrencyLimitAt, type ObjectNamespaces } from "../addresses.ts";
import type { Limit } from "../concurrency-limit/rpc.ts";
import { acquireSlots, releaseSlots, renewSlots } from "../slots.ts";
import type { Ledger, Owner } from "./ledger.ts";

/** The limit of a run's deployment, as it was when the run began; its object knows newer settings. */
export interface DeploymentLimit {
  limit: Limit;
  /** What becomes of a run that finds no slot. */
  collision: "ENQUEUE" | "CANCEL_NEW";
  /** Seconds for which a slot is held without a sign of life. */
  graceSeconds: number;
}

/** Seconds, ten years, for which a slot is held by who never renews it: until its run gives it back. */
const HELD_SECONDS = 315_360_000;

/** What the limit of the run's deployment answers; null: there is room, for who only looks. */
export async function askForSlot(
  env: ObjectNamespaces,
  owner: Owner,
  ledger: Ledger,
  need: SlotNeed,
): Promise<SlotAnswer | null> {
  const head = ledger.headOf(owner);
  if (!head?.surroundings.limit) return null;
  const { limit, collision, graceSeconds } = head.surroundings.limit;
  const full: SlotAnswer = { kind: "full", collision };
  if (need.kind === "look") {
    const { taken } = await concurrencyLimitAt(env, owner.workspace, limit.id).occupation(owner);
    return limit.active && taken >= limit.limit ? full : null;
  }
  // Whatever ends an agent's claim ends the run: the slot of a claimed one needs no sign of life of its own.
  const seconds = head.claim ? HELD_SECONDS : graceSeconds;
  if (need.kind === "renew" && (await renewSlots(env, owner, need.lease, seconds))) return { kind: "renewed" };
  const holder = { type: "flow_run", id: head.run.id } as const;
  const waits = collision === "ENQUEUE";
  const answer = await acquireSlots(env, owner, [limit], { slots: 1, holder, seconds, waits });
  if (answer.kind === "granted") return answer;
  return answer.kind === "never" ? { kind: "closed" } : full;
}

/** Gives back a slot that the run did not take after all. */
export async function giveBackUnused(
  env: ObjectNamespaces,
  owner: Owner,
  ledger: Ledger,
  slot: SlotAnswer,
): Promise<void> {
  if (slot.kind !== "granted") return;
  const lease = ledger.headOf(owner)?.run.state?.details.deploymentConcurrencyLeaseId;
  if (lease !== slot.lease) await releaseSlots(env, owner, slot.lease);
}

/** A slot is held from now on without signs of life. */
export const holdSlot = (env: ObjectNamespaces, owner: Owner, lease: string): Promise<boolean> =>
  renewSlots(env, owner, lease, HELD_SECONDS);
