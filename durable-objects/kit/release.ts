/**
 * Gives an object's memory and files back before the platform would.
 *
 * KI8  An object is released only after a moment without calls, while nothing is under way in it and nobody is connected to it: no
 *      call is cut. One that comes in that very moment is made again by its caller (addresses.ts, AD2).
 *
 * Where a server is one machine, each live object holds three open files and a quarter of a megabyte, for ten seconds after its last
 * call: at a thousand runs a second that is thirty thousand files. A run that has ended and was told of is not needed any more, so
 * the host of such a server asks for its release (`RELEASE_ENDED_RUNS`). On Cloudflare it would save nothing.
 */

/** Milliseconds of quiet before the release: clients read a run once more right after they ended it. */
const QUIET = 500;
/** What a call is told that came in the moment of the release. */
export const RELEASED = "released: the run has ended";

export class Release {
  readonly #ctx: DurableObjectState;
  readonly #wanted: () => boolean;
  #underWay = 0;
  #touched = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;

  /** `wanted`: whether the object may be released if it stays quiet. */
  constructor(ctx: DurableObjectState, wanted: () => boolean) {
    this.#ctx = ctx;
    this.#wanted = wanted;
  }

  /** To be called with every call that comes in: the quiet begins anew. */
  touch(): void {
    this.#touched = Date.now();
    if (!this.#timer && this.#wanted()) this.#timer = setTimeout(() => this.#consider(), QUIET);
  }

  /** Counts `work` as under way until it has ended. */
  async during<T>(work: Promise<T>): Promise<T> {
    this.#underWay += 1;
    try {
      return await work;
    } finally {
      this.#underWay -= 1;
      this.touch();
    }
  }

  #consider(): void {
    this.#timer = null;
    if (!this.#wanted() || this.#ctx.getWebSockets().length > 0) return;
    const quiet = Date.now() - this.#touched;
    if (this.#underWay === 0 && quiet >= QUIET) this.#ctx.abort(RELEASED);
    else this.#timer = setTimeout(() => this.#consider(), Math.max(QUIET - quiet, QUIET / 2));
  }
}
