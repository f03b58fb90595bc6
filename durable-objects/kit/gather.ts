/**
 * Group commit: what is asked for while one write is under way leaves together in the next.
 *
 * KI5  A caller is answered when the write that holds its item has ended, as that write ended.
 * KI6  Items leave in the order in which they came.
 *
 * The size of a batch follows from the load: alone, an item leaves at once; under load, each write carries what has come since
 * the last. Items that can wait ride along with the next urgent one, or leave when their patience ends.
 */
export class Gatherer<Item> {
  readonly #write: (items: Item[]) => Promise<void>;
  readonly #patience: number;
  #waiting: { item: Item; resolve: () => void; reject: (error: unknown) => void }[] = [];
  #writing: Promise<void> | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;

  /** `patience`: milliseconds for which an item that is not urgent may wait. */
  constructor(write: (items: Item[]) => Promise<void>, patience: number) {
    this.#write = write;
    this.#patience = patience;
  }

  /** Resolves when the item is written. */
  add(item: Item, urgent: boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      if (urgent) this.#start();
      else this.#timer ??= setTimeout(() => this.#start(), this.#patience);
    });
  }

  /** Writes what is waiting, and resolves when all that came before this call is written or has failed. */
  async settle(): Promise<void> {
    while (this.#waiting.length > 0 || this.#writing) {
      this.#start();
      await this.#writing;
    }
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
        this.#start();
      });
  }
}
