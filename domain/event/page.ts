/**
 * A page of events out of all that a filter means, met in any order.
 *
 * [DO61] A page is in the order of when events occurred, then of their ids; the next one begins after its last event, so that what
 *        is told meanwhile shifts nothing. `distinct` keeps the first event of each resource in that order.
 */
import type { FilteredEvent } from "../filter/events.ts";
import type { Instant } from "../time.ts";

/** Where an event stands in the order. */
export interface Place {
  at: Instant;
  id: string;
}

interface Placed<E> extends Place {
  event: E;
}

export class PageOfEvents<E extends FilteredEvent> {
  readonly #wish: { limit: number; after: Place | null; descending: boolean; distinct: boolean };
  #best: Placed<E>[] = [];
  readonly #ids = new Set<string>();
  readonly #firstOf = new Map<string, Placed<E>>();

  constructor(wish: { limit: number; after: Place | null; descending: boolean; distinct: boolean }) {
    this.#wish = wish;
  }

  /** Takes an event that the filter means; one that was met before is not taken twice. */
  add(event: E, at: Instant): void {
    if (this.#ids.has(event.id)) return;
    this.#ids.add(event.id);
    const placed = { at, id: event.id, event };
    if (!this.#wish.distinct) {
      this.#keep(placed);
      return;
    }
    const resource = event.resource["prefect.resource.id"] ?? "";
    const known = this.#firstOf.get(resource);
    if (!known || this.#compare(placed, known) < 0) this.#firstOf.set(resource, placed);
  }

  /** How many the filter means; which of them are on this page; where the next page begins, null where there is none. */
  end(): { total: number; events: E[]; next: Place | null } {
    for (const placed of this.#firstOf.values()) this.#keep(placed);
    this.#best.sort((one, other) => this.#compare(one, other));
    const { limit } = this.#wish;
    const page = this.#best.slice(0, limit);
    const last = page.at(-1);
    return {
      total: this.#wish.distinct ? this.#firstOf.size : this.#ids.size,
      events: page.map(({ event }) => event),
      next: last && this.#best.length > limit ? { at: last.at, id: last.id } : null,
    };
  }

  #keep(placed: Placed<E>): void {
    const { after, limit } = this.#wish;
    if (after && this.#compare(placed, after) <= 0) return;
    this.#best.push(placed);
    // One more than the page has says that there is a next one; sorting now and then costs less than at every event.
    if (this.#best.length < 4 * (limit + 1)) return;
    this.#best.sort((one, other) => this.#compare(one, other));
    this.#best.length = limit + 1;
  }

  #compare(one: Place, other: Place): number {
    const ascending = one.at - other.at || (one.id < other.id ? -1 : one.id > other.id ? 1 : 0);
    return this.#wish.descending ? -ascending : ascending;
  }
}
