/**
 * Who has slots of a limit: a row for each, and sums that are kept along, so that a call costs the same however many there are.
 *
 * A lease that is over counts no more from that instant on; its row goes with the next change.
 */
import { type Instant, secondsBetween } from "@millrace/domain/time.ts";
import type { Store } from "../kit/store.ts";
import type { Held, Holder } from "./rpc.ts";

export interface Entry extends Held {
  /** The other limits whose slots go with this lease. */
  others: readonly string[];
}

const HELD = "held/";

export class Holders {
  readonly #store: Store;
  #held: Map<string, Entry> | null = null;
  #slots = 0;
  /** Seconds between the first entry's beginning and each other's, in sum. */
  #ages = 0;
  #origin: Instant | null = null;
  /** No lease ends before this. */
  #nextEnd = Number.POSITIVE_INFINITY;

  constructor(store: Store) {
    this.#store = store;
  }

  /** The entry of a lease, unless it is over. */
  live(lease: string, now: Instant): Entry | null {
    const entry = this.#all().get(lease);
    return entry && isLive(entry, now) ? entry : null;
  }

  /** Entries that are not over, in order of taking. */
  list(now: Instant): Entry[] {
    return [...this.#all().values()].filter((entry) => isLive(entry, now)).sort((a, b) => a.since - b.since);
  }

  of(holder: Holder, now: Instant): Entry[] {
    return this.list(now).filter((entry) => entry.holder?.type === holder.type && entry.holder.id === holder.id);
  }

  /** Entries whose lease is over. */
  over(now: Instant): Entry[] {
    const all = this.#all();
    return now < this.#nextEnd ? [] : [...all.values()].filter((entry) => !isLive(entry, now));
  }

  /** Slots that are held. */
  slots(now: Instant): number {
    const over = this.over(now);
    return this.#slots - over.reduce((sum, { slots }) => sum + slots, 0);
  }

  /** Seconds for which those that have slots have had them so far, on average. */
  heldFor(now: Instant): number {
    const count = this.#all().size;
    return count === 0 || this.#origin === null
      ? 0
      : Math.max(0, secondsBetween(this.#origin, now) - this.#ages / count);
  }

  /** Writes an entry. Must stand in a transaction. */
  put(entry: Entry): void {
    this.#uncount(this.#all().get(entry.lease));
    this.#count(entry);
    this.#all().set(entry.lease, entry);
    this.#store.put(HELD + entry.lease, JSON.stringify(entry));
  }

  /** Forgets an entry. Must stand in a transaction. */
  drop({ lease }: Entry): void {
    const entry = this.#all().get(lease);
    if (!entry) return;
    this.#uncount(entry);
    this.#all().delete(lease);
    this.#store.delete(HELD + lease);
  }

  /** Forgets those whose lease is over. Must stand in a transaction. */
  sweep(now: Instant): void {
    if (now < this.#nextEnd) return;
    for (const entry of this.over(now)) this.drop(entry);
    this.#nextEnd = Number.POSITIVE_INFINITY;
    for (const { until } of this.#all().values()) this.#nextEnd = Math.min(this.#nextEnd, until ?? this.#nextEnd);
  }

  /** Drops what a failed transaction left in memory. */
  forget(): void {
    this.#held = null;
  }

  #count({ slots, since, until }: Entry): void {
    this.#origin ??= since;
    this.#slots += slots;
    this.#ages += secondsBetween(this.#origin, since);
    this.#nextEnd = Math.min(this.#nextEnd, until ?? this.#nextEnd);
  }

  #uncount(entry: Entry | undefined): void {
    if (!entry || this.#origin === null) return;
    this.#slots -= entry.slots;
    this.#ages -= secondsBetween(this.#origin, entry.since);
  }

  #all(): Map<string, Entry> {
    if (this.#held) return this.#held;
    this.#held = new Map();
    [this.#slots, this.#ages, this.#origin, this.#nextEnd] = [0, 0, null, Number.POSITIVE_INFINITY];
    for (const [key, text] of this.#store.list(HELD)) {
      const entry = JSON.parse(text) as Entry;
      this.#held.set(key.slice(HELD.length), entry);
      this.#count(entry);
    }
    return this.#held;
  }
}

const isLive = ({ until }: Held, now: Instant): boolean => until === null || until > now;
