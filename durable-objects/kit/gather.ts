/**
 * Group commit: what is asked for while one write is under way leaves together in the next.
 *
 * KI5  A caller is answered when the write that holds its item has ended, as that write ended.
 * KI6  Items leave in the order in which they came.
 * KI7  Settling waits for what came before it, and for nothing that comes after.
 *
 * The size of a batch follows from the load: alone, an item leaves at once; under load, each write carries what has come since
 * the last. Items that can wait ride along with the next urgent one, or leave when their patience ends. Where urgent ones come fast, a
 * write waits a few milliseconds for company (pace.ts): the writer shares its thread with those who ask, and nobody gets to ask while
 * it writes.
 */
import { Pace } from "./pace.ts";

export class Gatherer<Item> {
  readonly #write: (items: Item[]) => Promise<void>;
  readonly #patience: number;
  #waiting: (PromiseWithResolvers<void> & { item: Item; urgent: boolean })[] = [];
  #writing: Promise<void> | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  readonly #pace = new Pace();
  #lingering = false;

  /** `patience`: milliseconds for which an item that is not urgent may wait. */
  constructor(write: (items: Item[]) => Promise<void>, patience: number) {
    this.#write = write;
    this.#patience = patience;
  }

  /** Resolves when the item is written. */
  add(item: Item, urgent: boolean): Promise<void> {
    const told = Promise.withResolvers<void>();
    this.#waiting.push({ item, urgent, ...told });
    this.#plan(urgent);
    return told.promise;
  }

  /**
   * Writes what is waiting, and resolves when all that came before this call is written or has failed. What comes later is not
   * waited for: under steady traffic there is always something waiting.
   */
  async settle(): Promise<void> {
    const last = this.#waiting.at(-1);
    this.#start();
    await (last ? last.promise.catch(() => {}) : this.#writing);
  }

  /** Sees to it that what waits is written in time. */
  #plan(urgent: boolean): void {
    if (urgent) this.#linger();
    else this.#timer ??= setTimeout(() => this.#ring(), this.#patience);
  }

  /** Where a write is under way, its end plans anew for what waits. */
  #ring(): void {
    this.#timer = null;
    this.#start();
  }

  #linger(): void {
    const wait = this.#pace.wait(Date.now());
    if (this.#lingering) return;
    if (wait === 0) {
      this.#start();
      return;
    }
    this.#lingering = true;
    setTimeout(() => {
      this.#lingering = false;
      this.#start();
    }, wait);
  }

  #start(): void {
    if (this.#writing || this.#waiting.length === 0) return;
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    const batch = this.#waiting;
    this.#waiting = [];
    this.#writing = this.#write(batch.map(({ item }) => item))
      .then(
        () => {
          for (const { resolve } of batch) resolve();
        },
        (error: unknown) => {
          for (const { reject } of batch) reject(error);
        },
      )
      .finally(() => {
        this.#writing = null;
        if (this.#waiting.length > 0) this.#plan(this.#waiting.some(({ urgent }) => urgent));
      });
  }
}
