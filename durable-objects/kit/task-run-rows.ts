/**
 * Task runs in an object's store: one row each, with the states that they went through.
 *
 * KI41 Large data of a state lie in a row of their own, written once: a task run's row stays small, and none comes near the two
 *      megabytes that a row may have.
 */
import type { Json } from "@millrace/domain/json.ts";
import type { State } from "@millrace/domain/state.ts";
import { statesOf, type TaskRunRecord } from "@millrace/domain/task-run/history.ts";
import type { TaskRun } from "@millrace/domain/task-run/run.ts";
import { restoredTaskRun, storedTaskRun, type Usual } from "@millrace/domain/task-run/stored.ts";
import type { Store } from "./store.ts";

const PREFIX = "task/";
const DATA = "data/";
/** Characters of JSON above which a state's data get a row of their own. */
const LARGE = 4_000;
/** Characters that a row may have: four bytes each at most. */
const LARGEST_ROW = 450_000;

/** A state whose data lie in a row of their own. */
interface LargeData {
  "millrace-large": true;
}
const ELSEWHERE: LargeData = { "millrace-large": true };
const isElsewhere = (data: Json): boolean =>
  typeof data === "object" && data !== null && !Array.isArray(data) && data["millrace-large"] === true;

export class TaskRunRows {
  readonly #store: Store;
  readonly #usual: () => Usual;

  /** `usual`: what goes without saying for the task runs kept here. */
  constructor(store: Store, usual: () => Usual) {
    this.#store = store;
    this.#usual = usual;
  }

  /** The record as it is kept: large data are left out, see `whole`. */
  get(id: string): TaskRunRecord | null {
    const text = this.#store.get(PREFIX + id);
    return text === null ? null : restoredTaskRun(id, text, this.#usual());
  }

  /** All records, without large data. */
  *all(): Iterable<TaskRunRecord> {
    const usual = this.#usual();
    for (const [key, text] of this.#store.list(PREFIX)) yield restoredTaskRun(key.slice(PREFIX.length), text, usual);
  }

  /**
   * Keeps a record, and answers it as it is kept; null for one that no row can hold, of which nothing is kept. Must stand in a
   * transaction.
   */
  put(record: TaskRunRecord): TaskRunRecord | null {
    const data = statesOf(record).flatMap((state) => largeData(state));
    const kept = data.length === 0 ? record : withoutData(record, new Set(data.map(([id]) => id)));
    const text = storedTaskRun(kept, this.#usual());
    if (text.length > LARGEST_ROW || data.some(([, json]) => json.length > LARGEST_ROW)) return null;
    for (const [id, json] of data) this.#store.put(DATA + id, json);
    this.#store.put(PREFIX + record.run.id, text);
    return kept;
  }

  /** Must stand in a transaction. */
  remove(record: TaskRunRecord): void {
    for (const { id, data } of statesOf(record)) if (isElsewhere(data)) this.#store.delete(DATA + id);
    this.#store.delete(PREFIX + record.run.id);
  }

  /** The task run with all the data of its state. */
  whole(run: TaskRun): TaskRun {
    return run.state && isElsewhere(run.state.data) ? { ...run, state: this.wholeState(run.state) } : run;
  }

  wholeState(state: State): State {
    return isElsewhere(state.data) ? { ...state, data: JSON.parse(this.#store.get(DATA + state.id) ?? "null") } : state;
  }
}

function largeData({ id, data }: State): [id: string, json: string][] {
  if (typeof data !== "object" && typeof data !== "string") return [];
  if (data === null || isElsewhere(data)) return [];
  const json = JSON.stringify(data);
  return json.length > LARGE ? [[id, json]] : [];
}

function withoutData({ run, past }: TaskRunRecord, large: ReadonlySet<string>): TaskRunRecord {
  const light = (state: State): State =>
    large.has(state.id) ? { ...state, data: ELSEWHERE as unknown as Json } : state;
  return { run: { ...run, state: run.state && light(run.state) }, past: past.map(light) };
}
