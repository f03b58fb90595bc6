/**
 * Which states runs have been in, as their events tell.
 *
 * [DO62] A state is a type with a name; `query` is the beginning of either, whatever its case.
 */
import { STATE_TYPES } from "../state.ts";
import type { Instant } from "../time.ts";

export interface ObservedState {
  type: string;
  name: string;
  first: Instant;
  last: Instant;
}

/** Events that tell of states begin so. */
export const STATE_EVENTS = ["prefect.flow-run.", "prefect.task-run."] as const;

/** States met one after another. */
export class ObservedStates {
  readonly #states = new Map<string, ObservedState>();

  /** Takes the resource of a run's event; one that tells of no state is passed over. */
  add(resource: { readonly [label: string]: string }, at: Instant): void {
    const type = resource["prefect.state-type"];
    const name = resource["prefect.state-name"];
    if (!type || !name || !(STATE_TYPES as readonly string[]).includes(type)) return;
    const known = this.#states.get(`${type}/${name}`);
    if (!known) this.#states.set(`${type}/${name}`, { type, name, first: at, last: at });
    else if (at < known.first) known.first = at;
    else if (at > known.last) known.last = at;
  }

  list({ query, newestFirst, limit }: { query: string; newestFirst: boolean; limit: number }): ObservedState[] {
    const beginning = query.trim().toLowerCase();
    const begins = (text: string): boolean => text.toLowerCase().startsWith(beginning);
    const byName = (one: ObservedState, other: ObservedState): number =>
      compare(one.type, other.type) || compare(one.name, other.name);
    return [...this.#states.values()]
      .filter(({ type, name }) => begins(type) || begins(name))
      .sort((one, other) => (newestFirst ? other.last - one.last : 0) || byName(one, other))
      .slice(0, limit);
  }
}

const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);
