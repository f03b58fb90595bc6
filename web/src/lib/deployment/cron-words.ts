/** A cron expression in words. Only the server needs the library: it stays out of what pages load. */
import cronstrue from "cronstrue";

/** «At 02:00, Monday through Friday»; null where no words are known for it. */
export function cronWords(cron: unknown): string | null {
  if (typeof cron !== "string") return null;
  try {
    return cronstrue.toString(cron, { use24HourTimeFormat: true });
  } catch {
    return null;
  }
}
