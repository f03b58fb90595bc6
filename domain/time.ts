/**
 * Time, as this product counts it: whole microseconds since 1970 in UTC.
 *
 * `Date` keeps three digits of a second; every timestamp of the wire has six, and two states of a run may lie within one
 * millisecond. Microseconds of today are 1.8e15, well inside the integers a double holds exactly (9.0e15, the year 2255).
 */
declare const micros: unique symbol;
export type Instant = number & { readonly [micros]: true };

/** Microseconds in a second, a millisecond. */
export const SECOND = 1_000_000;
export const MILLISECOND = 1_000;

/**
 * Year 1 and year 2255; what lies outside is refused. From 1684 on the count of microseconds is exact. Clients send year 1
 * to mean "ever", where eight microseconds more or less do not matter.
 */
const EARLIEST = -62_135_596_800 * SECOND;
const LATEST = 9_000_000_000 * SECOND;

/** Takes a count of microseconds for an instant. The caller vouches for the unit. */
export const instant = (microseconds: number): Instant => Math.round(microseconds) as Instant;

/** The instant of a millisecond clock, such as `Date.now()`. */
export const fromMilliseconds = (milliseconds: number): Instant => instant(milliseconds * MILLISECOND);

/** `at` moved by `seconds`, which may be negative or broken. */
export const plusSeconds = (at: Instant, seconds: number): Instant => instant(at + seconds * SECOND);

/** Seconds from `from` to `to`, to the microsecond; negative where `to` is the earlier. */
export const secondsBetween = (from: Instant, to: Instant): number => (to - from) / SECOND;

const RFC3339 =
  /^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*([Zz]|[+-]\d{2}(?::?\d{2})?)?$/;

/**
 * Reads an RFC 3339 timestamp; one without an offset is UTC, as Prefect's server takes it. Digits beyond the sixth are cut.
 * Null for anything else, including days that no calendar has.
 */
export function parseInstant(text: string): Instant | null {
  const match = RFC3339.exec(text);
  if (!match) return null;
  const [, year, month, day, hour, minute, second = "0", fraction = "", offset = "Z"] = match;
  const [y, mo, d, h, mi, s] = [year, month, day, hour, minute, second].map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (y < 1 || mo < 1 || mo > 12 || d < 1 || d > daysIn(y, mo) || h > 23 || mi > 59 || s > 59) return null;
  const date = new Date(0);
  date.setUTCFullYear(y, mo - 1, d);
  date.setUTCHours(h, mi, s);
  const at =
    date.getTime() * MILLISECOND + Number(fraction.padEnd(6, "0").slice(0, 6)) - offsetSeconds(offset) * SECOND;
  return at >= EARLIEST && at <= LATEST ? instant(at) : null;
}

/** Writes an instant as the wire does: UTC, six digits of a second, `Z`. */
export function formatInstant(at: Instant): string {
  const milliseconds = Math.floor(at / MILLISECOND);
  const rest = at - milliseconds * MILLISECOND;
  return `${new Date(milliseconds).toISOString().slice(0, -1)}${String(rest).padStart(3, "0")}Z`;
}

function daysIn(year: number, month: number): number {
  return new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();
}

function offsetSeconds(offset: string): number {
  if (offset === "Z" || offset === "z") return 0;
  const digits = offset.slice(1).replace(":", "");
  const seconds = Number(digits.slice(0, 2)) * 3600 + Number(digits.slice(2) || 0) * 60;
  return offset[0] === "-" ? -seconds : seconds;
}
