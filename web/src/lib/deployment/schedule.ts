/** A schedule as people read it. */
import { tellDuration } from "../time/tell.ts";

export interface Schedule {
  /** «cron 0 2 * * *», «every 1h». */
  words: string;
  zone: string | null;
  active: boolean;
}

/** Reads a schedule of the wire, of whichever kind. */
export function scheduleOf(given: unknown): Schedule {
  const { active = true, schedule } = (given ?? {}) as { active?: boolean; schedule?: Record<string, unknown> };
  const { cron, interval, rrule, timezone } = schedule ?? {};
  const words =
    typeof cron === "string"
      ? `cron ${cron}`
      : typeof interval === "number"
        ? `every ${tellDuration(interval * 1000).replace(/( 00[ms])+$/, "")}`
        : typeof rrule === "string"
          ? rrule
          : JSON.stringify(schedule ?? given);
  return { words, zone: typeof timezone === "string" ? timezone : null, active: active !== false };
}
