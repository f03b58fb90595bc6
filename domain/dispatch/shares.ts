/**
 * Weighted turns: start-time fair queueing over keys. Each turn of a key moves its mark on by 1/weight; the key with the lowest mark
 * is next.
 *
 * DI4  A key waits at most one round of the others.
 * DI5  A key that had nothing to do begins where the others are.
 */

/** Keys that are remembered; beyond, those that are behind the rest anyway are forgotten. */
const MOST_KEYS = 10_000;

export class Shares {
  readonly #marks: Map<string, number>;
  /** The mark at which the last turn began. */
  #at: number;

  constructor(marks: ReadonlyMap<string, number> = new Map(), at = 0) {
    this.#marks = new Map(marks);
    this.#at = at;
  }

  /** A copy, for trying out turns that nobody has taken yet. */
  copy(): Shares {
    return new Shares(this.#marks, this.#at);
  }

  /** Where the next turn of a key begins; the lowest is next. */
  startOf(key: string): number {
    return Math.max(this.#marks.get(key) ?? 0, this.#at);
  }

  /** The key had a turn. */
  took(key: string, weight: number): void {
    const start = this.startOf(key);
    this.#at = start;
    this.#marks.set(key, start + 1 / weight);
    if (this.#marks.size > MOST_KEYS) for (const [one, mark] of this.#marks) if (mark <= start) this.#marks.delete(one);
  }
}
