/**
 * The store of the simulation: entries in memory, on a disk that outlives its owner.
 *
 * It stands where the production code imports `SqliteStore` (service.ts), and passes the same suite
 * (durable-objects/kit/store.suite.ts), so what is simulated over it is what would happen over SQLite.
 */
import type { Store } from "../../../durable-objects/kit/store.ts";

/** What an object has written. It is all that is left of the object when the object is lost. */
export class Disk {
  readonly entries = new Map<string, string>();
  /** Counts changes, so that who reads it can tell whether there is anything new. */
  writes = 0;
}

type Undo = () => void;

/** A surrogate without its partner: SQLite stores its three bytes, which no reader takes for a character. */
const HALF = /[\ud800-\udfff]/gu;

export class MemoryStore implements Store {
  readonly #disk: Disk;
  readonly #mayWrite: () => void;
  /** What takes back the changes of each open transaction, the innermost last. */
  readonly #open: Undo[][] = [];

  /** `storage`: the object's storage, of which only the disk is used. `mayWrite` throws where its owner is gone. */
  constructor(storage: { disk: Disk; mayWrite?: () => void }) {
    this.#disk = storage.disk;
    this.#mayWrite = storage.mayWrite ?? (() => {});
  }

  get(key: string): string | null {
    return this.#disk.entries.get(key) ?? null;
  }

  put(key: string, value: string): void {
    this.#change(key);
    this.#disk.entries.set(key, value.isWellFormed() ? value : value.replace(HALF, "\ufffd\ufffd\ufffd"));
  }

  delete(key: string): void {
    if (!this.#disk.entries.has(key)) return;
    this.#change(key);
    this.#disk.entries.delete(key);
  }

  list(prefix: string, after = ""): Iterable<readonly [string, string]> {
    const found = [...this.#disk.entries].filter(([key]) => key.startsWith(prefix) && isBefore(after, key));
    return found.sort(([a], [b]) => (isBefore(a, b) ? -1 : 1));
  }

  lastKey(prefix: string): string | null {
    let last: string | null = null;
    for (const key of this.#disk.entries.keys())
      if (key.startsWith(prefix) && (last === null || isBefore(last, key))) last = key;
    return last;
  }

  transaction<T>(work: () => T extends PromiseLike<unknown> ? never : T): T {
    const undo: Undo[] = [];
    this.#open.push(undo);
    try {
      const answer = work();
      this.#open.pop();
      this.#open.at(-1)?.push(...undo);
      return answer;
    } catch (error) {
      this.#open.pop();
      for (const takeBack of undo.reverse()) takeBack();
      throw error;
    }
  }

  clear(): void {
    for (const key of [...this.#disk.entries.keys()]) this.delete(key);
  }

  /** Remembers how the entry was, and counts the change. */
  #change(key: string): void {
    this.#mayWrite();
    this.#disk.writes += 1;
    const { entries } = this.#disk;
    const before = entries.get(key);
    this.#open.at(-1)?.push(() => (before === undefined ? entries.delete(key) : entries.set(key, before)));
  }
}

/** The name under which production code imports its store. */
export { MemoryStore as SqliteStore };

/** SQLite's order of text: by code points, which UTF-16 units follow but for those above the surrogates. */
function isBefore(a: string, b: string): boolean {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const [x, y] = [a.charCodeAt(at), b.charCodeAt(at)];
    if (x === y) continue;
    const [xIsHigh, yIsHigh] = [x >= 0xd800 && x <= 0xdfff, y >= 0xd800 && y <= 0xdfff];
    return xIsHigh === yIsHigh ? x < y : yIsHigh;
  }
  return a.length < b.length;
}
