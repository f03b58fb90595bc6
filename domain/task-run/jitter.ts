/** Waiting times that scatter around an average, so that those who wait do not come back all at once. */

/**
 * One such time. Exponentially distributed as arrivals of strangers are, but at most `average × (1 + factor)`, and cut at the
 * short end by as much, so that half of the times stay below the median. `chance` from 0 to 1 picks one.
 */
export function scattered(average: number, factor: number, chance: number): number {
  if (average <= 0 || factor <= 0) return Math.max(0, average);
  const below = 1 - Math.exp(-(1 + factor));
  const share = 1 - below + chance * (2 * below - 1);
  return -Math.log(1 - share) * average;
}
