/** Recurrence rules as text: one RRULE, or lines of DTSTART, RRULE, RDATE, EXRULE and EXDATE. */
import { SECOND } from "../time.ts";
import { civilOf, DAY, dayNumber, dayOf, daysInMonth, HOUR, MINUTE, type Wall, wallOf, weekdayOf } from "./civil.ts";
import type { Frequency, Recurrence, Rule } from "./rrule.ts";

/** Longest text that is taken, in characters: about a year of dates. */
const LONGEST = 6500;
/** Most occurrences that the COUNTs of all rules may ask for: a rule that counts has to be counted through from its start. */
const MOST_COUNTED = 20_000;
/** The last year in which a rule may start, or a date may be: what is due later is a slip of the pen. */
const LAST_YEAR = 2200;
/** Where a rule without DTSTART starts. */
const DEFAULT_START = wallOf(dayNumber(2020, 1, 1), 0);

const FREQUENCIES: readonly string[] = [
  "YEARLY",
  "MONTHLY",
  "WEEKLY",
  "DAILY",
  "HOURLY",
  "MINUTELY",
] satisfies Frequency[];
const WEEKDAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];

/** What may stand between a property and its colon, as Prefect's programs take it. */
const DATE_DETAIL = /^(?:TZID=.+|VALUE=DATE(?:-TIME)?)$/;
const DETAILS: Readonly<Record<string, RegExp>> = {
  DTSTART: DATE_DETAIL,
  EXDATE: DATE_DETAIL,
  RDATE: /^VALUE=DATE-TIME$/,
};

class Fault extends Error {}

/** Reads a rule; text says why it is none. Zones named in it do not count: its wall times are those of the schedule's zone. */
export function parseRecurrence(text: string): Recurrence | string {
  try {
    if (text.length > LONGEST) throw new Fault(`max length is ${LONGEST}, got ${text.length}`);
    return read(text);
  } catch (error) {
    if (error instanceof Fault) return `Invalid RRule string "${text.slice(0, 100)}": ${error.message}`;
    throw error;
  }
}

/** The text with a start where it had none: one that says nothing starts with 2020, in UTC if its end says UTC. */
export function withStart(text: string): string {
  if (/DTSTART/i.test(text)) return text;
  const ends = [...text.toUpperCase().matchAll(/UNTIL=([^;\s]*)/g)];
  const zone = ends.some(([, date = ""]) => isZoned(date)) ? "Z" : "";
  return `DTSTART:20200101T000000${zone}\n${text}`;
}

function read(text: string): Recurrence {
  const lines = text
    .toUpperCase()
    .split(/\s+/)
    .filter((line) => line !== "");
  if (lines.length === 0) throw new Fault("empty string");
  const found: { [property: string]: string[] } = { RRULE: [], EXRULE: [], RDATE: [], EXDATE: [] };
  let start = DEFAULT_START;
  let zoned = false;
  for (const line of lines) {
    const colon = line.indexOf(":");
    const [property = "", ...details] = colon < 0 ? ["RRULE"] : line.slice(0, colon).split(";");
    const value = line.slice(colon + 1);
    if (property === "DTSTART") {
      start = dueDate(value);
      zoned = isZoned(value) || details.some((detail) => detail.startsWith("TZID="));
    } else if (Object.hasOwn(found, property)) (found[property] as string[]).push(value);
    else throw new Fault(`unsupported property: ${property}`);
    const strange = details.find((detail) => !DETAILS[property]?.test(detail));
    if (strange !== undefined) throw new Fault(`unsupported ${property} parm: ${strange}`);
  }
  const { RRULE = [], EXRULE = [], RDATE = [], EXDATE = [] } = found;
  if (RRULE.length === 0 && RDATE.length === 0 && EXDATE.length === 0) throw new Fault("it holds no rule");
  const [rules, excludedRules] = [RRULE, EXRULE].map((all) => all.map((rule) => readRule(rule, { start, zoned }))) as [
    Rule[],
    Rule[],
  ];
  const counted = [...rules, ...excludedRules].reduce((sum, { count }) => sum + (count ?? 0), 0);
  if (counted > MOST_COUNTED)
    throw new Fault(`invalid 'COUNT': ${counted} (at most ${MOST_COUNTED} are counted; UNTIL has no such bound)`);
  return {
    rules,
    excludedRules,
    dates: RDATE.flatMap((value) => value.split(",").map(dueDate)),
    excludedDates: EXDATE.flatMap((value) => value.split(",").map(dateOf)),
  };
}

/** A date on which something may be due. */
function dueDate(text: string): Wall {
  const date = dateOf(text);
  if (civilOf(dayOf(date)).year > LAST_YEAR) throw new Fault(`"${text}" lies after the year ${LAST_YEAR}`);
  return date;
}

const DATE = /^(\d{4})-?(\d{2})-?(\d{2})(?:T?(\d{2}):?(\d{2})(?::?(\d{2}))?(?:Z|[+-]\d{2}:?\d{2})?)?$/;

function dateOf(text: string): Wall {
  const match = DATE.exec(text);
  if (!match) throw new Fault(`"${text}" is no date`);
  const [year, month, day, hour, minute, second] = match.slice(1).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const real = month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month);
  if (year < 1 || !real || hour > 23 || minute > 59 || second > 59) throw new Fault(`"${text}" is no date`);
  return wallOf(dayNumber(year, month, day), hour * HOUR + minute * MINUTE + second * SECOND);
}

/** Whether a date says its zone: by a Z, or by an offset. */
const isZoned = (date: string): boolean => /(?:Z|T\d.*[+-]\d{2}:?\d{2})$/.test(date);

/** Where a rule starts; `zoned`: its date says in which zone. */
interface Start {
  start: Wall;
  zoned: boolean;
}

function readRule(text: string, { start, zoned }: Start): Rule {
  const parts = new Map<string, string>();
  for (const pair of text.split(";")) {
    const [name, value, ...more] = pair.split("=");
    if (!name || value === undefined || more.length > 0) throw new Fault(`"${pair}" is not of the form NAME=VALUE`);
    if (!KNOWN.has(name)) throw new Fault(`unknown parameter '${name}'`);
    if (parts.has(name)) throw new Fault(`'${name}' is said twice`);
    parts.set(name, value);
  }
  const frequency = parts.get("FREQ") ?? "";
  if (frequency === "SECONDLY") throw new Fault("a schedule goes by minutes: FREQ is at most MINUTELY");
  if (!FREQUENCIES.includes(frequency)) throw new Fault(`invalid 'FREQ': ${frequency}`);
  const numbers = (name: string, low: number, high: number): number[] | null => {
    const value = parts.get(name);
    return value === undefined ? null : value.split(",").map((item) => numberOf(name, item, low, high));
  };
  const signed = (name: string, most: number): ReadonlySet<number> | null => {
    const values = numbers(name, -most, most);
    if (values?.includes(0)) throw new Fault(`invalid '${name}': 0`);
    return values && new Set(values);
  };
  const single = (name: string, low: number, high: number): number | null => {
    const value = parts.get(name);
    return value === undefined ? null : numberOf(name, value, low, high);
  };
  const days = weekdaysOf(parts.get("BYDAY") ?? parts.get("BYWEEKDAY"), frequency as Frequency);
  const count = single("COUNT", 0, Number.MAX_SAFE_INTEGER);
  const until = parts.get("UNTIL");
  if (until?.includes(":")) throw new Fault(`invalid 'UNTIL': ${until} (write it like 20261231T000000Z)`);
  // Prefect's programs cannot read a rule that mixes the two, and with it no list that it is in.
  if (until !== undefined && isZoned(until) !== zoned)
    throw new Fault(
      zoned
        ? "DTSTART says its zone, so UNTIL has to say UTC: write it with a Z at its end"
        : "UNTIL says UTC and DTSTART no zone: write both with a Z at their end, or both without",
    );
  const weekStart = WEEKDAYS.indexOf(parts.get("WKST") ?? "MO");
  if (weekStart < 0) throw new Fault(`invalid 'WKST': ${parts.get("WKST")}`);
  const rule: Rule = {
    frequency: frequency as Frequency,
    interval: single("INTERVAL", 1, 1_000_000) ?? 1,
    start,
    until: until === undefined ? null : dateOf(until),
    count,
    weekStart,
    months: setOf(numbers("BYMONTH", 1, 12)),
    monthDays: signed("BYMONTHDAY", 31),
    yearDays: signed("BYYEARDAY", 366),
    weekNumbers: signed("BYWEEKNO", 53),
    easter: setOf(numbers("BYEASTER", -366, 366)),
    weekdays: days.every,
    nthWeekdays: days.nth,
    hours: ordered(numbers("BYHOUR", 0, 23)),
    minutes: ordered(numbers("BYMINUTE", 0, 59)),
    seconds: ordered(numbers("BYSECOND", 0, 59)) ?? [],
    positions: [...(signed("BYSETPOS", 366) ?? [])],
  };
  return completed(rule, days.nth.length > 0 || days.every !== null);
}

const KNOWN = new Set(
  `FREQ INTERVAL COUNT UNTIL WKST BYMONTH BYMONTHDAY BYYEARDAY BYWEEKNO BYEASTER BYDAY BYWEEKDAY BYHOUR BYMINUTE BYSECOND BYSETPOS`.split(
    " ",
  ),
);

/** What a rule does not say, its start says. */
function completed(rule: Rule, hasWeekdays: boolean): Rule {
  const { frequency, start } = rule;
  const day = dayOf(start);
  const date = civilOf(day);
  const ofDay = start - day * DAY;
  const saysDays =
    rule.weekNumbers !== null ||
    rule.yearDays !== null ||
    rule.monthDays !== null ||
    hasWeekdays ||
    rule.easter !== null;
  const days: Partial<Rule> = {};
  if (!saysDays && frequency === "YEARLY" && rule.months === null) days.months = new Set([date.month]);
  if (!saysDays && (frequency === "YEARLY" || frequency === "MONTHLY")) days.monthDays = new Set([date.day]);
  if (!saysDays && frequency === "WEEKLY") days.weekdays = new Set([(weekdayOf(day) + 6) % 7]);
  const short = frequency === "HOURLY" || frequency === "MINUTELY";
  return {
    ...rule,
    ...days,
    hours: rule.hours ?? (short ? null : [Math.floor(ofDay / HOUR)]),
    minutes: rule.minutes ?? (frequency === "MINUTELY" ? null : [Math.floor((ofDay % HOUR) / MINUTE)]),
    seconds: rule.seconds.length > 0 ? rule.seconds : [Math.floor((ofDay % MINUTE) / SECOND)],
  };
}

function weekdaysOf(
  text: string | undefined,
  frequency: Frequency,
): { every: ReadonlySet<number> | null; nth: { weekday: number; nth: number }[] } {
  const every = new Set<number>();
  const nth: { weekday: number; nth: number }[] = [];
  for (const item of text?.split(",") ?? []) {
    const match = /^([+-]?\d+)?(MO|TU|WE|TH|FR|SA|SU)(?:\(([+-]?\d+)\))?$/.exec(item);
    const number = Number(match?.[1] ?? match?.[3] ?? 0);
    const isNone = number === 0 && (match?.[1] ?? match?.[3]) !== undefined;
    if (!match || isNone || Math.abs(number) > 53) throw new Fault(`invalid 'BYDAY': ${item}`);
    const weekday = WEEKDAYS.indexOf(match[2] as string);
    if (number !== 0 && (frequency === "YEARLY" || frequency === "MONTHLY")) nth.push({ weekday, nth: number });
    else every.add(weekday);
  }
  return { every: every.size > 0 ? every : null, nth };
}

function numberOf(name: string, text: string, low: number, high: number): number {
  const value = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= low && value <= high)) throw new Fault(`invalid '${name}': ${text} (it goes from ${low} to ${high})`);
  return value;
}

const setOf = (values: number[] | null): ReadonlySet<number> | null => values && new Set(values);
const ordered = (values: number[] | null): number[] | null => values && [...new Set(values)].sort((a, b) => a - b);
