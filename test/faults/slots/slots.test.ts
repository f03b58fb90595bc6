/** F13: slots under everything that can happen to them, and what somebody could get wrong. */
import { plusSeconds } from "@millrace/domain/time.ts";
import { expect, test } from "vitest";
import { LimitLedger } from "../../../durable-objects/concurrency-limit/ledger.ts";
import type { Ask, Grant, Leased, Limit } from "../../../durable-objects/concurrency-limit/rpc.ts";
import type { Owner } from "../../../durable-objects/flow-run/rpc.ts";
import { type MakeLedger, slotsTrial } from "./trial.ts";

const SEEDS = 20;
const STEPS = 5_000;
const real: MakeLedger = (store, world) => new LimitLedger(store, world);

test.each(Array.from({ length: SEEDS }, (_, seed) => [seed]))(
  `[FA13] seed %i: in ${STEPS} steps slots never exceed their limit, and none is held after its lease`,
  async (seed) => {
    const { violations, grants, refusals, ended } = await slotsTrial(seed, STEPS, real);
    expect(violations).toEqual([]);
    // A trial in which nobody waits, or no lease ends, tries nothing.
    expect(grants).toBeGreaterThan(500);
    expect(refusals).toBeGreaterThan(500);
    expect(ended).toBeGreaterThan(0);
  },
);

test("[FA13] a seed repeats", async () => {
  expect(await slotsTrial(7, 500, real)).toEqual(await slotsTrial(7, 500, real));
});

/** Bugs that somebody could make in good faith. */
const PLANTED: [string, MakeLedger][] = [
  [
    "a grant looks at the limit only after the slots are taken",
    (store, world) =>
      new (class extends LimitLedger {
        override acquire(owner: Owner, limit: Limit, ask: Ask): Grant {
          return super.acquire(
            owner,
            { ...limit, limit: limit.limit + 1, updated: plusSeconds(limit.updated, 0.5) },
            ask,
          );
        }
      })(store, world),
  ],
  [
    "who comes now is not asked to wait behind others",
    (store, world) =>
      new (class extends LimitLedger {
        override acquire(owner: Owner, limit: Limit, ask: Ask): Grant {
          const held = this.occupation(owner).taken;
          const free = held + ask.slots <= limit.limit;
          return super.acquire(owner, limit, free ? { ...ask, lease: null, holder: null } : ask);
        }
      })(store, world),
  ],
  [
    "a lease ends a minute late",
    (store, world) =>
      new (class extends LimitLedger {
        override acquire(owner: Owner, limit: Limit, ask: Ask): Grant {
          return super.acquire(owner, limit, { ...ask, seconds: ask.seconds && ask.seconds + 60 });
        }
      })(store, world),
  ],
  [
    "a lease that has ended can be renewed",
    (store, world) => {
      const known = new Map<string, { limit: Limit; ask: Ask }>();
      return new (class extends LimitLedger {
        override acquire(owner: Owner, limit: Limit, ask: Ask): Grant {
          const grant = super.acquire(owner, limit, ask);
          if (grant.kind === "granted") known.set(grant.lease, { limit, ask });
          return grant;
        }
        override renew(owner: Owner, lease: string, seconds: number): Leased | null {
          const before = known.get(lease);
          return super.renew(owner, lease, seconds) ?? (before ? { others: before.ask.others } : null);
        }
      })(store, world);
    },
  ],
  [
    "slots are kept in memory alone",
    (store, world) => {
      const forgetful = new Proxy(store, {
        get: (target, name) =>
          name === "put" ? () => {} : (target[name as keyof typeof target] as () => unknown).bind(target),
      });
      return new LimitLedger(forgetful, world);
    },
  ],
];

test.each(PLANTED)("[FA13] a planted bug is found: %s", async (_what, make) => {
  const found: string[] = [];
  for (let seed = 0; seed < 5 && found.length === 0; seed++)
    found.push(...(await slotsTrial(seed, 2_000, make)).violations);
  expect(found).not.toEqual([]);
});
