import { type Instant, plusSeconds } from "@millrace/domain/time.ts";
import { expect, test } from "vitest";
import { Disk, MemoryStore } from "../../test/faults/platform/memory-store.ts";
import { LimitLedger } from "./ledger.ts";
import type { Ask, Grant, Holder, Limit } from "./rpc.ts";

const OWNER = { workspace: "w", shard: 0 };
const START = 1_800_000_000_000_000 as Instant;
const LIMIT: Limit = {
  id: "0f34ddbd-589e-49ca-8ef2-e0ebc52fba4c",
  name: "db",
  limit: 2,
  active: true,
  decay: 0,
  created: START,
  updated: START,
};

/** A ledger on a disk of its own, with a clock that stands until it is told to go on. */
function ledgerOf(settings: Partial<Limit> = {}) {
  const disk = new Disk();
  const world = { now: START, ids: 0 };
  const make = () =>
    new LimitLedger(new MemoryStore({ disk }), {
      now: () => world.now,
      newId: () => {
        world.ids += 1;
        return `00000000-0000-7000-8000-${String(world.ids).padStart(12, "0")}`;
      },
      chance: () => 0.5,
    });
  let ledger = make();
  let limit = { ...LIMIT, ...settings };
  return {
    disk,
    get ledger() {
      return ledger;
    },
    get now() {
      return world.now;
    },
    wait: (seconds: number) => {
      world.now = plusSeconds(world.now, seconds);
    },
    forget: () => {
      ledger = make();
    },
    ask: (ask: Partial<Ask> = {}) => ledger.acquire(OWNER, limit, { ...ASK, ...ask }),
    set: (change: Partial<Limit>) => {
      limit = { ...limit, ...change, updated: plusSeconds(limit.updated, 1) };
      ledger.configure(OWNER, limit);
    },
    taken: () => ledger.occupation(OWNER).taken,
    limit: () => limit,
  };
}

const ASK: Ask = { slots: 1, holder: null, seconds: 60, lease: null, others: [] };
const run = (id: string): Holder => ({ type: "task_run", id });
const [A, B, C] = [run("a"), run("b"), run("c")];

function leaseOf(grant: Grant): string {
  if (grant.kind !== "granted") throw new Error(`Not granted: ${JSON.stringify(grant)}`);
  return grant.lease;
}

test("[LM1] slots are granted up to the limit, and again when they were given back", () => {
  const l = ledgerOf();
  const first = leaseOf(l.ask());
  leaseOf(l.ask());
  expect(l.ask()).toMatchObject({ kind: "wait" });
  expect(l.ledger.release(OWNER, first)).toEqual({ others: [] });
  expect(l.taken()).toBe(1);
  leaseOf(l.ask());
  expect(l.taken()).toBe(2);
});

test("[LM1] more than the limit is never granted, at limits of 0 and of a billion too", () => {
  expect(ledgerOf({ limit: 0 }).ask()).toEqual({ kind: "never", limit: 0 });
  const l = ledgerOf({ limit: 1_000_000_000 });
  expect(l.ask({ slots: 1_000_000_001 })).toEqual({ kind: "never", limit: 1_000_000_000 });
  leaseOf(l.ask({ slots: 999_999_999 }));
  leaseOf(l.ask());
  expect(l.ask()).toMatchObject({ kind: "wait" });
  expect(l.taken()).toBe(1_000_000_000);
});

test("[LM1] a lease that is over holds nothing, and is not renewed", () => {
  const l = ledgerOf({ limit: 1 });
  const lease = leaseOf(l.ask({ seconds: 60 }));
  l.wait(59);
  expect(l.ask({ holder: A })).toMatchObject({ kind: "wait" });
  expect(l.ledger.renew(OWNER, lease, 60)).toEqual({ others: [] });
  l.wait(60 + 5);
  expect(l.taken()).toBe(0);
  expect(l.ledger.renew(OWNER, lease, 60)).toBeNull();
  expect(l.ledger.release(OWNER, lease)).toBeNull();
  leaseOf(l.ask());
});

test("[LM1] a limit that is set lower grants nothing until there is room", () => {
  const l = ledgerOf({ limit: 3 });
  const leases = [l.ask(), l.ask(), l.ask()].map(leaseOf);
  l.set({ limit: 1 });
  expect(l.taken()).toBe(3);
  for (const lease of leases.slice(1)) {
    expect(l.ask()).toMatchObject({ kind: "wait" });
    l.ledger.release(OWNER, lease);
  }
  expect(l.ask()).toMatchObject({ kind: "wait" });
  l.ledger.release(OWNER, leases[0] as string);
  leaseOf(l.ask());
});

test("[LM1] [LI1] a limit that is switched off grants everything and holds nothing", () => {
  const l = ledgerOf({ limit: 1, active: false });
  const leases = [l.ask(), l.ask({ slots: 7 })].map(leaseOf);
  expect(l.taken()).toBe(0);
  expect(l.ledger.renew(OWNER, leases[0] as string, 60)).toEqual({ others: [] });
  l.set({ active: true });
  leaseOf(l.ask());
  expect(l.ask()).toMatchObject({ kind: "wait" });
});

test("[LM2] a grant is a row, a renewal right after it none, a later one one; a refusal of a known waiter none", () => {
  const l = ledgerOf({ limit: 1 });
  const written = (work: () => unknown) => {
    const before = l.disk.writes;
    work();
    return l.disk.writes - before;
  };
  l.ledger.configure(OWNER, LIMIT);
  let lease = "";
  expect(written(() => l.set({}))).toBe(1);
  expect(written(() => l.ledger.configure(OWNER, LIMIT))).toBe(0);
  expect(written(() => (lease = leaseOf(l.ask())))).toBe(1);
  expect(written(() => l.ledger.renew(OWNER, lease, 60))).toBe(0);
  l.wait(30);
  expect(written(() => l.ledger.renew(OWNER, lease, 60))).toBe(1);
  expect(written(() => l.ask({ holder: A }))).toBe(1);
  expect(written(() => l.ask({ holder: A }))).toBe(0);
  expect(written(() => l.ask())).toBe(0);
  expect(written(() => l.ledger.occupation(OWNER))).toBe(0);
  expect(written(() => l.ledger.release(OWNER, "nobody's"))).toBe(0);
  expect(written(() => l.ledger.release(OWNER, lease))).toBe(1);
  expect(written(() => l.ledger.release(OWNER, lease))).toBe(0);
});

test("[LM2] a call that is repeated takes once: by its lease, or by a known holder who gives back when it is done", () => {
  const l = ledgerOf({ limit: 1 });
  const lease = "11111111-1111-8111-8ef2-e0ebc52fba4c";
  expect(leaseOf(l.ask({ lease }))).toBe(lease);
  expect(leaseOf(l.ask({ lease }))).toBe(lease);
  l.ledger.release(OWNER, lease);
  const first = leaseOf(l.ask({ holder: A, seconds: null }));
  expect(leaseOf(l.ask({ holder: A, seconds: null }))).toBe(first);
  expect(l.taken()).toBe(1);
  l.ledger.releaseHolder(OWNER, A);
  l.ledger.releaseHolder(OWNER, A);
  expect(l.taken()).toBe(0);
});

test("[LM2] a transaction that fails leaves nothing in memory", () => {
  const disk = new Disk();
  let broken = false;
  const mayWrite = () => {
    if (broken) throw new Error("the disk is full");
  };
  const world = { now: () => START, newId: () => "00000000-0000-7000-8000-000000000001", chance: () => 0 };
  const ledger = new LimitLedger(new MemoryStore({ disk, mayWrite }), world);
  ledger.configure(OWNER, LIMIT);
  broken = true;
  expect(() => ledger.acquire(OWNER, LIMIT, ASK)).toThrow("full");
  broken = false;
  expect(ledger.occupation(OWNER)).toEqual({ taken: 0, held: [], waiting: [] });
});

test("[LM3] another workspace is told nothing and changes nothing", () => {
  const l = ledgerOf({ limit: 1 });
  const lease = leaseOf(l.ask());
  const other = { workspace: "other", shard: 0 };
  const before = l.disk.writes;
  expect(l.ledger.occupation(other)).toEqual({ taken: 0, held: [], waiting: [] });
  expect(l.ledger.acquire(other, { ...LIMIT, limit: 9, updated: plusSeconds(START, 9) }, ASK).kind).toBe("never");
  expect(l.ledger.renew(other, lease, 60)).toBeNull();
  expect(l.ledger.release(other, lease)).toBeNull();
  expect(l.ledger.setTaken(other, LIMIT, 0)).not.toBeNull();
  l.ledger.giveBack(other, 1);
  l.ledger.remove(other);
  expect(l.disk.writes).toBe(before);
  expect(l.taken()).toBe(1);
});

test("[LM4] waiters are served in order of arrival, and the one behind gets what the one before does not need", () => {
  const l = ledgerOf({ limit: 2 });
  const leases = [l.ask(), l.ask()].map(leaseOf);
  expect(l.ask({ holder: A })).toMatchObject({ kind: "wait" });
  expect(l.ask({ holder: B })).toMatchObject({ kind: "wait" });
  l.ledger.release(OWNER, leases[0] as string);
  expect(l.ask({ holder: C })).toMatchObject({ kind: "wait" });
  expect(l.ask({ holder: B })).toMatchObject({ kind: "wait" });
  expect(l.ledger.occupation(OWNER).waiting.map(({ holder }) => holder)).toEqual([A, B, C]);
  l.ledger.release(OWNER, leases[1] as string);
  leaseOf(l.ask({ holder: B }));
  expect(l.ask({ holder: C })).toMatchObject({ kind: "wait" });
  leaseOf(l.ask({ holder: A }));
});

test("[LM4] a waiter that wants much is not passed by those that want little", () => {
  const l = ledgerOf({ limit: 3 });
  const leases = [l.ask(), l.ask()].map(leaseOf);
  expect(l.ask({ holder: A, slots: 3 })).toMatchObject({ kind: "wait" });
  expect(l.ask({ holder: B })).toMatchObject({ kind: "wait" });
  for (const lease of leases) l.ledger.release(OWNER, lease);
  leaseOf(l.ask({ holder: A, slots: 3 }));
});

test("[LM4] a waiter that does not come again loses its place", () => {
  const l = ledgerOf({ limit: 1 });
  const lease = leaseOf(l.ask({ seconds: 600 }));
  const told = l.ask({ holder: A });
  if (told.kind !== "wait") throw new Error("granted");
  l.ledger.release(OWNER, lease);
  l.wait(told.seconds);
  expect(l.ask({ holder: B })).toMatchObject({ kind: "wait" });
  l.wait(3.001);
  expect(l.ledger.occupation(OWNER).waiting.map(({ holder }) => holder)).toEqual([B]);
  leaseOf(l.ask({ holder: B }));
});

test("[LM4] the order of arrival survives the object", () => {
  const l = ledgerOf({ limit: 1 });
  const lease = leaseOf(l.ask({ seconds: 600 }));
  for (const holder of [C, A, B]) l.ask({ holder });
  l.forget();
  l.ledger.release(OWNER, lease);
  expect(l.ask({ holder: B })).toMatchObject({ kind: "wait" });
  expect(l.ask({ holder: A })).toMatchObject({ kind: "wait" });
  leaseOf(l.ask({ holder: C }));
  expect(l.ledger.occupation(OWNER).waiting.map(({ holder }) => holder)).toEqual([A, B]);
});

test("[LM4] callers without a name share a place, and are told times of their own", () => {
  const l = ledgerOf({ limit: 1, decay: 1 });
  leaseOf(l.ask({ seconds: null }));
  const told = [1, 2, 3].map(() => l.ask({ seconds: null }));
  expect(told).toEqual([1.125, 2.25, 3.375].map((seconds) => ({ kind: "wait", seconds })));
  l.wait(1.2);
  leaseOf(l.ask({ seconds: null }));
});

test("[LM6] giving back without a lease does not touch what was taken under one", () => {
  const l = ledgerOf({ limit: 3 });
  leaseOf(l.ask({ seconds: 60 }));
  leaseOf(l.ask({ seconds: null, slots: 2 }));
  expect(l.taken()).toBe(3);
  l.ledger.giveBack(OWNER, 1);
  expect(l.taken()).toBe(2);
  l.ledger.giveBack(OWNER, 5);
  l.ledger.giveBack(OWNER, 5);
  expect(l.taken()).toBe(1);
});

test("[LM7] older settings that arrive later change nothing", () => {
  const l = ledgerOf();
  l.set({ limit: 1 });
  leaseOf(l.ask());
  expect(l.ledger.acquire(OWNER, LIMIT, ASK)).toMatchObject({ kind: "wait" });
});

test("[LM7] what was held goes on when decay is set, and when it is taken away", () => {
  const l = ledgerOf({ limit: 2 });
  leaseOf(l.ask());
  leaseOf(l.ask({ seconds: null }));
  l.set({ decay: 1 });
  expect(l.taken()).toBe(2);
  l.wait(1);
  expect(l.taken()).toBe(1);
  l.set({ decay: 0 });
  expect(l.taken()).toBe(1);
});

test("[LI2] slots decay by themselves, and a lease gives back what is left of its own", () => {
  const l = ledgerOf({ limit: 2, decay: 0.1 });
  const lease = leaseOf(l.ask({ slots: 2 }));
  l.wait(5);
  expect(l.taken()).toBe(2);
  l.wait(5);
  expect(l.taken()).toBe(1);
  leaseOf(l.ask());
  l.ledger.release(OWNER, lease);
  expect(l.taken()).toBe(1);
  expect(l.ledger.release(OWNER, lease)).toBeNull();
  expect(l.taken()).toBe(1);
});

test("[LM1] [LI2] a lease that is over gives back what has not decayed, once", () => {
  const l = ledgerOf({ limit: 2, decay: 0.001 });
  leaseOf(l.ask({ slots: 2, seconds: 60 }));
  l.wait(65);
  expect(l.taken()).toBe(0);
  leaseOf(l.ask({ slots: 1, seconds: 60 }));
  expect(l.taken()).toBe(1);
  leaseOf(l.ask({ slots: 1, seconds: 60 }));
  expect(l.ask()).toMatchObject({ kind: "wait" });
});

test("[LM1] by hand so many slots are taken as people say, and never more than the limit", () => {
  const l = ledgerOf({ limit: 4 });
  const [first, second] = [l.ask({ seconds: 600 }), l.ask({ seconds: 60 })].map(leaseOf) as [string, string];
  l.ask({ seconds: null });
  expect(l.ledger.setTaken(OWNER, l.limit(), 5)).toEqual({ kind: "never", limit: 4 });
  expect(l.ledger.setTaken(OWNER, l.limit(), 1)).toBeNull();
  expect(l.ledger.occupation(OWNER).held.map(({ lease }) => lease)).toEqual([first]);
  expect(l.ledger.renew(OWNER, second, 60)).toBeNull();
  expect(l.ledger.setTaken(OWNER, l.limit(), 3)).toBeNull();
  expect(l.taken()).toBe(3);
  expect(l.ledger.setTaken(OWNER, l.limit(), 0)).toBeNull();
  expect(l.ledger.occupation(OWNER).held).toEqual([]);
});

test("[LM1] by hand slots are given to others than those that have them", () => {
  const l = ledgerOf({ limit: 2 });
  const lease = leaseOf(l.ask({ holder: A }));
  expect(l.ledger.setHolders(OWNER, l.limit(), [A, B, C])).toEqual({ kind: "never", limit: 2 });
  expect(l.ledger.setHolders(OWNER, l.limit(), [B, C])).toBeNull();
  expect(l.ledger.occupation(OWNER).held).toMatchObject([
    { holder: B, slots: 1, since: l.now, until: null },
    { holder: C, slots: 1, since: l.now, until: null },
  ]);
  expect(l.ledger.renew(OWNER, lease, 60)).toBeNull();
  l.ledger.releaseHolder(OWNER, B);
  expect(l.taken()).toBe(1);
});

test("[LM2] a limit that was deleted has nothing left", () => {
  const l = ledgerOf();
  const lease = leaseOf(l.ask());
  l.ledger.remove(OWNER);
  expect(l.disk.entries.size).toBe(0);
  expect(l.ledger.renew(OWNER, lease, 60)).toBeNull();
});
