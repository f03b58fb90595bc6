/**
 * Answers of the databases that are used for a while without asking again, since nothing on a run's way may wait for them.
 *
 * AP17 A write in this isolate forgets what it changed, also what was being asked for when it happened; another isolate's change is
 *      seen when the answer has grown old.
 *
 * Only answers are kept, not questions under way: a request that is given up must not leave others waiting for what it asked.
 */

/** Milliseconds for which an answer is used, where nothing else is asked for. */
const FRESH = 5_000;
/** Most answers that are kept. */
const MOST = 10_000;

export class Remembered<Value> {
  readonly #milliseconds: number;
  readonly #values = new Map<string, { at: number; value: Value }>();
  /** Counts what was forgotten: an answer that was under way may be older than that. */
  #forgets = 0;

  /** `milliseconds`: how long an answer is used. */
  constructor(milliseconds = FRESH) {
    this.#milliseconds = milliseconds;
  }

  /** The value of a key. That there is none is not remembered. */
  get(key: string, ask: () => Promise<Value | null>): Value | Promise<Value | null> {
    const known = this.#values.get(key);
    return known && Date.now() - known.at < this.#milliseconds ? known.value : this.#ask(key, ask);
  }

  forget(key: string): void {
    this.#forgets += 1;
    this.#values.delete(key);
  }

  forgetAll(): void {
    this.#forgets += 1;
    this.#values.clear();
  }

  async #ask(key: string, ask: () => Promise<Value | null>): Promise<Value | null> {
    const [asked, forgets] = [Date.now(), this.#forgets];
    const value = await ask();
    if (forgets !== this.#forgets) return value;
    this.#values.delete(key);
    if (value === null) return null;
    if (this.#values.size >= MOST) this.#values.clear();
    this.#values.set(key, { at: asked, value });
    return value;
  }
}
