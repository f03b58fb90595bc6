/**
 * Who waits for a worker, by task key: a row each, all of them in memory while the object lives.
 *
 * There are two lanes: what waits for a retry or comes back goes before what is new.
 */
import type { TaskRun } from "@millrace/domain/task-run/run.ts";
import type { Instant } from "@millrace/domain/time.ts";
import type { Store } from "../kit/store.ts";

const PREFIX = "wait/";
type Lane = "0" | "1";
const RETRY: Lane = "0";
const NEW: Lane = "1";

export interface Place {
  id: string;
  taskKey: string;
  /** Where its row lies: lane, since when, and whose it is, so that the order of rows is that of waiting. */
  row: string;
}

export class WaitingLine {
  readonly #store: Store;
  #places: Map<string, Place> | null = null;

  constructor(store: Store) {
    this.#store = store;
  }

  /** How many wait of a key. */
  length(taskKey: string): number {
    let length = 0;
    for (const place of this.#load().values()) if (place.taskKey === taskKey) length += 1;
    return length;
  }

  /** Who waits of these keys, in order. */
  places(keys: readonly string[]): Place[] {
    const wanted = new Set(keys);
    return [...this.#load().values()]
      .filter(({ taskKey }) => wanted.has(taskKey))
      .sort((a, b) => (a.row < b.row ? -1 : 1));
  }

  /** A task run that waits already keeps its place. Must stand in a transaction. */
  join({ id, taskKey }: TaskRun, { retry, now }: { retry: boolean; now: Instant }): void {
    if (this.#load().has(id)) return;
    this.#put(id, taskKey, retry ? RETRY : NEW, String(now).padStart(17, "0"));
  }

  /** Must stand in a transaction. */
  leave(id: string): void {
    const place = this.#load().get(id);
    if (!place) return;
    this.#store.delete(place.row);
    this.#places?.delete(id);
  }

  /** Into the lane of those that go first, with its time of waiting. Must stand in a transaction. */
  moveUp(id: string): void {
    const place = this.#load().get(id);
    const since = place?.row.split("/")[2];
    if (!place || !since || place.row.startsWith(PREFIX + RETRY)) return;
    this.leave(id);
    this.#put(id, place.taskKey, RETRY, since);
  }

  #put(id: string, taskKey: string, lane: Lane, since: string): void {
    const row = `${PREFIX}${lane}/${since}/${id}`;
    this.#store.put(row, taskKey);
    this.#load().set(id, { id, taskKey, row });
  }

  #load(): Map<string, Place> {
    if (this.#places) return this.#places;
    this.#places = new Map();
    for (const [row, taskKey] of this.#store.list(PREFIX)) {
      const id = row.slice(row.lastIndexOf("/") + 1);
      this.#places.set(id, { id, taskKey, row });
    }
    return this.#places;
  }
}
