/**
 * What handlers on a run's way know of flows, deployments and pools without asking the shard each time.
 *
 * A write in this isolate forgets what it changed; another isolate's change is seen when the answer has grown old.
 */

/** Milliseconds for which an answer is used. */
const FRESH = 5_000;
const MOST = 5_000;

export class Remembered<Value> {
  readonly #values = new Map<string, { at: number; value: Promise<Value | null> }>();

  /** The value of a key: known, or asked for once by all who want it now. That there is none is not remembered. */
  get(key: string, ask: () => Promise<Value | null>): Promise<Value | null> {
    const known = this.#values.get(key);
    if (known && Date.now() - known.at < FRESH) return known.value;
    const value = ask();
    this.#values.delete(key);
    this.#values.set(key, { at: Date.now(), value });
    value.then(
      (found) => found === null && this.forget(key),
      () => this.forget(key),
    );
    for (const oldest of this.#values.keys()) {
      if (this.#values.size <= MOST) break;
      this.#values.delete(oldest);
    }
    return value;
  }

  forget(key: string): void {
    this.#values.delete(key);
  }
}
