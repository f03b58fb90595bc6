/**
 * Tells whether things come so fast that it pays to wait a moment and take several at once.
 *
 * KI9  Alone, nobody waits; only where many come within a few milliseconds, each waits a few for company.
 */

/** So many within so many milliseconds are many. */
const MANY = 8;
const SPAN = 12;
/** Milliseconds to wait for company. */
const LINGER = 6;

export class Pace {
  /** When the last few came, oldest first. */
  readonly #times: number[] = [];

  /** Takes note of one that comes at `now`, in milliseconds; answers for how many milliseconds it should wait. */
  wait(now: number): number {
    this.#times.push(now);
    if (this.#times.length > MANY) this.#times.shift();
    const first = this.#times[0] ?? now;
    return this.#times.length === MANY && now - first <= SPAN ? LINGER : 0;
  }
}
