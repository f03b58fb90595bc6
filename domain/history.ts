/**
 * Histories: how many runs of which state were expected in each interval of time.
 *
 * [DO42] Intervals follow one another from the start, at most 500 of them; the last may reach beyond the end. A run counts where it
 *        is expected, and one that is expected nowhere within them counts nowhere.
 */
import type { StateType } from "./state.ts";
import { type Instant, instant, SECOND } from "./time.ts";

export interface Span {
  start: Instant;
  end: Instant;
  /** Seconds. */
  interval: number;
}

/** Runs of one state in one interval. */
export interface HistoryEntry {
  /** Which interval, from 0. */
  bucket: number;
  stateType: StateType;
  stateName: string;
  count: number;
  runTime: number;
  lateness: number;
}

export interface HistoryInterval {
  start: Instant;
  end: Instant;
  entries: HistoryEntry[];
}

const MOST_INTERVALS = 500;

/** How many intervals a span has. */
export function intervalCount({ start, end, interval }: Span): number {
  const elapsed = end - start;
  return elapsed > 0 ? Math.min(Math.ceil(elapsed / (interval * SECOND)), MOST_INTERVALS) : 0;
}

/** The moment at which the last interval ends. */
export const lastEnd = (span: Span): Instant => instant(span.start + intervalCount(span) * span.interval * SECOND);

/** The interval in which a run is expected; null where it is in none. */
export function bucketOf(span: Span, expected: Instant | null): number | null {
  if (expected === null || expected < span.start) return null;
  const bucket = Math.floor((expected - span.start) / (span.interval * SECOND));
  return bucket < intervalCount(span) ? bucket : null;
}

/** The intervals of a span with what falls into each. */
export function intervals(span: Span, entries: readonly HistoryEntry[]): HistoryInterval[] {
  const at = (bucket: number): Instant => instant(span.start + bucket * span.interval * SECOND);
  const made = Array.from(
    { length: intervalCount(span) },
    (_, bucket): HistoryInterval => ({
      start: at(bucket),
      end: at(bucket + 1),
      entries: [],
    }),
  );
  for (const entry of entries) made[entry.bucket]?.entries.push(entry);
  return made;
}

/** As much of a run as its place in a history needs. */
interface Figures {
  stateType: StateType | null;
  stateName: string | null;
  expectedStartTime: Instant | null;
  runTime: number;
  lateness: number;
}

/** The entries that these runs make. */
export function historyOf(span: Span, runs: Iterable<Figures>): HistoryEntry[] {
  const entries = new Map<string, HistoryEntry>();
  for (const { stateType, stateName, expectedStartTime, runTime, lateness } of runs) {
    const bucket = bucketOf(span, expectedStartTime);
    if (bucket === null || stateType === null || stateName === null) continue;
    const key = `${bucket}/${stateType}/${stateName}`;
    const entry = entries.get(key) ?? { bucket, stateType, stateName, count: 0, runTime: 0, lateness: 0 };
    entry.count += 1;
    entry.runTime += Math.max(0, runTime);
    entry.lateness += Math.max(0, lateness);
    entries.set(key, entry);
  }
  return [...entries.values()];
}
