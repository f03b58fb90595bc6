/**
 * Runs that wait in a pool, in the order in which they are given out.
 *
 * DI1  Queue priority, run priority, turns of fairness keys, due time, arrival.
 * DI2  A run that is not due, paused or beyond a limit is passed over, and what stands behind it in other queues is not.
 * DI3  A run stands here once; one whose queue is gone stands in the pool's own queue.
 *
 * A pool has few queues, priorities and keys, and may have many runs: lanes are sorted as runs come and go, so that giving one out
 * does not sort them all.
 */
import type { Shares } from "./shares.ts";

/** A run that waits. Times in microseconds. */
export interface Waiting {
  run: string;
  queue: string | null;
  priority: number;
  due: number;
  /** Order of arrival. */
  since: number;
  key?: string | undefined;
  weight?: number | undefined;
}

/** A queue of the pool. */
export interface Queue {
  id: string;
  name: string;
  priority: number;
  paused: boolean;
  limit: number | null;
}

/** What may be given out: how many in all, and how many of each queue; a queue that is not named has no limit. */
export interface Room {
  pool: number;
  queues: ReadonlyMap<string, number>;
}

/** What becomes of a run that is offered: it is taken, left for this time, or nothing more is wanted. */
export type Choice = "take" | "leave" | "stop";

/** Runs of one queue, priority and key, the first one first. */
type Line = Waiting[];

export class Backlog {
  /** By queue, priority and key. */
  readonly #lanes = new Map<string, Map<number, Map<string, Line>>>();
  readonly #all = new Map<string, Waiting>();

  get size(): number {
    return this.#all.size;
  }

  has(run: string): boolean {
    return this.#all.has(run);
  }

  all(): Iterable<Waiting> {
    return this.#all.values();
  }

  add(waiting: Waiting): void {
    this.remove(waiting.run);
    this.#all.set(waiting.run, waiting);
    const lane = from(this.#lanes, laneOf(waiting), () => new Map<number, Map<string, Line>>());
    const class_ = from(lane, waiting.priority, () => new Map<string, Line>());
    const line = from(class_, waiting.key ?? "", () => [] as Line);
    line.splice(placeIn(line, waiting), 0, waiting);
  }

  remove(run: string): void {
    const waiting = this.#all.get(run);
    if (!waiting) return;
    this.#all.delete(run);
    const lane = this.#lanes.get(laneOf(waiting));
    const class_ = lane?.get(waiting.priority);
    const line = class_?.get(waiting.key ?? "");
    if (!lane || !class_ || !line) return;
    line.splice(placeIn(line, waiting), 1);
    if (line.length === 0) class_.delete(waiting.key ?? "");
    if (class_.size === 0) lane.delete(waiting.priority);
    if (lane.size === 0) this.#lanes.delete(laneOf(waiting));
  }

  /**
   * Offers runs, best first, until nothing more is wanted or may be given. The backlog itself does not change; `shares` does, by what
   * was taken: pass a copy where nothing is given out in earnest.
   */
  offer(
    {
      queues,
      own,
      room,
      shares,
      due,
      only,
    }: {
      queues: readonly Queue[];
      own: string;
      room: Room;
      shares: Shares;
      due: number;
      /** Ids of the queues that are asked for; absent: all. */
      only?: ReadonlySet<string>;
    },
    choose: (waiting: Waiting, queue: Queue) => Choice,
  ): void {
    let left = room.pool;
    const strays = this.#strays(queues);
    for (const queue of inOrder(queues)) {
      if (only && !only.has(queue.id)) continue;
      let leftHere = queue.paused ? 0 : (room.queues.get(queue.id) ?? Number.POSITIVE_INFINITY);
      const lanes = queue.id === own ? [queue.id, ...strays] : [queue.id];
      for (const turns of this.#classes(lanes)) {
        const fair = new Turns(turns, shares, due);
        for (let next = fair.next(); next; next = fair.next()) {
          if (left <= 0) return;
          if (leftHere <= 0) break;
          const choice = choose(next, queue);
          if (choice === "stop") return;
          if (choice === "leave") continue;
          shares.took(next.key ?? "", next.weight ?? 1);
          left -= 1;
          leftHere -= 1;
        }
      }
    }
  }

  /** When the next run is due that is not due yet. */
  nextDue(now: number): number | null {
    let next: number | null = null;
    for (const lane of this.#lanes.values())
      for (const class_ of lane.values())
        for (const line of class_.values()) {
          const due = line[firstAfter(line, now)]?.due;
          if (due !== undefined && (next === null || due < next)) next = due;
        }
    return next;
  }

  /** Lanes of queues that are gone. */
  #strays(queues: readonly Queue[]): string[] {
    const known = new Set(queues.map(({ id }) => id));
    return [...this.#lanes.keys()].filter((id) => !known.has(id));
  }

  /** The lines of each run priority, lowest number first. */
  *#classes(lanes: readonly string[]): Generator<Line[]> {
    const here = lanes.flatMap((id) => this.#lanes.get(id) ?? []);
    const priorities = [...new Set(here.flatMap((lane) => [...lane.keys()]))].sort((one, other) => one - other);
    for (const priority of priorities) yield here.flatMap((lane) => [...(lane.get(priority)?.values() ?? [])]);
  }
}

/** Goes through lines by turns of their keys; runs that are not due stand behind those that are. */
class Turns {
  readonly #heads: { line: Line; at: number }[];
  readonly #shares: Shares;
  readonly #due: number;

  constructor(lines: readonly Line[], shares: Shares, due: number) {
    this.#heads = lines.map((line) => ({ line, at: 0 }));
    this.#shares = shares;
    this.#due = due;
  }

  next(): Waiting | null {
    let best: { line: Line; at: number } | null = null;
    let first: Waiting | null = null;
    let start = 0;
    for (const head of this.#heads) {
      const one = head.line[head.at];
      if (!one || one.due > this.#due) continue;
      const its = this.#shares.startOf(one.key ?? "");
      if (first && (its > start || (its === start && compare(first, one) <= 0))) continue;
      [best, first, start] = [head, one, its];
    }
    if (best) best.at += 1;
    return first;
  }
}

/** Queues by priority. */
export const inOrder = (queues: readonly Queue[]): Queue[] =>
  [...queues].sort((one, other) => one.priority - other.priority || (one.id < other.id ? -1 : 1));

const NO_QUEUE = "";
const laneOf = ({ queue }: Waiting): string => queue ?? NO_QUEUE;

const compare = (one: Waiting, other: Waiting): number =>
  one.due - other.due || one.since - other.since || (one.run < other.run ? -1 : one.run > other.run ? 1 : 0);

/** Where a run stands, or is to stand, in its line. */
const placeIn = (line: Line, waiting: Waiting): number => partition(line, (one) => compare(one, waiting) < 0);

const firstAfter = (line: Line, now: number): number => partition(line, ({ due }) => due <= now);

/** How many stand before the first that does not belong to `before`; they are sorted by it. */
function partition(line: Line, before: (one: Waiting) => boolean): number {
  let [low, high] = [0, line.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (before(line[middle] as Waiting)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function from<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}
