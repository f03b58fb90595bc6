/** The checkpoints of one flow run (domain/flow-run/checkpoint.ts): one row each. Values of more than 64 KB lie elsewhere, by hash. */
import type { Checkpoint } from "@millrace/domain/flow-run/checkpoint.ts";
import type { Store } from "../kit/store.ts";

const PREFIX = "check/";

export interface CheckpointQuery {
  prefix: string;
  /** Only those whose keys come behind this one. */
  after: string;
  limit: number;
}

export class Checkpoints {
  readonly #store: Store;
  #count: number | null = null;

  constructor(store: Store) {
    this.#store = store;
  }

  get count(): number {
    this.#count ??= [...this.#store.list(PREFIX)].length;
    return this.#count;
  }

  get(key: string): Checkpoint | null {
    const text = this.#store.get(PREFIX + key);
    return text === null ? null : (JSON.parse(text) as Checkpoint);
  }

  /** In order of their keys. */
  list({ prefix, after, limit }: CheckpointQuery): Checkpoint[] {
    const found: Checkpoint[] = [];
    for (const [, text] of this.#store.list(PREFIX + prefix, after === "" ? "" : PREFIX + after)) {
      if (found.length === limit) break;
      found.push(JSON.parse(text) as Checkpoint);
    }
    return found;
  }

  /** Must stand in a transaction. */
  put(checkpoint: Checkpoint): void {
    if (this.#count !== null && this.get(checkpoint.key) === null) this.#count += 1;
    this.#store.put(PREFIX + checkpoint.key, JSON.stringify(checkpoint));
  }

  /** Must stand in a transaction. */
  remove(key: string): void {
    if (this.#count !== null) this.#count -= 1;
    this.#store.delete(PREFIX + key);
  }

  forget(): void {
    this.#count = null;
  }
}
