/**
 * Many alarms by name over the one that an object really has. Maps are values: setting and clearing make new ones, and
 * return the same one where nothing changes, so that a caller can tell by identity whether to write.
 */
import type { Instant } from "./time.ts";

export type Alarms = { readonly [name: string]: Instant };

/** When the earliest alarm is due; null where none is set. */
export function nextDue(alarms: Alarms): Instant | null {
  let earliest: Instant | null = null;
  for (const at of Object.values(alarms)) if (earliest === null || at < earliest) earliest = at;
  return earliest;
}

/** The names of the alarms due at `now`, earliest first; those of one instant in order of name. */
export function due(alarms: Alarms, now: Instant): string[] {
  return Object.entries(alarms)
    .filter(([, at]) => at <= now)
    .sort(([a, at], [b, bt]) => at - bt || (a < b ? -1 : 1))
    .map(([name]) => name);
}

/** With `name` due at `at`, whether or not it was set before. */
export const setAlarm = (alarms: Alarms, name: string, at: Instant): Alarms =>
  alarms[name] === at ? alarms : { ...alarms, [name]: at };

/** Without the alarms of these names. */
export function clearAlarms(alarms: Alarms, names: readonly string[]): Alarms {
  if (!names.some((name) => Object.hasOwn(alarms, name))) return alarms;
  return Object.fromEntries(Object.entries(alarms).filter(([name]) => !names.includes(name)));
}
