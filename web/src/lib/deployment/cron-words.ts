/** Schedules in words. Only the server needs the libraries: they stay out of what pages load. */
import { ruleWords } from "@millrace/domain/schedule/rrule-words.ts";
import cronstrue from "cronstrue";

/** The words for a cron or a rule; null where there are none, or the schedule tells of itself. */
export function scheduleWords(schedule: object): string | null {
  const { cron, rrule } = schedule as { cron?: unknown; rrule?: unknown };
  return typeof rrule === "string" ? ruleWords(rrule) : cronWords(cron);
}

/** «At 02:00, Monday through Friday»; null where no words are known for it. */
export function cronWords(cron: unknown): string | null {
  if (typeof cron !== "string") return null;
  try {
    return cronstrue.toString(cron, { use24HourTimeFormat: true });
  } catch {
    return null;
  }
}
