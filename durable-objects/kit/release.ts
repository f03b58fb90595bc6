/**
 * Gives an object's memory and files back before the platform would.
 *
 * KI8  An object is released only after a moment without calls, while nothing is under way in it and nobody is connected to it: no
 *      call is cut. One that comes in that very moment is made again by its caller (addresses.ts, AD2).
 *
 * Where a server is one machine, each live object holds three open files and a quarter of a megabyte, for ten seconds after its last
 * call: at a thousand runs a second that is thirty thousand files. A run that has ended and was told of is not needed any more, so
 * the host of such a server asks for its release (`RELEASE_ENDED_RUNS`). It is done only while many objects are alive: closing a
 * database costs four syncs, and most of the time nobody is short of files. On Cloudflare it would save nothing.
 */

/** Milliseconds of quiet before the release: clients read a run once more right after they ended it. */
const QUIET = 500;
/** Live objects of this isolate above which they are released: 4,500 files, some three hundred megabytes. */
const MANY = 1_500;
/** Milliseconds after its last call for which the platform keeps an object. */
const KEPT = 10_000;
/** What a call is told that came in the moment of the release. */
export const RELEASED = "released: the run has ended";

/** Objects that are alive, as far as can be told: what the platform has let go of is struck off when it matters. */
const alive = new Set<Release>();

export class Release {
  readonly #ctx: DurableObjectState;
  readonly #wanted: () => boolean;
  readonly #many: number;
  #underWay = 0;
  #touched = Date.now();
  #timer: ReturnType<typeof setTimeout> | null = null;

  /** `wanted`: whether the object may be released if it stays quiet. `many`: how many must be alive for that. */
  constructor(ctx: DurableObjectState, wanted: () => boolean, many = MANY) {
    this.#ctx = ctx;
    this.#wanted = wanted;
    this.#many = many;
    alive.add(this);
    if (alive.size > 2 * MANY) Release.#strikeOff();
  }

  /** To be called with every call that comes in: the quiet begins anew. */
  touch(): void {
    this.#touched = Date.now();
    if (!this.#timer && alive.size > this.#many && this.#wanted())
      this.#timer = setTimeout(() => this.#consider(), QUIET);
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
    if (this.#underWay === 0 && quiet >= QUIET) {
      alive.delete(this);
      this.#ctx.abort(RELEASED);
    } else this.#timer = setTimeout(() => this.#consider(), Math.max(QUIET - quiet, QUIET / 2));
  }

  static #strikeOff(): void {
    const longAgo = Date.now() - 2 * KEPT;
    for (const one of alive) if (one.#touched < longAgo) alive.delete(one);
  }
}
