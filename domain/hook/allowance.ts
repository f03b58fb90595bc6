/**
 * A number of something in a minute, for each of many keys, in memory.
 *
 * HO7  No more than the number in a minute, and who is turned away is told when to come again.
 */

const MINUTE = 60_000;
/** Keys that are remembered at once. */
const MOST_KEYS = 10_000;

export class Allowance {
  readonly #most: number;
  readonly #used = new Map<string, { since: number; count: number }>();

  constructor(most: number) {
    this.#most = most;
  }

  /** Takes one at `now`, in milliseconds: 0, or the seconds after which there is one again. */
  take(key: string, now: number): number {
    const known = this.#used.get(key);
    if (!known || now - known.since >= MINUTE) {
      if (this.#used.size >= MOST_KEYS) this.#used.clear();
      this.#used.set(key, { since: now, count: 1 });
      return 0;
    }
    if (known.count >= this.#most) return Math.ceil((known.since + MINUTE - now) / 1000);
    known.count += 1;
    return 0;
  }
}
