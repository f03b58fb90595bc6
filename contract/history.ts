/** Histories on the wire, of flow runs and of task runs. */
import type { HistoryInterval, Span } from "@millrace/domain/history.ts";
import { z } from "zod";
import { StateTypeName } from "./states.ts";
import { Timestamp, TimestampText, text } from "./wire.ts";

/** What span of time a history covers, and in steps of how many seconds. */
export const HistorySpan = {
  history_start: Timestamp,
  history_end: Timestamp,
  history_interval_seconds: z.number().min(1).max(1e12),
};

export const HistoryOut = z.array(
  z.object({
    interval_start: TimestampText,
    interval_end: TimestampText,
    states: z.array(
      z.object({
        state_type: StateTypeName,
        state_name: z.string(),
        count_runs: z.int(),
        sum_estimated_run_time: z.number(),
        sum_estimated_lateness: z.number(),
      }),
    ),
  }),
);

export const spanOf = (body: {
  history_start: Span["start"];
  history_end: Span["end"];
  history_interval_seconds: number;
}): Span => ({ start: body.history_start, end: body.history_end, interval: body.history_interval_seconds });

export const historyToWire = (history: readonly HistoryInterval[]): z.output<typeof HistoryOut> =>
  history.map(({ start, end, entries }) => ({
    interval_start: text(start) as string,
    interval_end: text(end) as string,
    states: entries.map(({ stateType, stateName, count, runTime, lateness }) => ({
      state_type: stateType,
      state_name: stateName,
      count_runs: count,
      sum_estimated_run_time: runTime,
      sum_estimated_lateness: lateness,
    })),
  }));
