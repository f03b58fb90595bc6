/**
 * A queue that sends what arrives together in one call.
 *
 * B1  Items are sent in the order in which they were pushed, one call at a time.
 * B2  An item waits at most `delayMs` before its call begins, unless an earlier call is still under way; after a quiet time
 *     (`delayMs` without a call) only `quietDelayMs`, so that the first line of a run is seen at once.
 * B3  No call carries more than `maxItems` items or, but for a single large one, more than `maxBytes`.
 * B4  What waits never weighs more than `capacityBytes`: beyond it the oldest are dropped and counted (`drop`), or, where
 *     nothing may be dropped, `room()` makes the producer wait.
 */
export interface BatchOptions<T> {
  send: (items: T[]) => Promise<void>;
  /** An item's weight in bytes, roughly. */
  weigh: (item: T) => number;
  delayMs: number;
  quietDelayMs?: number;
  maxItems: number;
  maxBytes: number;
  capacityBytes: number;
  /** Told how many of the oldest items were thrown away. Absent: nothing is ever dropped. */
  onDrop?: (count: number) => void;
  /** Told of a call that failed for good; its items are gone. */
  onFailure: (error: unknown, items: T[]) => void;
}

/** What is kept of a full queue: dropping a tenth at once keeps a flood from shifting the queue at every line. */
const KEPT_SHARE = 0.9;

interface Entry<T> {
  item: T;
  bytes: number;
}

export class BatchQueue<T> {
  readonly #options: BatchOptions<T>;
  #waiting: Entry<T>[] = [];
  #bytes = 0;
  #timer: NodeJS.Timeout | null = null;
  #sending: Promise<void> | null = null;
  #roomWanted: (() => void)[] = [];
  #lastSent = Number.NEGATIVE_INFINITY;

  constructor(options: BatchOptions<T>) {
    this.#options = options;
  }

  push(item: T): void {
    const bytes = this.#options.weigh(item);
    this.#waiting.push({ item, bytes });
    this.#bytes += bytes;
    this.#dropOverflow();
    if (this.#waiting.length >= this.#options.maxItems || this.#bytes >= this.#options.maxBytes) void this.#pump();
    else this.#timer ??= setTimeout(() => void this.#pump(), this.#delay());
  }

  #delay(): number {
    const { delayMs, quietDelayMs = delayMs } = this.#options;
    return performance.now() - this.#lastSent > delayMs ? Math.min(quietDelayMs, delayMs) : delayMs;
  }

  /** Resolves when everything pushed so far was sent, or failed for good. */
  async flush(): Promise<void> {
    while (this.#waiting.length > 0 || this.#sending) await this.#pump();
  }

  /** Resolves when there is room for more. For producers whose items may not be dropped. */
  async room(): Promise<void> {
    while (this.#bytes > this.#options.capacityBytes) {
      await new Promise<void>((resolve) => this.#roomWanted.push(resolve));
    }
  }

  #pump(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    this.#sending ??= this.#drain().finally(() => {
      this.#sending = null;
    });
    return this.#sending;
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      const items = this.#take();
      this.#lastSent = performance.now();
      try {
        await this.#options.send(items);
      } catch (error) {
        this.#options.onFailure(error, items);
      }
      for (const wake of this.#roomWanted.splice(0)) wake();
    }
  }

  #take(): T[] {
    let bytes = 0;
    let count = 0;
    for (const entry of this.#waiting) {
      if (count === this.#options.maxItems || (count > 0 && bytes + entry.bytes > this.#options.maxBytes)) break;
      bytes += entry.bytes;
      count++;
    }
    this.#bytes -= bytes;
    return this.#waiting.splice(0, count).map((entry) => entry.item);
  }

  #dropOverflow(): void {
    const { onDrop, capacityBytes } = this.#options;
    if (!onDrop || this.#bytes <= capacityBytes) return;
    const goal = capacityBytes * KEPT_SHARE;
    let count = 0;
    while (this.#bytes > goal && count < this.#waiting.length - 1) this.#bytes -= this.#waiting[count++]!.bytes;
    this.#waiting.splice(0, count);
    if (count > 0) onDrop(count);
  }
}
