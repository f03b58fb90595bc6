/**
 * An oracle for the tests of schedules. It knows nothing of offsets, of gaps or of repeats: it looks at the clock on the wall every
 * quarter of an hour, and says of each time that it shows, shows again or never shows, whether a pattern is due.
 */
import { type Instant, instant, parseInstant } from "../time.ts";
import { DAY, HOUR } from "./civil.ts";
import { isTimetable, type Schedule, timetableOf } from "./schedule.ts";

export const ZONES =
  `America/New_York America/Los_Angeles America/Sao_Paulo America/Santiago America/Havana America/St_Johns America/Asuncion Europe/London
  Europe/Berlin Europe/Dublin Europe/Athens Africa/Cairo Africa/Casablanca Asia/Beirut Asia/Jerusalem Asia/Kolkata Asia/Kathmandu Asia/Tokyo
  Australia/Sydney Australia/Lord_Howe Pacific/Auckland Pacific/Chatham Atlantic/Azores UTC`.split(/\s+/);
export const FROM = parseInstant("2024-01-01T00:00:00Z") as Instant;
export const TO = parseInstant("2029-01-01T00:00:00Z") as Instant;
const QUARTER = HOUR / 4;

interface Pattern {
  name: string;
  schedule(timezone: string): Schedule;
  /** Whether a wall time, `2026-03-08 02:30`, is one of the pattern's. */
  means(date: string, hour: number, minute: number): boolean;
  both: boolean;
  skipped: "earlier" | "later";
}

const cron =
  (text: string) =>
  (timezone: string): Schedule => ({ kind: "cron", cron: text, timezone, dayOr: true });
const rrule =
  (text: string) =>
  (timezone: string): Schedule => ({ kind: "rrule", rrule: text, timezone });
const weekday = (date: string) => new Date(`${date}T00:00:00Z`).getUTCDay();

const patterns: Pattern[] = [
  { name: "every hour", schedule: cron("0 * * * *"), means: (_, __, m) => m === 0, both: true, skipped: "later" },
  { name: "every quarter", schedule: cron("*/15 * * * *"), means: () => true, both: true, skipped: "later" },
  ...[0, 1, 2, 3].map(
    (hour): Pattern => ({
      ...{ name: `${hour}:30`, schedule: cron(`30 ${hour} * * *`), both: false, skipped: "later" },
      means: (_, h, m) => h === hour && m === 30,
    }),
  ),
  {
    name: "midnight on Sundays",
    schedule: cron("0 0 * * SUN"),
    means: (d, h, m) => h === 0 && m === 0 && weekday(d) === 0,
    both: false,
    skipped: "later",
  },
  {
    name: "a rule at 2:15",
    schedule: rrule("FREQ=DAILY;BYHOUR=2;BYMINUTE=15"),
    means: (_, h, m) => h === 2 && m === 15,
    both: false,
    skipped: "earlier",
  },
  {
    name: "a rule of every hour",
    schedule: rrule("FREQ=HOURLY"),
    means: (_, __, m) => m === 0,
    both: true,
    skipped: "earlier",
  },
];

/** Writes what a zone's wall shows at an instant: `2026-03-08 02:30`. */
function clock(zone: string): (at: number) => string {
  const numeric = { hour: "2-digit", minute: "2-digit", year: "numeric", month: "2-digit", day: "2-digit" } as const;
  const format = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, ...numeric });
  return (at) => format.format(at / 1000);
}

/** What the wall shows at each quarter of an hour of a window. */
function look(show: (at: number) => string, { from, to }: Window): string[] {
  const shown: string[] = [];
  for (let at: number = from; at < to; at += QUARTER) shown.push(show(at));
  return shown;
}

/** From `from` to before `to`, in whole days. */
export interface Window {
  from: number;
  to: number;
}

/** Three days around each day on which noon comes at another time, and the first days of each quarter of a year. */
export function restlessWindows(zone: string): Window[] {
  const show = clock(zone);
  const windows: Window[] = [];
  for (let day = FROM + 2 * DAY; day < TO - 3 * DAY; day += DAY) {
    const changes = show(day).slice(11) !== show(day + DAY).slice(11);
    const date = new Date(day / 1000);
    const quarter = date.getUTCDate() === 1 && date.getUTCMonth() % 3 === 0;
    if (changes || quarter) windows.push({ from: day - DAY, to: day + 2 * DAY });
  }
  return windows;
}

interface Seen {
  at: number;
  date: string;
  hour: number;
  minute: number;
  again: boolean;
}

/** Every quarter that is shown, and every one that is not, where it is due all the same. */
function walls(from: number, shown: readonly string[]): { seen: Seen[]; missing: (Seen & { gap: number })[] } {
  const first = new Set<string>();
  const seen = shown.map((text, index): Seen => {
    const again = first.has(text);
    first.add(text);
    return { at: from + index * QUARTER, ...read(text), again };
  });
  const missing: (Seen & { gap: number })[] = [];
  for (const [index, { date, hour, minute, at }] of seen.entries()) {
    const next = seen[index + 1];
    if (!next) break;
    const step = utc(next) - utc({ date, hour, minute });
    if (step <= QUARTER) continue;
    for (let skipped = QUARTER; skipped < step; skipped += QUARTER) {
      const text = new Date((utc({ date, hour, minute }) + skipped) / 1000).toISOString();
      missing.push({
        at: at + skipped,
        ...read(`${text.slice(0, 10)} ${text.slice(11, 16)}`),
        again: false,
        gap: step - QUARTER,
      });
    }
  }
  return { seen, missing };
}

const read = (text: string) => ({
  date: text.slice(0, 10),
  hour: Number(text.slice(11, 13)),
  minute: Number(text.slice(14, 16)),
});
const utc = ({ date, hour, minute }: { date: string; hour: number; minute: number }): number =>
  Date.parse(`${date}T00:00:00Z`) * 1000 + (hour * 60 + minute) * 60_000_000;

/** Where the oracle and a timetable disagree in a window; the days at its ends only tell what is shown again, and do not count. */
export function disagreements(zone: string, window: Window): string[] {
  const { seen, missing } = walls(window.from, look(clock(zone), window));
  const [from, to] = [window.from + DAY / 2, window.to - DAY / 2];
  return patterns.flatMap(({ name, schedule, means, both, skipped }) => {
    const expected = new Set<number>();
    for (const one of seen) if (means(one.date, one.hour, one.minute) && (both || !one.again)) expected.add(one.at);
    for (const one of missing)
      if (means(one.date, one.hour, one.minute)) expected.add(skipped === "later" ? one.at : one.at - one.gap);
    const timetable = timetableOf(schedule(zone));
    if (!isTimetable(timetable)) return [timetable.message];
    const found = [...timetable.between(instant(from), instant(to))];
    const wanted = [...expected].filter((at) => at >= from && at <= to).sort((a, b) => a - b);
    const at = wanted.findIndex((one, index) => one !== found[index]);
    if (at < 0 && wanted.length === found.length) return [];
    return [`${name}, ${zone}: ${found.length} due, not ${wanted.length}, from the ${at}th on`];
  });
}
