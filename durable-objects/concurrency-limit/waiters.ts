/**
 * Who was refused, in order of arrival. Clients come again by themselves, at the time that they were told; until then, and a little
 * longer, their place is kept.
 *
 * LM4  A known waiter's place survives the object: it is written once, when the waiter comes first, and taken away with the grant.
 */
import { type Instant, plusSeconds } from "@millrace/domain/time.ts";
import type { Store } from "../kit/store.ts";
import type { Holder, Waiting } from "./rpc.ts";

interface Waiter extends Waiting {
  /** Counts arrivals. */
  order: number;
  /** When it is given up, unless it comes again. */
  until: Instant;
}

const WAITER = "waiter/";
/** Seconds by which somebody may be later than told. */
const PATIENCE = 3;
/** Seconds for which those are awaited whose time was forgotten with the object: nobody is told to wait longer. */
const LONGEST = 30;
/** Places that are kept. Who comes when all are taken waits without one. */
const MOST = 10_000;
/** Times that are remembered of those who gave no name. */
const MOST_AWAY = 1_000;

export class Waiters {
  readonly #store: Store;
  #waiters: Map<string, Waiter> | null = null;
  #arrivals = 0;
  /** When those without a name were told to come again, with the slots that they want. */
  #away: { at: Instant; slots: number }[] = [];

  constructor(store: Store) {
    this.#store = store;
  }

  list(now: Instant): Waiting[] {
    return [...this.#all(now).values()]
      .filter(({ until }) => until >= now)
      .map(({ holder, slots, since }) => ({ holder, slots, since }));
  }

  /** Slots that those want who came before `who`, or before anybody who comes now. */
  ahead(who: Holder | null, now: Instant): number {
    const key = keyOf(who);
    let slots = 0;
    for (const [other, waiter] of this.#all(now)) {
      if (other === key) break;
      if (waiter.until >= now) slots += waiter.slots;
    }
    return slots;
  }

  /** Slots that others without a name will come for: they have one place together, but not one time. */
  away(who: Holder | null, now: Instant): number {
    if (who) return 0;
    this.#away = this.#away.filter(({ at }) => at > now);
    return this.#away.reduce((sum, { slots }) => sum + slots, 0);
  }

  /** Keeps the place of somebody who was told to come again after so many seconds. Must stand in a transaction. */
  refused(who: Holder | null, slots: number, seconds: number, now: Instant): void {
    if (!who && this.#away.length < MOST_AWAY) this.#away.push({ at: plusSeconds(now, seconds), slots });
    const all = this.#all(now);
    const key = keyOf(who);
    const known = all.get(key);
    const until = plusSeconds(now, seconds + PATIENCE);
    if (known && known.slots === slots && known.until >= now) {
      known.until = until;
      return;
    }
    this.#remove(key, now);
    if (all.size >= MOST) this.#forgetLate(now);
    if (all.size >= MOST) return;
    this.#arrivals += 1;
    const place = { holder: who, slots, since: now, order: this.#arrivals };
    all.set(key, { ...place, until });
    if (who) this.#store.put(WAITER + key, JSON.stringify(place));
  }

  /** Somebody got what it wanted, or does not want it any more. Must stand in a transaction. */
  leave(who: Holder | null, now: Instant): void {
    this.#remove(keyOf(who), now);
  }

  /** Drops what a failed transaction left in memory. */
  forget(): void {
    this.#waiters = null;
  }

  #forgetLate(now: Instant): void {
    for (const [key, { until }] of this.#all(now)) if (until < now) this.#remove(key, now);
  }

  #remove(key: string, now: Instant): void {
    const all = this.#all(now);
    const known = all.get(key);
    if (!known) return;
    all.delete(key);
    if (known.holder) this.#store.delete(WAITER + key);
  }

  #all(now: Instant): Map<string, Waiter> {
    this.#waiters ??= this.#load(now);
    return this.#waiters;
  }

  #load(now: Instant): Map<string, Waiter> {
    const until = plusSeconds(now, LONGEST + PATIENCE);
    const waiters = [...this.#store.list(WAITER)].map(
      ([key, text]) => [key.slice(WAITER.length), { ...(JSON.parse(text) as Omit<Waiter, "until">), until }] as const,
    );
    waiters.sort(([, a], [, b]) => a.order - b.order);
    this.#arrivals = waiters.at(-1)?.[1].order ?? 0;
    return new Map(waiters);
  }
}

const keyOf = (who: Holder | null): string => (who ? `${who.type}/${who.id}` : "");
