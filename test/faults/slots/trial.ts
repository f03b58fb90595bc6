/**
 * Holders that take slots of one limit or of several, renew, give back, wait, and die, against the real ledgers of limits that are
 * lost at any moment, whose disks fail in the middle of a call, and whose answers get lost. An oracle looks at each limit.
 */
import { type Instant, plusSeconds } from "@millrace/domain/time.ts";
import type { ObjectNamespaces } from "../../../durable-objects/addresses.ts";
import type { LimitLedger, World } from "../../../durable-objects/concurrency-limit/ledger.ts";
import type { Ask, Limit } from "../../../durable-objects/concurrency-limit/rpc.ts";
import { placeOf } from "../../../durable-objects/kit/lease.ts";
import type { Store } from "../../../durable-objects/kit/store.ts";
import { acquireSlots, releaseSlots, renewSlots } from "../../../durable-objects/slots.ts";
import { Disk, MemoryStore } from "../platform/memory-store.ts";
import { Random } from "../platform/random.ts";
import { Oracle } from "./oracle.ts";

export type MakeLedger = (store: Store, world: World) => LimitLedger;

const OWNER = { workspace: "w", shard: 0 };
const START = 1_800_000_000_000_000 as Instant;
/** Parts of all calls that are lost on the way there, on the way back, or by a disk that fails. */
const LOST = 0.02;

interface Actor {
  id: string;
  /** What it holds, as far as it knows. */
  lease: string | null;
  seconds: number;
  wants: { limits: Limit[]; slots: number } | null;
  /** When it comes again. */
  again: Instant;
}

class Lost extends Error {}

/** One limit's object: a disk that stays, and a ledger that may be lost. */
class Place {
  readonly oracle = new Oracle();
  readonly #disk = new Disk();
  readonly #make: () => LimitLedger;
  #ledger: LimitLedger | null = null;
  /** Writes until the disk fails; null: it does not. */
  #failsIn: number | null = null;

  constructor(make: MakeLedger, world: World) {
    const mayWrite = () => {
      if (this.#failsIn === null) return;
      this.#failsIn -= 1;
      if (this.#failsIn < 0) throw new Lost("the disk failed");
    };
    this.#make = () => make(new MemoryStore({ disk: this.#disk, mayWrite }), world);
  }

  get ledger(): LimitLedger {
    this.#ledger ??= this.#make();
    return this.#ledger;
  }

  crash(): void {
    this.#ledger = null;
  }

  /** Does `work` with a disk that fails after so many writes. */
  failing<T>(writes: number | null, work: () => T): T {
    this.#failsIn = writes;
    try {
      return work();
    } finally {
      this.#failsIn = null;
    }
  }
}

export interface Outcome {
  violations: string[];
  /** What happened, so that a trial in which nothing happens is seen. */
  grants: number;
  refusals: number;
  ended: number;
}

/** Runs one trial of a seed, and answers what was wrong. */
export async function slotsTrial(seed: number, steps: number, make: MakeLedger): Promise<Outcome> {
  const dice = new Random(seed, "slots");
  let now = START;
  const outcome: Outcome = { violations: [], grants: 0, refusals: 0, ended: 0 };
  const world: World = { now: () => now, newId: () => dice.uuid(), chance: () => dice.next() };
  const limits: Limit[] = [1, 3, 10, 5].map((limit, at) => ({
    ...{ id: dice.uuid(), name: `limit-${at}`, limit, active: true, decay: at === 3 ? 0.5 : 0 },
    ...{ created: START, updated: START },
  }));
  const places = new Map(limits.map(({ id }) => [placeOf(id), new Place(make, world)]));
  const placeOfLimit = ({ id }: Limit) => places.get(placeOf(id)) as Place;

  const call = (name: string, method: string, args: unknown[]): unknown => {
    const place = places.get(name.split("/")[1] as string) as Place;
    if (dice.chance(LOST)) throw new Lost("the call was lost");
    const work = () => (place.ledger[method as "acquire"] as (...args: unknown[]) => unknown)(...args);
    const answer = place.failing(dice.chance(LOST) ? dice.below(3) : null, work);
    if (method === "acquire") {
      const [, limit, ask] = args as [unknown, Limit, Ask];
      place.oracle.acquired(limit, ask, answer as never, now);
    }
    if (method === "renew") place.oracle.renewed(args[1] as string, args[2] as number, answer !== null, now);
    if (method === "release") place.oracle.released(args[1] as string);
    if (dice.chance(LOST)) throw new Lost("the answer was lost");
    return answer;
  };
  const remote = (name: string) =>
    new Proxy(
      {},
      {
        get:
          (_, method: string) =>
          async (...args: unknown[]) =>
            call(name, method, args),
      },
    );
  const env = { CONCURRENCY_LIMIT: { getByName: remote } } as unknown as ObjectNamespaces;

  /** What a caller makes of a call that may be lost. */
  const attempt = async <T>(work: Promise<T>): Promise<T | null> => {
    try {
      return await work;
    } catch (error) {
      if (error instanceof Lost) return null;
      throw error;
    }
  };

  const actors: Actor[] = Array.from({ length: 24 }, () => newActor());
  function newActor(): Actor {
    return { id: dice.uuid(), lease: null, seconds: 60, wants: null, again: now };
  }

  async function act(actor: Actor): Promise<void> {
    if (actor.lease === null) return want(actor);
    if (dice.chance(0.1)) return void Object.assign(actor, newActor());
    // Frozen for a while, perhaps for longer than its lease.
    if (dice.chance(0.1)) return void Object.assign(actor, { again: plusSeconds(now, dice.between(30, 200)) });
    if (dice.chance(0.5)) {
      const { lease } = actor;
      actor.lease = null;
      return void (await attempt(releaseSlots(env, OWNER, lease)));
    }
    if ((await attempt(renewSlots(env, OWNER, actor.lease, actor.seconds))) !== false) return;
    outcome.ended += 1;
    actor.lease = null;
  }

  async function want(actor: Actor): Promise<void> {
    if (dice.chance(0.05)) return void Object.assign(actor, newActor());
    actor.wants ??= {
      limits: limits.slice(0, 3).filter(() => dice.chance(0.5)),
      slots: dice.chance(0.8) ? 1 : 2,
    };
    const { slots } = actor.wants;
    const holder = { type: "task_run" as const, id: actor.id };
    actor.seconds = 60 + dice.below(60);
    const wanted = { slots, holder, seconds: actor.seconds };
    const answer = await attempt(acquireSlots(env, OWNER, currently(actor.wants.limits), wanted));
    if (answer?.kind === "wait") {
      outcome.refusals += 1;
      actor.again = plusSeconds(now, answer.seconds + dice.below(3));
      return;
    }
    actor.lease = answer?.kind === "granted" ? answer.lease : null;
    actor.wants = null;
  }

  /** Limits as they are set now. */
  const currently = (some: Limit[]): Limit[] => some.map(({ id }) => limits.find((one) => one.id === id) as Limit);

  async function meddle(): Promise<void> {
    const at = dice.below(3);
    const limit = limits[at] as Limit;
    if (dice.chance(0.5)) {
      limits[at] = { ...limit, limit: 1 + dice.below(10), updated: plusSeconds(limit.updated, 1) };
      return;
    }
    const place = placeOfLimit(limit);
    place.ledger.setTaken(OWNER, limit, 0);
    place.oracle.freed([]);
  }

  for (let step = 0; step < steps; step++) {
    now = plusSeconds(now, dice.around(0.5));
    const ready = actors.filter(({ again }) => again <= now).sort((a, b) => a.again - b.again);
    const wheel = dice.next();
    if (wheel < 0.03) dice.pick([...places.values()]).crash();
    else if (wheel < 0.035) await meddle();
    else if (wheel < 0.1)
      await attempt(acquireSlots(env, OWNER, [limits[3] as Limit], { slots: 1, holder: null, seconds: null }));
    else if (ready.length > 0) await act(dice.chance(0.7) ? (ready[0] as Actor) : dice.pick(ready));
    for (const place of places.values()) place.oracle.look(place.ledger.occupation(OWNER), now);
  }
  // Everybody is dead: after the longest lease nobody holds anything.
  now = plusSeconds(now, 120 + 5);
  for (const { ledger, oracle } of places.values()) {
    oracle.look(ledger.occupation(OWNER), now);
    if (ledger.occupation(OWNER).held.length > 0) oracle.violations.push("slots are held after all leases");
    outcome.grants += oracle.grants;
    outcome.violations.push(...oracle.violations);
  }
  return outcome;
}
