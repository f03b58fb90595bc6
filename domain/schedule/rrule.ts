/**
 * Recurrence rules of RFC 5545 as wall times, as Prefect reads them: several RRULE lines together, minus EXRULE and EXDATE, plus RDATE.
 *
 * A rule goes through its periods (years, months, … minutes) from its start on, `interval` at a time. Each period has a set of days
 * and a set of times of day; BYSETPOS picks from what they make. What is asked for far from the start is reached by counting
 * periods, but for a rule with COUNT, which has to be counted through.
 *
 * SC14 A rule that has nothing due costs no more than one that has: what can never meet is seen from its numbers, and whatever else
 *      looks too long without finding anything is at its end.
 */

import { SECOND } from "../time.ts";
import { civilOf, DAY, dayNumber, dayOf, daysInMonth, HOUR, MINUTE, type Wall, wallOf, weekdayOf } from "./civil.ts";

export type Frequency = "YEARLY" | "MONTHLY" | "WEEKLY" | "DAILY" | "HOURLY" | "MINUTELY";

export interface Rule {
  frequency: Frequency;
  interval: number;
  start: Wall;
  until: Wall | null;
  count: number | null;
  /** 0 for Monday to 6 for Sunday, as all weekdays here. */
  weekStart: number;
  months: ReadonlySet<number> | null;
  monthDays: ReadonlySet<number> | null;
  yearDays: ReadonlySet<number> | null;
  weekNumbers: ReadonlySet<number> | null;
  /** Days from Easter Sunday. */
  easter: ReadonlySet<number> | null;
  weekdays: ReadonlySet<number> | null;
  /** The nth weekday of a year or month, from its end where negative. */
  nthWeekdays: readonly { weekday: number; nth: number }[];
  hours: readonly number[] | null;
  minutes: readonly number[] | null;
  seconds: readonly number[];
  positions: readonly number[];
}

export interface Recurrence {
  rules: readonly Rule[];
  excludedRules: readonly Rule[];
  dates: readonly Wall[];
  excludedDates: readonly Wall[];
}

/** What comes once an hour or more often comes in each hour that passes, also where a clock shows it twice. */
export const isSubDaily = ({ rules }: Recurrence): boolean =>
  rules.some(({ frequency, hours }) => (frequency === "HOURLY" || frequency === "MINUTELY") && hours === null);

/** Days and times that may be looked at in vain, one after another: ten years of days, for a few rules. */
const MOST_IN_VAIN = 20_000;

/** How much may still be looked at in vain before the next due time is found. */
class Patience {
  #left = MOST_IN_VAIN;

  /** One more was not due. False where that was one too many. */
  bears(): boolean {
    this.#left -= 1;
    return this.#left >= 0;
  }

  /** Something was found. */
  renew(): void {
    this.#left = MOST_IN_VAIN;
  }
}

/** The wall times from `from` to `to`, in order, each once. */
export function* recurrenceWalls(recurrence: Recurrence, from: Wall, to: Wall): Generator<Wall> {
  const patience = new Patience();
  const excluded = merged(recurrence.excludedRules, recurrence.excludedDates, { from, to, patience });
  let hole = excluded.next();
  for (const wall of merged(recurrence.rules, recurrence.dates, { from, to, patience })) {
    while (!hole.done && hole.value < wall) {
      hole = excluded.next();
      // Whether this one is excluded would not be known any more.
      if (!patience.bears()) return;
    }
    if (!hole.done && hole.value === wall) {
      if (!patience.bears()) return;
      continue;
    }
    patience.renew();
    yield wall;
  }
}

/** What is looked through, and how long. */
interface Look {
  from: Wall;
  to: Wall;
  patience: Patience;
}

function* merged(rules: readonly Rule[], dates: readonly Wall[], look: Look): Generator<Wall> {
  const listed = dates.filter((date) => date >= look.from && date <= look.to).sort((a, b) => a - b);
  const sources = [...rules.map((rule) => ruleWalls(rule, look)), listed.values()];
  const heads = sources.map((source) => source.next());
  for (;;) {
    let least: Wall | null = null;
    for (const { done, value } of heads) if (!done && (least === null || value < least)) least = value;
    if (least === null) return;
    yield least;
    for (const [at, head] of heads.entries())
      if (!head.done && head.value === least) heads[at] = (sources[at] as Iterator<Wall>).next();
  }
}

function* ruleWalls(rule: Rule, { from, to, patience }: Look): Generator<Wall> {
  if (rule.positions.length > 0 && rule.positions.every((position) => Math.abs(position) > mostInPeriod(rule))) return;
  const end = rule.until === null ? to : (Math.min(to, rule.until) as Wall);
  let left = rule.count ?? Number.POSITIVE_INFINITY;
  const beginning = rule.count === null ? (Math.max(from, rule.start) as Wall) : rule.start;
  for (const period of periods(rule, { from: beginning, to: end, patience })) {
    let isEmpty = true;
    for (const wall of inPeriod(rule, period, beginning, patience)) {
      isEmpty = false;
      if (wall < rule.start) continue;
      if (wall > end) return;
      left -= 1;
      if (left < 0) return;
      if (wall >= from) yield wall;
    }
    if (isEmpty && !patience.bears()) return;
  }
}

/** Most times of a period: a position beyond them is that of none. */
const mostInPeriod = ({ frequency, hours, minutes, seconds }: Rule): number =>
  DAYS_OF[frequency] * (hours?.length ?? 1) * (minutes?.length ?? 1) * seconds.length;
const DAYS_OF: { readonly [F in Frequency]: number } = {
  ...{ YEARLY: 366, MONTHLY: 31, WEEKLY: 7, DAILY: 1, HOURLY: 1, MINUTELY: 1 },
};

/** Days from `first` to before `last`, and the times of day in them; null: those of the rule. */
interface Period {
  first: number;
  last: number;
  hour: number | null;
  minute: number | null;
}

/** The periods of a rule that can hold something of a look. */
function* periods(rule: Rule, look: Look): Generator<Period> {
  const { from, to } = look;
  const { frequency, interval, start } = rule;
  const lastDay = dayOf(to);
  const startDay = dayOf(start);
  const startDate = civilOf(startDay);
  const fromDate = civilOf(dayOf(from));
  /** The first of 0, interval, 2 · interval … that is not before `steps`. */
  const aligned = (steps: number): number => Math.max(0, Math.ceil(steps / interval) * interval);
  const whole = { hour: null, minute: null };
  switch (frequency) {
    case "YEARLY":
      for (let year = startDate.year + aligned(fromDate.year - startDate.year); ; year += interval) {
        const first = dayNumber(year, 1, 1);
        if (first > lastDay) return;
        yield { first, last: dayNumber(year + 1, 1, 1), ...whole };
      }
    case "MONTHLY": {
      const index = startDate.year * 12 + startDate.month - 1;
      for (let month = index + aligned(fromDate.year * 12 + fromDate.month - 1 - index); ; month += interval) {
        const [year, number] = [Math.floor(month / 12), (month % 12) + 1];
        const first = dayNumber(year, number, 1);
        if (first > lastDay) return;
        yield { first, last: dayNumber(year, number + 1, 1), ...whole };
      }
    }
    case "WEEKLY": {
      const week = startDay - ((mondayBased(startDay) - rule.weekStart + 7) % 7);
      for (
        let first = week + 7 * aligned(Math.floor((dayOf(from) - week) / 7));
        first <= lastDay;
        first += 7 * interval
      )
        yield { first, last: first + 7, ...whole };
      return;
    }
    case "DAILY":
      for (let day = startDay + aligned(dayOf(from) - startDay); day <= lastDay; day += interval)
        yield { first: day, last: day + 1, ...whole };
      return;
    case "HOURLY":
    case "MINUTELY":
      yield* shortPeriods(rule, look);
      return;
    default:
      frequency satisfies never;
  }
}

/** Hours or minutes. Days that a rule leaves out are passed by as a whole, and so are times of day that it leaves out. */
function* shortPeriods(rule: Rule, { from, to, patience }: Look): Generator<Period> {
  const unit = rule.frequency === "HOURLY" ? HOUR : MINUTE;
  const step = unit * rule.interval;
  const origin = Math.floor(rule.start / unit) * unit;
  const first = Math.max(origin, Math.floor(from / unit) * unit);
  const slots = slotsOf(rule, unit, origin, step);
  if (slots.length === 0) return;
  const allowed = new Set(slots);
  let day = dayOf(first as Wall);
  while (day * DAY <= to) {
    const begins = day * DAY;
    const aligned = origin + Math.ceil((begins - origin) / step) * step;
    if (aligned >= begins + DAY) {
      day = dayOf(aligned as Wall);
      continue;
    }
    if (!onDay(rule, day)) {
      if (!patience.bears()) return;
    } else {
      const stepped = DAY / step < slots.length;
      const times = stepped ? upTo(aligned, begins + DAY, step) : slots.map((slot) => begins + slot);
      for (const at of times) {
        if (at > to) return;
        if (at < first || (stepped ? !allowed.has(at - begins) : (at - origin) % step !== 0)) {
          if (!patience.bears()) return;
          continue;
        }
        const hour = Math.floor((at - begins) / HOUR);
        const minute = unit === MINUTE ? Math.floor(((at - begins) % HOUR) / MINUTE) : null;
        yield { first: day, last: day + 1, hour, minute };
      }
    }
    day += 1;
  }
}

/** The times of day, in whole hours or minutes, that a rule names and its steps can ever meet. */
function slotsOf({ hours, minutes }: Rule, unit: number, origin: number, step: number): number[] {
  const common = greatestCommon(step, DAY);
  return [...upTo(0, DAY, unit)].filter(
    (slot) =>
      (origin - slot) % common === 0 &&
      (hours === null || hours.includes(Math.floor(slot / HOUR))) &&
      (unit === HOUR || minutes === null || minutes.includes((slot % HOUR) / MINUTE)),
  );
}

function* upTo(first: number, end: number, step: number): Generator<number> {
  for (let at = first; at < end; at += step) yield at;
}

const greatestCommon = (a: number, b: number): number => (b === 0 ? a : greatestCommon(b, a % b));

function* inPeriod(rule: Rule, period: Period, from: Wall, patience: Patience): Generator<Wall> {
  const times = timesOf(rule, period);
  const days: number[] = [];
  // Positions count from a period's own beginning.
  const begins = rule.positions.length > 0 ? period.first : Math.max(period.first, dayOf(from));
  for (let day = begins; day < period.last; day++) {
    if (!onDay(rule, day)) {
      if (!patience.bears()) return;
      continue;
    }
    if (rule.positions.length > 0) days.push(day);
    else for (let at = times.firstFrom(from - day * DAY); at < times.count; at++) yield wallOf(day, times.at(at));
  }
  const total = days.length * times.count;
  const picked = new Set<number>();
  for (const position of rule.positions) {
    const index = position > 0 ? position - 1 : total + position;
    if (index >= 0 && index < total) picked.add(index);
  }
  for (const index of [...picked].sort((a, b) => a - b))
    yield wallOf(days[Math.floor(index / times.count)] as number, times.at(index % times.count));
}

/** The times of a day, in order. Written down they could be all seconds of one: they are counted instead. */
interface Times {
  count: number;
  at(index: number): number;
  /** The first one in the hour of a time of day, or after it. */
  firstFrom(ofDay: number): number;
}

function timesOf(rule: Rule, { hour, minute }: Period): Times {
  const hours = hour === null ? (rule.hours ?? []) : [hour];
  const minutes = minute === null ? (rule.minutes ?? []) : [minute];
  const { seconds } = rule;
  const anHour = minutes.length * seconds.length;
  return {
    count: hours.length * anHour,
    at: (index) => {
      const [h, rest] = [Math.floor(index / anHour), index % anHour];
      const [m, s] = [Math.floor(rest / seconds.length), rest % seconds.length];
      return (hours[h] as number) * HOUR + (minutes[m] as number) * MINUTE + (seconds[s] as number) * SECOND;
    },
    firstFrom: (ofDay) => hours.filter((h) => (h + 1) * HOUR <= ofDay).length * anHour,
  };
}

/** 0 for Monday to 6 for Sunday. */
const mondayBased = (day: number): number => (weekdayOf(day) + 6) % 7;

/** Whether the rule's filters let a day through. */
function onDay(rule: Rule, day: number): boolean {
  const date = civilOf(day);
  if (rule.months !== null && !rule.months.has(date.month)) return false;
  if (rule.weekdays !== null && !rule.weekdays.has(mondayBased(day))) return false;
  if (rule.monthDays !== null) {
    const fromEnd = date.day - daysInMonth(date.year, date.month) - 1;
    if (!rule.monthDays.has(date.day) && !rule.monthDays.has(fromEnd)) return false;
  }
  if (rule.yearDays !== null) {
    const ofYear = day - dayNumber(date.year, 1, 1) + 1;
    const fromEnd = day - dayNumber(date.year + 1, 1, 1);
    if (!rule.yearDays.has(ofYear) && !rule.yearDays.has(fromEnd)) return false;
  }
  if (rule.nthWeekdays.length > 0 && !isNthWeekday(rule, day)) return false;
  if (rule.weekNumbers !== null && !inWeek(rule, day, rule.weekNumbers)) return false;
  return rule.easter === null || rule.easter.has(day - easterOf(date.year));
}

function isNthWeekday(rule: Rule, day: number): boolean {
  const { year, month } = civilOf(day);
  const byMonth = rule.frequency === "MONTHLY" || rule.months !== null;
  const first = byMonth ? dayNumber(year, month, 1) : dayNumber(year, 1, 1);
  const last = (byMonth ? dayNumber(year, month + 1, 1) : dayNumber(year + 1, 1, 1)) - 1;
  return rule.nthWeekdays.some(({ weekday, nth }) => {
    if (mondayBased(day) !== weekday) return false;
    return nth > 0 ? Math.floor((day - first) / 7) + 1 === nth : -(Math.floor((last - day) / 7) + 1) === nth;
  });
}

/** Whether a day lies in a week of these numbers: the first week of a year has at least four of its days. */
function inWeek(rule: Rule, day: number, numbers: ReadonlySet<number>): boolean {
  const startOfYear = (year: number): number => {
    const fourth = dayNumber(year, 1, 4);
    return fourth - ((mondayBased(fourth) - rule.weekStart + 7) % 7);
  };
  const { year } = civilOf(day);
  const weekYear = day >= startOfYear(year + 1) ? year + 1 : day >= startOfYear(year) ? year : year - 1;
  const first = startOfYear(weekYear);
  const weeks = (startOfYear(weekYear + 1) - first) / 7;
  const number = Math.floor((day - first) / 7) + 1;
  return numbers.has(number) || numbers.has(number - weeks - 1);
}

/** Easter Sunday by the Gregorian calendar (Meeus), as days since 1970. */
function easterOf(year: number): number {
  const a = year % 19;
  const [b, c] = [Math.floor(year / 100), year % 100];
  const [d, e] = [Math.floor(b / 4), b % 4];
  const g = Math.floor((8 * b + 13) / 25);
  const h = (19 * a + b - d - g + 15) % 30;
  const [i, k] = [Math.floor(c / 4), c % 4];
  const l = (32 + 2 * e + 2 * i - h - k) % 7;
  const m = Math.floor((a + 11 * h + 19 * l) / 433);
  const month = Math.floor((h + l - 7 * m + 90) / 25);
  return dayNumber(year, month, (h + l - 7 * m + 33 * month + 19) % 32);
}
