/**
 * What people and programs hand to a run while it lives: texts under keys, one row each, never changed.
 *
 * FO40 A key is taken once; what a run was given is listed in the order in which it came.
 */
import type { Instant } from "@millrace/domain/time.ts";
import type { Store } from "../kit/store.ts";

const PREFIX = "input/";

export interface RunInput {
  id: string;
  key: string;
  value: string;
  /** Who sent it, as they say. */
  sender: string | null;
  created: Instant;
}

export interface InputQuery {
  prefix: string;
  limit: number;
  excludeKeys: readonly string[];
}

export class Inputs {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  get(key: string): RunInput | null {
    const text = this.#store.get(PREFIX + key);
    return text === null ? null : (JSON.parse(text) as RunInput);
  }

  /** Inputs whose key begins so, oldest first. */
  find({ prefix, limit, excludeKeys }: InputQuery): RunInput[] {
    const found: RunInput[] = [];
    for (const [, text] of this.#store.list(PREFIX + prefix)) {
      const input = JSON.parse(text) as RunInput;
      if (!excludeKeys.includes(input.key)) found.push(input);
    }
    return found.sort((a, b) => a.created - b.created || (a.id < b.id ? -1 : 1)).slice(0, limit);
  }

  /** Must stand in a transaction. */
  put(input: RunInput): void {
    this.#store.put(PREFIX + input.key, JSON.stringify(input));
  }

  /** Must stand in a transaction. */
  remove(key: string): void {
    this.#store.delete(PREFIX + key);
  }
}
