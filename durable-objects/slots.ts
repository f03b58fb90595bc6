/**
 * Slots of several limits at once, all or none. Each limit is an object of its own, asked in order of id; where one refuses, those
 * before it are given back.
 *
 * LM5  Either all limits grant, or no slot of any is taken when the caller is answered. Who dies in between loses what it took with
 *      the lease.
 */
import { uuidv7 } from "uuidv7";
import { concurrencyLimitAt, type ObjectNamespaces } from "./addresses.ts";
import type { Ask, Grant, Limit } from "./concurrency-limit/rpc.ts";
import type { Owner } from "./flow-run/rpc.ts";
import { holdsNothing, leaseAt, leaseOfNothing } from "./kit/lease.ts";

/** What is wanted of each of the limits. */
export type SlotsWanted = Pick<Ask, "slots" | "holder" | "seconds" | "waits">;

/** A refusal says which limit it was. */
export type SlotsAnswer =
  | Extract<Grant, { kind: "granted" }>
  | (Exclude<Grant, { kind: "granted" }> & { name: string });

/** Takes slots of every one of these limits that is active; of none of them, where there are none: the lease then holds nothing. */
export async function acquireSlots(
  env: ObjectNamespaces,
  owner: Owner,
  limits: readonly Limit[],
  wanted: SlotsWanted,
): Promise<SlotsAnswer> {
  const active = limits.filter((limit) => limit.active).sort((a, b) => (a.id < b.id ? -1 : 1));
  const [home, ...others] = active;
  if (!home) return { kind: "granted", lease: leaseOfNothing(uuidv7()) };
  const beyond = active.find(({ limit }) => limit < wanted.slots);
  if (beyond) return { kind: "never", limit: beyond.limit, name: beyond.name };
  // With several limits the lease's id is made here, since each of them must know it.
  const lease = others.length === 0 ? null : leaseAt(home.id, uuidv7());
  const taken: Limit[] = [];
  for (const limit of active) {
    const ask = { ...wanted, lease, others: limit === home ? others.map(({ id }) => id) : [] };
    const grant = await concurrencyLimitAt(env, owner.workspace, limit.id).acquire(owner, limit, ask);
    if (grant.kind === "granted") {
      if (others.length === 0) return grant;
      taken.push(limit);
      continue;
    }
    if (lease !== null) await Promise.all(taken.map(({ id }) => at(env, owner, id).release(owner, lease)));
    return { ...grant, name: limit.name };
  }
  return { kind: "granted", lease: lease as string };
}

/** Holds a lease for so many seconds from now. False where it has ended, at one of its limits or at all: then it is ended. */
export async function renewSlots(
  env: ObjectNamespaces,
  owner: Owner,
  lease: string,
  seconds: number,
): Promise<boolean> {
  if (holdsNothing(lease)) return true;
  const renewed = await at(env, owner, lease).renew(owner, lease, seconds);
  if (!renewed) return false;
  const others = await Promise.all(renewed.others.map((id) => at(env, owner, id).renew(owner, lease, seconds)));
  if (others.every((other) => other !== null)) return true;
  await releaseSlots(env, owner, lease);
  return false;
}

/** Gives the slots of a lease back; one that has ended is ended. */
export async function releaseSlots(env: ObjectNamespaces, owner: Owner, lease: string): Promise<void> {
  if (holdsNothing(lease)) return;
  const released = await at(env, owner, lease).release(owner, lease);
  await Promise.all((released?.others ?? []).map((id) => at(env, owner, id).release(owner, lease)));
}

const at = (env: ObjectNamespaces, { workspace }: Owner, id: string) => concurrencyLimitAt(env, workspace, id);
