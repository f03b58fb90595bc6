/**
 * Cron patterns of five fields, as Prefect reads them: minute, hour, day of month, month, day of week.
 *
 * Beyond plain numbers, ranges and steps: names of months and weekdays, ranges that wrap round (`22-2`, `FRI-MON`), a start with a
 * step (`5/15`), `L` for the last day of a month, `5#2` for its second Friday, `L5` for its last, `?` for `*`, and `@daily` and its
 * kin. A range from a value to itself is the whole cycle. Seconds are refused.
 */
import {
  type Civil,
  civilOf,
  DAY,
  dayNumber,
  dayOf,
  daysInMonth,
  HOUR,
  MINUTE,
  type Wall,
  wallOf,
  weekdayOf,
} from "./civil.ts";

export interface Cron {
  minutes: readonly number[];
  hours: readonly number[];
  /** Months by number; the first entry is not used. */
  months: readonly boolean[];
  onDay(date: Civil, weekday: number): boolean;
  /** The hour field names no hour: what comes once an hour comes in each hour that passes, also where a clock shows it twice. */
  everyHour: boolean;
}

interface Field {
  name: string;
  low: number;
  high: number;
  names: readonly string[];
  /** The number of the first name. */
  first: number;
}

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

const MINUTE_FIELD: Field = { name: "minute", low: 0, high: 59, names: [], first: 0 };
const HOUR_FIELD: Field = { name: "hour", low: 0, high: 23, names: [], first: 0 };
const DAY_FIELD: Field = { name: "day", low: 1, high: 31, names: [], first: 0 };
const MONTH_FIELD: Field = { name: "month", low: 1, high: 12, names: MONTHS, first: 1 };
const WEEKDAY_FIELD: Field = { name: "day of week", low: 0, high: 6, names: WEEKDAYS, first: 0 };

const ALIASES: { [alias: string]: string } = {
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *",
  "@daily": "0 0 * * *",
  "@weekly": "0 0 * * 0",
  "@monthly": "0 0 1 * *",
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
};

/** What a field lets through: null for all of it. */
type Values = ReadonlySet<number> | null;
/** Which of a month's weekdays of a name: its first to fifth, or its last. */
type Nth = Map<number, Set<number | "last">>;

class Fault extends Error {}

/** Reads a pattern; text says why it is none. `dayOr`: where both fields of days are set, either of them suffices. */
export function parseCron(text: string, dayOr: boolean): Cron | string {
  try {
    return read(text, dayOr);
  } catch (error) {
    if (error instanceof Fault) return `Invalid cron string: "${text}" (${error.message})`;
    throw error;
  }
}

function read(text: string, dayOr: boolean): Cron {
  const lower = text.toLowerCase();
  const fields = (ALIASES[lower] ?? lower).split(/\s+/).filter((field) => field !== "");
  if (fields.length === 6 || fields.length === 7)
    throw new Fault("a schedule goes by minutes: it has five fields and none for seconds");
  if (fields.length !== 5) throw new Fault("it takes five fields: minute, hour, day, month, day of week");
  const [minute, hour, day, month, weekday] = fields as [string, string, string, string, string];
  const days = readField(day === "?" ? "*" : day, DAY_FIELD);
  const weekdays = readField(weekday === "?" ? "*" : weekday, WEEKDAY_FIELD);
  const nth = weekdays.nth;
  if (nth.size > 0 && weekdays.values.size < 7 && [...weekdays.values].some((value) => !nth.has(value)))
    throw new Fault("weekdays and nth weekdays cannot be mixed");
  // A field that names every value counts as none, unless the other one names some: then either of them suffices.
  const anyDay = days.star || (days.values.size === 31 && weekday.includes("*"));
  const anyWeekday = weekdays.star || (weekdays.values.size === 7 && nth.size === 0 && day.includes("*"));
  const months = readField(month, MONTH_FIELD);
  const hours = readField(hour, HOUR_FIELD);
  return {
    minutes: sorted(readField(minute, MINUTE_FIELD), MINUTE_FIELD),
    hours: sorted(hours, HOUR_FIELD),
    months: Array.from({ length: 13 }, (_, number) => months.star || months.values.has(number)),
    onDay: dayRule(anyDay ? null : days.values, days.last, anyWeekday ? null : weekdays.values, nth, dayOr),
    everyHour: hours.star || hours.values.size === 24,
  };
}

function dayRule(days: Values, last: boolean, weekdays: Values, nth: Nth, dayOr: boolean): Cron["onDay"] {
  const byDay = ({ year, month, day }: Civil): boolean =>
    days === null || days.has(day) || (last && day === daysInMonth(year, month));
  if (nth.size > 0) {
    const byNth = ({ year, month, day }: Civil, weekday: number): boolean => {
      const wanted = nth.get(weekday);
      if (!wanted) return false;
      return wanted.has(Math.ceil(day / 7)) || (wanted.has("last") && day + 7 > daysInMonth(year, month));
    };
    // With "or", the days of the month add nothing to an nth weekday: so it is where this dialect comes from.
    return dayOr ? byNth : (date, weekday) => byDay(date) && byNth(date, weekday);
  }
  if (weekdays === null) return byDay;
  if (days === null) return (_, weekday) => weekdays.has(weekday);
  return dayOr
    ? (date, weekday) => byDay(date) || weekdays.has(weekday)
    : (date, weekday) => byDay(date) && weekdays.has(weekday);
}

interface ReadField {
  star: boolean;
  values: Set<number>;
  /** The last day of the month. */
  last: boolean;
  nth: Nth;
}

function sorted({ star, values }: ReadField, { low, high }: Field): number[] {
  return star ? range(low, high, 1) : [...values].sort((a, b) => a - b);
}

const NTH = /^(?:(\w+|[a-z]{3}-[a-z]{3})#(\d+)|l(\d+))$/;
const STEPPED = /^([^-]+)-([^-/]+)(?:\/(\d+))?$/;

function readField(text: string, field: Field): ReadField {
  const found: ReadField = { star: text === "*", values: new Set(), last: false, nth: new Map() };
  if (found.star) return found;
  for (const item of text.split(",")) readItem(item, field, found);
  return found;
}

function readItem(item: string, field: Field, found: ReadField): void {
  const special = field === WEEKDAY_FIELD ? NTH.exec(item) : null;
  const which = special && (special[3] === undefined ? Number(special[2]) : "last");
  if (which !== null && which !== "last" && (which < 1 || which > 5))
    throw new Fault(`a month has a first to fifth weekday, not a ${which}th`);
  const plain = special ? (special[3] ?? (special[1] as string)) : item;
  if (field === DAY_FIELD && plain === "l") {
    found.last = true;
    return;
  }
  for (const value of valuesOf(plain, field)) {
    found.values.add(value);
    if (which === null) continue;
    const all = found.nth.get(value) ?? new Set();
    found.nth.set(value, all.add(which));
  }
}

function valuesOf(item: string, field: Field): number[] {
  const { low, high } = field;
  if (item === "*") return range(low, high, 1);
  const spelled = item.replace(/^\*(?=\/)/, `${low}-${high}`);
  const stepped = STEPPED.exec(spelled) ?? STEPPED.exec(spelled.replace(/^(.+)\/(.+)$/, `$1-${high}/$2`));
  if (!stepped) return [numberOf(item, field)];
  const [, from, to, step = "1"] = stepped as unknown as [string, string, string, string?];
  return spread(
    numberOf(from, field),
    numberOf(field === DAY_FIELD && to === "l" ? "31" : to, field),
    Number(step),
    field,
  );
}

/** The values of a range. One that ends before it begins goes on from the start; by how much the step carries over is the dialect's. */
function spread(from: number, to: number, step: number, { low, high }: Field): number[] {
  if (step < 1) throw new Fault("a step is at least 1");
  if (from === to) return range(low, high, step);
  if (from < to) return range(from, to, step);
  const tail = range(from, high, step);
  const left = high - (tail.at(-1) as number);
  return [...tail, ...range(low + (step > left + 1 ? step - left : 0), to, step)];
}

function range(from: number, to: number, step: number): number[] {
  const values: number[] = [];
  for (let value = from; value <= to; value += step) values.push(value);
  return values;
}

function numberOf(text: string, field: Field): number {
  const named = field.names.indexOf(text);
  if (named < 0 && !/^\d+$/.test(text)) throw new Fault(`"${text}" is no ${field.name}`);
  const value = named < 0 ? Number(text) : named + field.first;
  // Sunday is 0, and 7 too.
  if (field === WEEKDAY_FIELD && value === 7) return 0;
  if (value < field.low || value > field.high)
    throw new Fault(`the ${field.name} goes from ${field.low} to ${field.high}, ${value} is beyond it`);
  return value;
}

/** The wall times that a pattern names, from `from` to `to`, in order. */
export function* cronWalls(cron: Cron, from: Wall, to: Wall): Generator<Wall> {
  const last = dayOf(to);
  for (let day = dayOf(from); day <= last; day++) {
    const date = civilOf(day);
    if (!cron.months[date.month]) {
      day = dayNumber(date.year, date.month + 1, 1) - 1;
      continue;
    }
    if (!cron.onDay(date, weekdayOf(day))) continue;
    for (const hour of cron.hours) {
      // Days of the past are passed by as a whole.
      if (day * DAY + (hour + 1) * HOUR <= from) continue;
      for (const minute of cron.minutes) {
        const wall = wallOf(day, hour * HOUR + minute * MINUTE);
        if (wall > to) return;
        if (wall >= from) yield wall;
      }
    }
  }
}
