/**
 * How fast a socket may speak: so much at once, and so much in every second.
 *
 * LI9  Who keeps within the pace is never held up, whatever came before; who does not is noticed at the first frame beyond it.
 */

/** Frames, and characters of them, in a second: several times what one client has to say. */
export const FRAMES_A_SECOND = 10_000;
const CHARACTERS_A_SECOND = 16 * 1024 * 1024;
/** Seconds of it that may come at once, after a silence. */
const BURST_SECONDS = 3;

export class FramePace {
  #frames = FRAMES_A_SECOND * BURST_SECONDS;
  #characters = CHARACTERS_A_SECOND * BURST_SECONDS;
  #at: number;

  /** `now`, here and below, in milliseconds. */
  constructor(now: number) {
    this.#at = now;
  }

  /** Whether a frame of so many characters is within the pace. */
  take(characters: number, now: number): boolean {
    // A clock that is set back gives nothing, and takes nothing away.
    const seconds = Math.max(0, now - this.#at) / 1000;
    this.#at = now;
    this.#frames = refilled(this.#frames, FRAMES_A_SECOND, seconds) - 1;
    this.#characters = refilled(this.#characters, CHARACTERS_A_SECOND, seconds) - characters;
    if (this.#frames >= 0 && this.#characters >= 0) return true;
    // Who has been told to go is not heard again, however long it stays.
    this.#frames = Number.NEGATIVE_INFINITY;
    return false;
  }
}

const refilled = (left: number, rate: number, seconds: number): number =>
  Math.min(left + rate * seconds, rate * BURST_SECONDS);
