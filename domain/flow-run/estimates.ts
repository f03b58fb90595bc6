/**
 * Figures that move with the clock, made when a run is read and never stored. They hold of flow runs and task runs alike.
 */
import { seconds } from "../run-times.ts";
import { isTerminal, type State } from "../state.ts";
import { type Instant, secondsBetween } from "../time.ts";

interface Timed {
  readonly state: State | null;
  readonly totalRunTime: number;
  readonly startTime: Instant | null;
  readonly expectedStartTime: Instant | null;
}

/** Seconds in RUNNING, with those since the current RUNNING state began. */
export function estimatedRunTime(run: Timed, now: Instant): number {
  if (run.state?.type !== "RUNNING") return run.totalRunTime;
  return seconds(run.totalRunTime + secondsBetween(run.state.timestamp, now));
}

/**
 * Seconds by which the run began later than expected, or is late by now if it has not begun and still may. Zero where
 * it is early, and where nothing is expected.
 */
export function estimatedStartTimeDelta(run: Timed, now: Instant): number {
  const { expectedStartTime: expected, startTime, state } = run;
  if (expected === null) return 0;
  if (startTime !== null) return Math.max(0, secondsBetween(expected, startTime));
  if (state !== null && isTerminal(state.type)) return 0;
  return Math.max(0, secondsBetween(expected, now));
}
