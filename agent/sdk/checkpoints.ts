/**
 * What the tasks of one run have done, kept with the run: a task with `checkpoint` that has returned is not run again when the run is
 * tried again, taken over by another agent, or run again from a later task.
 *
 * K1  The result is at the API before the task counts as completed: whoever sees it completed finds it.
 * K2  A key names a call of a task by its place among the calls of that task, and is the same in every attempt.
 * K3  What an earlier attempt kept is asked for once, by the first task that wants to know.
 */
import type { Json } from "@millrace/domain/json.ts";
import type { Client } from "./api/connect.ts";
import { keepJson } from "./result.ts";

/** Largest value that is kept, in bytes of its JSON: the API takes bodies of 5 MiB. */
export const LARGEST_CHECKPOINT = 4 * 1024 * 1024;
/** Values that are asked for at once. */
const PAGE = 1000;
const PREFIX = "task/";

/** A result as it is kept; nothing stands for undefined, which JSON has not. */
type Kept = { result?: Json };

export const checkpointKey = (task: string, call: number): string => `${PREFIX}${task}/${call}`;

export class Checkpoints {
  readonly #api: Client;
  readonly #run: string;
  /** Null: too large to be listed, to be read by itself. */
  #known: Promise<Map<string, Kept | null>> | null = null;

  constructor(api: Client, run: string) {
    this.#api = api;
    this.#run = run;
  }

  /** What an earlier attempt kept under a key. */
  async find(key: string): Promise<Kept | undefined> {
    this.#known ??= this.#load();
    const known = (await this.#known).get(key);
    if (known !== null) return known;
    const params = { id: this.#run, key };
    return (await this.#api("GET /flow_runs/{id}/checkpoints/{key}", { params })).value as Kept;
  }

  /** Keeps a result; answers why it cannot be kept, if so. */
  async keep(key: string, value: unknown): Promise<string | null> {
    const { data, note } = keepJson(value, LARGEST_CHECKPOINT);
    if (note !== null) return note;
    const kept: Kept = value === undefined ? {} : { result: data };
    const params = { id: this.#run, key };
    await this.#api("PUT /flow_runs/{id}/checkpoints/{key}", { params, body: { value: kept } });
    return null;
  }

  async #load(): Promise<Map<string, Kept | null>> {
    const found = new Map<string, Kept | null>();
    for (let after = ""; ; ) {
      const query = { prefix: PREFIX, after, limit: String(PAGE) };
      const page = await this.#api("GET /flow_runs/{id}/checkpoints/", { params: { id: this.#run }, query });
      for (const { key, value, large } of page) found.set(key, large ? null : (value as Kept));
      const last = page.at(-1);
      if (!last || page.length < PAGE) return found;
      after = last.key;
    }
  }
}
