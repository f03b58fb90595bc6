/**
 * How many sockets a credential has open, here.
 *
 * AP119 A credential has at most so many; who opens one more is closed with the reason, and those that are open stay.
 *
 * Each isolate counts its own: what is guarded is its memory. One machine has one.
 */

/** Sockets of one credential: a thousand runs with two each. */
export const MOST_SOCKETS = 2_000;

export class Crowd {
  readonly #open = new Map<string, number>();

  /** Takes in a socket of this credential; answers what to call when it has closed, or null where there are enough. */
  enter(credential: string): (() => void) | null {
    const count = this.#open.get(credential) ?? 0;
    if (count >= MOST_SOCKETS) return null;
    this.#open.set(credential, count + 1);
    return () => {
      const left = (this.#open.get(credential) ?? 1) - 1;
      if (left > 0) this.#open.set(credential, left);
      else this.#open.delete(credential);
    };
  }
}
