/**
 * What an onlooker of one limit's object can tell from its calls and answers alone, and what must then hold. It knows nothing of how
 * the object keeps its books.
 */
import { type Instant, plusSeconds, secondsBetween } from "@millrace/domain/time.ts";
import type { Ask, Grant, Holder, Limit, Occupation } from "../../../durable-objects/concurrency-limit/rpc.ts";

/** Seconds after the end of a lease by which its slots are free. */
const FREED_WITHIN = 5;
/** Seconds by which a waiter may be late and still have its place. */
const KEPT = 3;

interface Seen {
  slots: number;
  /** When the lease ends, as far as its holder was told. */
  told: Instant;
  /** When it ends at the latest, for all that was said of it, heard or not. */
  latest: Instant;
}

interface Waiter {
  holder: Holder;
  slots: number;
  /** Until then it is sure to be expected. */
  told: Instant;
  /** False of one that came so late that its place may have been given up. */
  sure: boolean;
}

export class Oracle {
  readonly violations: string[] = [];
  readonly #leases = new Map<string, Seen>();
  #queue: Waiter[] = [];
  #level = { slots: 0, at: 0 as Instant };
  grants = 0;

  acquired(limit: Limit, ask: Ask, grant: Grant, now: Instant): void {
    if (grant.kind === "wait") this.#refused(ask, grant.seconds, now);
    if (grant.kind !== "granted" || this.#leases.has(grant.lease)) return;
    this.grants += 1;
    const taken = limit.decay > 0 ? this.#drained(limit, now) : this.#taken(now);
    if (taken + ask.slots > limit.limit + 1e-6)
      this.#say(`${ask.slots} slots granted where ${taken} of ${limit.limit} were taken`);
    const ahead = this.#ahead(ask, now);
    if (Math.ceil(taken - 1e-6) + ahead + ask.slots > limit.limit)
      this.#say(
        `${ask.slots} slots granted, with ${taken} of ${limit.limit} taken and ${ahead} wanted by earlier waiters`,
      );
    this.#queue = this.#queue.filter(({ holder }) => holder.id !== ask.holder?.id);
    if (limit.decay > 0) this.#level = { slots: taken + ask.slots, at: now };
    const end = plusSeconds(now, ask.seconds ?? 0);
    if (ask.seconds !== null) this.#leases.set(grant.lease, { slots: ask.slots, told: end, latest: end });
  }

  renewed(lease: string, seconds: number, renewed: boolean, now: Instant): void {
    if (!renewed) return;
    const seen = this.#leases.get(lease);
    if (!seen) {
      this.#say("a lease was renewed after it was over");
      return;
    }
    const end = plusSeconds(now, seconds);
    this.#leases.set(lease, { ...seen, told: end, latest: end });
  }

  released(lease: string): void {
    this.#leases.delete(lease);
  }

  /** People freed slots: whoever has none any more is no holder. */
  freed(left: readonly string[]): void {
    for (const lease of this.#leases.keys()) if (!left.includes(lease)) this.#leases.delete(lease);
  }

  /** What the object shows must be what was seen, and nothing that is long over. */
  look({ held }: Occupation, now: Instant): void {
    for (const { lease } of held) {
      const seen = this.#leases.get(lease);
      if (!seen) this.#say("slots are held by a lease that nobody was seen to take");
      else if (now > plusSeconds(seen.latest, FREED_WITHIN))
        this.#say(`slots are held ${secondsBetween(seen.latest, now)} s after the end of their lease`);
    }
    const shown = new Set(held.map(({ lease }) => lease));
    for (const [lease, seen] of this.#leases) {
      if (seen.told > now && !shown.has(lease)) this.#say("a lease that lives holds nothing");
      if (now > plusSeconds(seen.latest, FREED_WITHIN)) this.#leases.delete(lease);
    }
  }

  #refused({ holder, slots }: Ask, seconds: number, now: Instant): void {
    if (!holder) return;
    const told = plusSeconds(now, seconds);
    const known = this.#queue.find((waiter) => waiter.holder.id === holder.id && waiter.slots === slots);
    if (known) {
      known.sure &&= plusSeconds(known.told, KEPT) >= now;
      known.told = told;
      return;
    }
    this.#queue = this.#queue.filter((waiter) => waiter.holder.id !== holder.id);
    this.#queue.push({ holder, slots, told, sure: true });
  }

  #ahead({ holder }: Ask, now: Instant): number {
    const at = this.#queue.findIndex((waiter) => waiter.holder.id === holder?.id);
    if (at >= 0 && !this.#queue[at]?.sure) return 0;
    const before = at < 0 ? this.#queue : this.#queue.slice(0, at);
    return before.filter(({ told, sure }) => sure && told >= now).reduce((sum, { slots }) => sum + slots, 0);
  }

  #taken(now: Instant): number {
    return [...this.#leases.values()].filter(({ told }) => told > now).reduce((sum, { slots }) => sum + slots, 0);
  }

  #drained({ decay }: Limit, now: Instant): number {
    return Math.max(0, this.#level.slots - decay * secondsBetween(this.#level.at, now));
  }

  #say(what: string): void {
    this.violations.push(what);
  }
}
