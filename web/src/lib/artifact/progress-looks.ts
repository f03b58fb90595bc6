/** When to look again at how far something is. */

/** Milliseconds between two looks at what moves, and at what has long stood still. */
const SOON = 2_000;
const RARELY = 60_000;
/** Looks without a change after which nobody believes any more that it moves. */
const GIVEN_UP = 30;

/** Milliseconds until the next look; null: there is none. `still`: looks one after another that found it where it was. */
export function nextLook(progress: number, still: number): number | null {
  if (progress >= 100 || still >= GIVEN_UP) return null;
  return Math.min(RARELY, SOON * 2 ** Math.max(0, still - 4));
}
