/** The times that a run keeps, of a flow and of a task alike, and how entering a state moves them. */
import { isTerminal, type State } from "./state.ts";
import { type Instant, secondsBetween } from "./time.ts";

export interface RunTimes {
  /** When it should begin: its first due time, or when it was made. Never moved afterwards. */
  expectedStartTime: Instant | null;
  /** Due time of the SCHEDULED state it is in; null in any other. */
  nextScheduledStartTime: Instant | null;
  /** When it first ran, or ended without having run. */
  startTime: Instant | null;
  /** When it ended; null again once it leaves its terminal state. */
  endTime: Instant | null;
  /** Seconds in RUNNING states that are over. */
  totalRunTime: number;
}

/** The times after `to` is entered from `from`. */
export function timesAfter(run: RunTimes, from: State | null, to: State): RunTimes {
  const ends = isTerminal(to.type);
  const endTime = from !== null && isTerminal(from.type) && !ends ? null : run.endTime;
  const starts = to.type === "RUNNING" || (ends && endTime === null);
  const due = to.type === "SCHEDULED" ? to.details.scheduledTime : null;
  return {
    expectedStartTime: run.expectedStartTime ?? due ?? to.timestamp,
    nextScheduledStartTime: due ?? (from?.type === "SCHEDULED" ? null : run.nextScheduledStartTime),
    startTime: run.startTime ?? (starts ? to.timestamp : null),
    endTime: endTime ?? (ends ? to.timestamp : null),
    totalRunTime:
      from?.type === "RUNNING"
        ? seconds(run.totalRunTime + secondsBetween(from.timestamp, to.timestamp))
        : run.totalRunTime,
  };
}

/** Rounds off what sums of binary fractions leave behind the sixth digit. */
export const seconds = (value: number): number => Math.round(value * 1e6) / 1e6;
