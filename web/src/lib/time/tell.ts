/**
 * How moments and durations are told. One setting decides for every time on every page: the browser's zone, UTC, or «3 min ago».
 * Formats are fixed and not the machine's locale, so that server and browser write the same characters.
 */
import type { Clock } from "../look.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export interface Telling {
  clock: Clock;
  /** IANA name of the reader's zone. */
  zone: string;
  /** Milliseconds of now, for what is relative and for leaving out this year. */
  now: number;
}

const formats = new Map<string, Intl.DateTimeFormat>();
function format(zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${zone} ${JSON.stringify(options)}`;
  let made = formats.get(key);
  if (!made) {
    made = new Intl.DateTimeFormat("en-GB", { ...options, timeZone: zone, hourCycle: "h23" });
    formats.set(key, made);
  }
  return made;
}

const CLOCK = { hour: "2-digit", minute: "2-digit", second: "2-digit" } as const;
const zoneOf = (telling: Telling): string => (telling.clock === "utc" ? "UTC" : telling.zone);

/** «24 Nov 13:15:59», with the year when it is another one; «3 min ago» for readers who like that. UTC names itself. */
export function tellMoment(at: number, telling: Telling): string {
  if (telling.clock === "relative") return tellRelative(at, telling.now);
  const zone = zoneOf(telling);
  const year = format(zone, { year: "numeric" });
  const withYear = year.format(at) === year.format(telling.now) ? {} : { year: "numeric" as const };
  const date = format(zone, { day: "numeric", month: "short", ...withYear }).format(at);
  return `${date} ${format(zone, CLOCK).format(at)}${zone === "UTC" ? " UTC" : ""}`;
}

/** «13:15:59.624»: the time of a log line. Its day is told elsewhere. */
export function tellClock(at: number, telling: Telling): string {
  const text = format(zoneOf(telling), CLOCK).format(at);
  return `${text}.${String(Math.floor(((at % SECOND) + SECOND) % SECOND)).padStart(3, "0")}`;
}

/** «Tue 24 Nov 2026», for dividers. */
export const tellDay = (at: number, telling: Telling): string =>
  format(zoneOf(telling), { weekday: "short", day: "numeric", month: "short", year: "numeric" }).format(at);

/** All three ways in one sentence, for the tooltip. */
export function tellEveryWay(at: number, telling: Telling): string {
  const full = { day: "numeric", month: "short", year: "numeric", ...CLOCK } as const;
  const utc = `${format("UTC", full).format(at)} UTC`;
  const local = `${format(telling.zone, full).format(at)} ${telling.zone}`;
  const relative = tellRelative(at, telling.now);
  return telling.zone === "UTC" ? `${utc} · ${relative}` : `${local} · ${utc} · ${relative}`;
}

/** «3 min ago», «in 2 h», «just now». */
export function tellRelative(at: number, now: number): string {
  const away = Math.abs(now - at);
  if (away < 5 * SECOND) return "just now";
  const amount =
    away < MINUTE
      ? `${Math.floor(away / SECOND)} s`
      : away < HOUR
        ? `${Math.floor(away / MINUTE)} min`
        : away < DAY
          ? `${Math.floor(away / HOUR)} h`
          : `${Math.floor(away / DAY)} d`;
  return at <= now ? `${amount} ago` : `in ${amount}`;
}

/** «840 ms», «12.3 s», «7 s», «4m 09s», «1h 04m», «2d 03h»: always two units at most, never raw seconds. */
export function tellDuration(milliseconds: number): string {
  const ms = Math.max(0, milliseconds);
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / SECOND).toFixed(1).replace(".0", "")} s`;
  const seconds = Math.round(ms / SECOND);
  const pad = (value: number): string => String(value).padStart(2, "0");
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${pad(seconds % 60)}s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 1440) return `${Math.floor(minutes / 60)}h ${pad(minutes % 60)}m`;
  const hours = Math.round(minutes / 60);
  return `${Math.floor(hours / 24)}d ${pad(hours % 24)}h`;
}

/** The same for one who hears it: «4 minutes 9 seconds». */
export function speakDuration(milliseconds: number): string {
  const unit = (value: number, name: string): string => `${value} ${name}${value === 1 ? "" : "s"}`;
  const ms = Math.max(0, milliseconds);
  if (ms < 999.5) return unit(Math.round(ms), "millisecond");
  if (ms < 59_950) return unit(Math.round(ms / 100) / 10, "second");
  const seconds = Math.round(ms / SECOND);
  if (seconds < 3600) return `${unit(Math.floor(seconds / 60), "minute")} ${unit(seconds % 60, "second")}`;
  return `${unit(Math.floor(seconds / 3600), "hour")} ${unit(Math.floor((seconds % 3600) / 60), "minute")}`;
}

/** Milliseconds of an RFC 3339 text; null for none. Sub-milliseconds are kept as a fraction. */
export function milliseconds(text: string | null | undefined): number | null {
  if (!text) return null;
  const whole = Date.parse(text);
  if (Number.isNaN(whole)) return null;
  const digits = /\.\d{3}(\d{1,6})/.exec(text)?.[1];
  return digits ? whole + Number(`0.${digits}`) : whole;
}
