/**
 * How many processes are worth having ready, by what was started lately. Pure: times are milliseconds of any steady clock.
 */

/** Without a start for this long nothing is kept ready. */
export const KEEP_MS = 180_000;
/** Starts within this time are one burst: a process that was used is replaced in less. */
const BURST_MS = 2_000;
/** Starts that are remembered of one kind. */
const REMEMBERED = 64;

export interface WarmLimits {
  /** Processes that wait at once; 0: none. */
  count: number;
  /** Megabytes that they may have together. */
  megabytes: number;
}

/** The starts that still count, with one more. */
export const remember = (starts: readonly number[], now: number): number[] =>
  [...starts.filter((at) => now - at < KEEP_MS), now].slice(-REMEMBERED);

/** As many as started in the greatest burst that is remembered. */
export function wanted(starts: readonly number[], now: number): number {
  const recent = starts.filter((at) => now - at < KEEP_MS);
  return Math.max(0, ...recent.map((from) => recent.filter((at) => at >= from && at - from < BURST_MS).length));
}

export interface Kind {
  starts: readonly number[];
  /** Megabytes that one of them takes. */
  megabytes: number;
}

/** How many of each kind may wait: what was started last comes first, until the limits are reached. */
export function allot(kinds: readonly Kind[], limits: WarmLimits, now: number): number[] {
  const shares = kinds.map(() => 0);
  let { count, megabytes } = limits;
  const last = (at: number) => kinds[at]?.starts.at(-1) ?? 0;
  for (const at of [...kinds.keys()].sort((a, b) => last(b) - last(a))) {
    const kind = kinds[at] as Kind;
    const room = Math.min(count, Math.floor(megabytes / kind.megabytes));
    const share = Math.min(wanted(kind.starts, now), room);
    shares[at] = share;
    count -= share;
    megabytes -= share * kind.megabytes;
  }
  return shares;
}
