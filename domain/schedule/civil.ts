/** Days and wall times without a time zone: what a calendar on the wall shows. */
import { SECOND } from "../time.ts";

declare const wall: unique symbol;
/** What a clock on the wall shows, as the microseconds that UTC would count to show the same. */
export type Wall = number & { readonly [wall]: true };

export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

export interface Civil {
  year: number;
  /** 1 to 12. */
  month: number;
  /** 1 to 31. */
  day: number;
}

const MILLISECONDS_A_DAY = 86_400_000;

/** Days since 1970 of a date; a month or day beyond its range goes on into the next. */
export function dayNumber(year: number, month: number, day: number): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return Math.round(date.getTime() / MILLISECONDS_A_DAY);
}

export function civilOf(day: number): Civil {
  const date = new Date(day * MILLISECONDS_A_DAY);
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
}

/** 0 for Sunday to 6 for Saturday. */
export const weekdayOf = (day: number): number => (((day + 4) % 7) + 7) % 7;

export const daysInMonth = (year: number, month: number): number =>
  dayNumber(year, month + 1, 1) - dayNumber(year, month, 1);

/** The day that a wall time lies on, as days since 1970. */
export const dayOf = (at: Wall): number => Math.floor(at / DAY);

export const wallOf = (day: number, ofDay: number): Wall => (day * DAY + ofDay) as Wall;
