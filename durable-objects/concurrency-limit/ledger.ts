/**
 * What one limit knows and decides: how it is set, who has slots, who waits. The object around it adds nothing but the calls.
 *
 * LM1  No grant exceeds the limit that is in force, and a lease that is over holds nothing, whoever looks first.
 * LM2  Every call is one transaction; what changes nothing writes nothing.
 * LM3  Another workspace than the owner's gets the answers of a limit that nobody uses.
 *
 * Without decay, slots are what their holders have. With it, they are a level that sinks by itself, and holders are kept only as
 * long as they may give something back. A limit that is set from one to the other goes on with what was held.
 */
import { retryAfter } from "@millrace/domain/limit/retry-after.ts";
import { hasRoom, type Level, levelAt, remaining, slotsOf } from "@millrace/domain/limit/room.ts";
import { type Instant, plusSeconds } from "@millrace/domain/time.ts";
import type { Owner } from "../flow-run/rpc.ts";
import { leaseAt } from "../kit/lease.ts";
import type { Store } from "../kit/store.ts";
import { type Entry, Holders } from "./holders.ts";
import type { Ask, Grant, Held, Holder, Leased, Limit, Never, Occupation } from "./rpc.ts";
import { Waiters } from "./waiters.ts";

/** What the ledger is given of the world. */
export interface World {
  now(): Instant;
  newId(): string;
  /** A number from 0 up to 1. */
  chance(): number;
}

interface Head {
  workspace: string;
  limit: Limit;
  /** How full the limit is, where its slots decay. */
  level: Level;
}

const HEAD = "head";
/** Seconds by which a lease outlives what its holder was told: renewing it sooner than that costs no row. */
const GRACE = 3;

export class LimitLedger {
  readonly #store: Store;
  readonly #world: World;
  readonly #holders: Holders;
  readonly #waiters: Waiters;
  #head: Head | null | undefined;

  constructor(store: Store, world: World) {
    this.#store = store;
    this.#world = world;
    this.#holders = new Holders(store);
    this.#waiters = new Waiters(store);
  }

  configure(owner: Owner, limit: Limit): void {
    this.#transact((now) => this.#admit(owner, limit, now));
  }

  acquire(owner: Owner, limit: Limit, ask: Ask): Grant {
    return this.#transact((now) => {
      const head = this.#admit(owner, limit, now);
      if (!head) return { kind: "never", limit: 0 };
      const known = this.#grantOf(ask, now);
      if (known) return { kind: "granted", lease: known.lease };
      const settings = head.limit;
      if (!settings.active) return this.#grant(head, { ...ask, slots: 0 }, now);
      if (ask.slots > settings.limit) return { kind: "never", limit: settings.limit };
      const level = this.#level(head, now);
      const ahead = this.#waiters.ahead(ask.holder, now);
      if (hasRoom(settings, slotsOf(level), ahead, ask.slots)) return this.#grant(head, ask, now);
      const seconds = retryAfter({
        settings,
        level,
        slots: ask.slots,
        ahead: ahead + this.#waiters.away(ask.holder, now),
        heldFor: this.#holders.heldFor(now),
        chance: this.#world.chance(),
      });
      if (ask.waits !== false) this.#waiters.refused(ask.holder, ask.slots, seconds, now);
      return { kind: "wait", seconds };
    });
  }

  renew(owner: Owner, lease: string, seconds: number): Leased | null {
    return this.#transact((now) => {
      const entry = this.#of(owner) && this.#holders.live(lease, now);
      if (!entry) return null;
      const [least, most] = [plusSeconds(now, seconds), plusSeconds(now, seconds + GRACE)];
      if (entry.until === null || entry.until < least || entry.until > most)
        this.#holders.put({ ...entry, until: most });
      return { others: entry.others };
    });
  }

  release(owner: Owner, lease: string): Leased | null {
    return this.#transact((now) => {
      const head = this.#of(owner);
      const entry = head && this.#holders.live(lease, now);
      if (!entry) return null;
      this.#end(head, [entry], now);
      return { others: entry.others };
    });
  }

  releaseHolder(owner: Owner, holder: Holder): void {
    this.#transact((now) => {
      const head = this.#of(owner);
      if (head) this.#end(head, this.#holders.of(holder, now), now);
    });
  }

  giveBack(owner: Owner, slots: number): void {
    this.#transact((now) => {
      const head = this.#of(owner);
      if (!head) return;
      if (head.limit.decay > 0) this.#setLevel(head, this.#level(head, now) - slots, now);
      else this.#take(this.#holders.list(now).filter(isUnnamed), slots);
    });
  }

  setTaken(owner: Owner, limit: Limit, slots: number): Never | null {
    return this.#transact((now) => {
      const head = this.#admit(owner, limit, now);
      if (!head || slots > head.limit.limit) return { kind: "never", limit: head?.limit.limit ?? 0 };
      const surplus = this.#holders.slots(now) - slots;
      if (head.limit.decay > 0) this.#setLevel(head, slots, now);
      else if (surplus > 0) this.#take(this.#holders.list(now).sort(soonestToEnd), surplus);
      else if (surplus < 0) this.#holders.put(this.#entry(head, { ...BY_HAND, slots: -surplus }, now));
      return null;
    });
  }

  setHolders(owner: Owner, limit: Limit, holders: readonly Holder[]): Never | null {
    return this.#transact((now) => {
      const head = this.#admit(owner, limit, now);
      if (!head || holders.length > head.limit.limit) return { kind: "never", limit: head?.limit.limit ?? 0 };
      this.#end(head, this.#holders.list(now), now);
      for (const holder of holders) this.#grant(head, { ...BY_HAND, holder }, now);
      if (head.limit.decay > 0) this.#setLevel(head, holders.length, now);
      return null;
    });
  }

  occupation(owner: Owner): Occupation {
    const head = this.#of(owner);
    if (!head) return { taken: 0, held: [], waiting: [] };
    const now = this.#world.now();
    return {
      taken: slotsOf(this.#level(head, now)),
      held: this.#holders
        .list(now)
        .map(({ lease, slots, holder, since, until }) => ({ lease, slots, holder, since, until })),
      waiting: this.#waiters.list(now),
    };
  }

  remove(owner: Owner): void {
    if (!this.#of(owner)) return;
    this.#store.clear();
    this.#forget();
  }

  /** The limit, with the settings that came along where they are newer; null where it is another workspace's. */
  #admit({ workspace }: Owner, limit: Limit, now: Instant): Head | null {
    const head = this.#read();
    if (head && head.workspace !== workspace) return null;
    if (head && head.limit.updated >= limit.updated) return head;
    // What was held goes on as a level; what decayed from there on is nobody's to give back.
    const slots = head?.limit.decay ? this.#level(head, now) : this.#holders.slots(now);
    this.#holders.sweep(now);
    if (limit.decay > 0) for (const entry of this.#holders.list(now).filter(isUnnamed)) this.#holders.drop(entry);
    return this.#write({ workspace, limit, level: { slots, at: now } });
  }

  /** What was granted already under this lease, or to a known holder who gives back when it is done. */
  #grantOf({ lease, seconds, holder }: Ask, now: Instant): Entry | null {
    if (lease !== null) return this.#holders.live(lease, now);
    if (seconds !== null || !holder) return null;
    return this.#holders.of(holder, now).find(({ until }) => until === null) ?? null;
  }

  #grant(head: Head, ask: Ask, now: Instant): Grant {
    const { decay } = head.limit;
    const entry = this.#entry(head, ask, now);
    this.#waiters.leave(ask.holder, now);
    if (decay > 0 && ask.slots > 0) this.#setLevel(head, this.#level(head, now) + ask.slots, now);
    this.#holders.sweep(now);
    // Nobody gives back what decays and was taken by somebody unnamed without a lease.
    if (!isUnnamed(entry) || (decay === 0 && ask.slots > 0)) this.#holders.put(entry);
    return { kind: "granted", lease: entry.lease };
  }

  #entry({ limit }: Head, { slots, holder, seconds, lease, others }: Ask, now: Instant): Entry {
    const until = seconds === null ? null : plusSeconds(now, seconds + GRACE);
    return { lease: lease ?? leaseAt(limit.id, this.#world.newId()), slots, holder, since: now, until, others };
  }

  /** Ends leases; of what decays, as much is given back as there is left of it. */
  #end(head: Head, entries: readonly Entry[], now: Instant): void {
    if (entries.length === 0) return;
    const level = this.#level(head, now) - this.#left(head, entries, now);
    for (const entry of entries) this.#holders.drop(entry);
    if (head.limit.decay > 0) this.#setLevel(head, level, now);
  }

  /** Takes so many slots away from these, the first ones first. */
  #take(entries: readonly Entry[], slots: number): void {
    let left = slots;
    for (const entry of entries) {
      if (left <= 0) return;
      if (entry.slots <= left) this.#holders.drop(entry);
      else this.#holders.put({ ...entry, slots: entry.slots - left });
      left -= entry.slots;
    }
  }

  /** How full the limit is. Leases that are over, but still in the books, hold nothing. */
  #level(head: Head, now: Instant): number {
    const { decay } = head.limit;
    if (decay === 0) return this.#holders.slots(now);
    return Math.max(0, levelAt(head.level, decay, now) - this.#left(head, this.#holders.over(now), now));
  }

  /** What is left to be given back of slots that decay. */
  #left({ limit: { decay } }: Head, entries: readonly Entry[], now: Instant): number {
    return entries.reduce((sum, { slots, since }) => sum + remaining(slots, since, decay, now), 0);
  }

  /** Whoever sets the level has counted leases that are over: they go in the same transaction. */
  #setLevel(head: Head, slots: number, now: Instant): void {
    this.#holders.sweep(now);
    this.#write({ ...head, level: { slots: Math.max(0, slots), at: now } });
  }

  #of(owner: Owner): Head | null {
    const head = this.#read();
    return head?.workspace === owner.workspace ? head : null;
  }

  #read(): Head | null {
    if (this.#head === undefined) this.#head = JSON.parse(this.#store.get(HEAD) ?? "null") as Head | null;
    return this.#head;
  }

  #write(head: Head): Head {
    this.#head = head;
    this.#store.put(HEAD, JSON.stringify(head));
    return head;
  }

  /** Runs `work` in one transaction; what a failed one left in memory is dropped with it. */
  #transact<T>(work: (now: Instant) => T): T {
    try {
      return this.#store.transaction((() => work(this.#world.now())) as () => T extends PromiseLike<unknown>
        ? never
        : T);
    } catch (error) {
      this.#forget();
      throw error;
    }
  }

  #forget(): void {
    this.#head = undefined;
    this.#holders.forget();
    this.#waiters.forget();
  }
}

const isUnnamed = ({ holder, until }: Held): boolean => holder === null && until === null;

/** Those without a lease first, the oldest of them first; then those whose lease ends first. */
const soonestToEnd = (a: Held, b: Held): number => (a.until ?? 0) - (b.until ?? 0) || a.since - b.since;

/** A slot that somebody took by hand. */
const BY_HAND: Ask = { slots: 1, holder: null, seconds: null, lease: null, others: [] };
