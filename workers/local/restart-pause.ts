/** How long to wait before a process that ended is started again. */

/** Seconds of the first pause and of the longest. */
const FIRST = 1;
const LONGEST = 30;
/** A life of so many seconds counts as having worked. */
const LASTED = 60;

/** The pause in seconds after `failures` short lives in a row and one more life of `lived` seconds. */
export function restartPause(failures: number, lived: number): { pause: number; failures: number } {
  const before = lived >= LASTED ? 0 : failures;
  return { pause: Math.min(LONGEST, FIRST * 2 ** before), failures: before + 1 };
}
