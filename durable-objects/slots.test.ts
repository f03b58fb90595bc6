import { type Instant, plusSeconds } from "@millrace/domain/time.ts";
import { beforeEach, expect, test } from "vitest";
import { Disk, MemoryStore } from "../test/faults/platform/memory-store.ts";
import type { ObjectNamespaces } from "./addresses.ts";
import { LimitLedger } from "./concurrency-limit/ledger.ts";
import type { Limit } from "./concurrency-limit/rpc.ts";
import { acquireSlots, releaseSlots, renewSlots } from "./slots.ts";

const OWNER = { workspace: "w", shard: 0 };
const WANTED = { slots: 1, holder: null, seconds: 60 };

let now: Instant;
let objects: Map<string, LimitLedger>;
let env: ObjectNamespaces;
beforeEach(() => {
  now = 1_800_000_000_000_000 as Instant;
  objects = new Map();
  const getByName = (name: string) => {
    const known = objects.get(name);
    if (known) return known;
    const world = { now: () => now, newId: () => crypto.randomUUID(), chance: () => 0.5 };
    const made = new LimitLedger(new MemoryStore({ disk: new Disk() }), world);
    objects.set(name, made);
    return made;
  };
  env = { CONCURRENCY_LIMIT: { getByName } } as unknown as ObjectNamespaces;
});

const limit = (id: number, settings: Partial<Limit> = {}): Limit => ({
  id: `00000000-0000-4000-8000-00000000000${id}`,
  name: `limit-${id}`,
  limit: 1,
  active: true,
  decay: 0,
  created: now,
  updated: now,
  ...settings,
});

const taken = () => [...objects.values()].map((ledger) => ledger.occupation(OWNER).taken);

async function granted(limits: readonly Limit[]): Promise<string> {
  const answer = await acquireSlots(env, OWNER, limits, WANTED);
  if (answer.kind !== "granted") throw new Error(`Not granted: ${JSON.stringify(answer)}`);
  return answer.lease;
}

test("[LM5] slots of several limits are taken together and given back together", async () => {
  const limits = [limit(2), limit(1), limit(3)];
  const lease = await granted(limits);
  expect(taken()).toEqual([1, 1, 1]);
  expect(await acquireSlots(env, OWNER, [limit(2)], WANTED)).toMatchObject({ kind: "wait", name: "limit-2" });
  await releaseSlots(env, OWNER, lease);
  await releaseSlots(env, OWNER, lease);
  expect(taken()).toEqual([0, 0, 0]);
});

test("[LM5] where one refuses, nothing is taken of the others", async () => {
  await granted([limit(3)]);
  const answer = await acquireSlots(env, OWNER, [limit(1), limit(2), limit(3)], WANTED);
  expect(answer).toMatchObject({ kind: "wait", name: "limit-3" });
  expect(taken()).toEqual([1, 0, 0]);
});

test("[LM5] one that can never grant is told before anybody is asked", async () => {
  const answer = await acquireSlots(env, OWNER, [limit(1), limit(2, { limit: 0 })], WANTED);
  expect(answer).toEqual({ kind: "never", limit: 0, name: "limit-2" });
  expect(objects.size).toBe(0);
});

test("[LM5] all are renewed together, and where one has ended all end", async () => {
  const lease = await granted([limit(1), limit(2)]);
  now = plusSeconds(now, 50);
  expect(await renewSlots(env, OWNER, lease, 60)).toBe(true);
  now = plusSeconds(now, 50);
  expect(taken()).toEqual([1, 1]);
  const [, second] = [...objects.values()];
  second?.setTaken(OWNER, limit(2), 0);
  expect(await renewSlots(env, OWNER, lease, 60)).toBe(false);
  expect(taken()).toEqual([0, 0]);
});

test("[LM5] whoever dies holds nothing after the lease, of any of them", async () => {
  const lease = await granted([limit(1), limit(2)]);
  now = plusSeconds(now, 65);
  expect(taken()).toEqual([0, 0]);
  expect(await renewSlots(env, OWNER, lease, 60)).toBe(false);
});

test("[LM5] a lease of no limit, or of limits that are switched off, holds nothing and asks nobody", async () => {
  for (const limits of [[], [limit(1, { active: false })]]) {
    const lease = await granted(limits);
    expect(await renewSlots(env, OWNER, lease, 60)).toBe(true);
    await releaseSlots(env, OWNER, lease);
  }
  expect(objects.size).toBe(0);
});

test("[LM5] a lease that nobody has is not renewed", async () => {
  expect(await renewSlots(env, OWNER, crypto.randomUUID(), 60)).toBe(false);
});
