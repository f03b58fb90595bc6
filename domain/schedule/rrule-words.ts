/**
 * A recurrence rule in words: «Every 2 weeks on Monday and Friday at 09:30, from 5 Jan 2026». What it says is what `rrule.ts` does; for
 * rules that would need a paragraph there are no words.
 */
import { civilOf, DAY, dayOf, HOUR, MINUTE, type Wall } from "./civil.ts";
import type { Frequency, Recurrence, Rule } from "./rrule.ts";
import { parseRecurrence, withStart } from "./rrule-text.ts";

const UNITS: { readonly [F in Frequency]: string } = {
  YEARLY: "year",
  MONTHLY: "month",
  WEEKLY: "week",
  DAILY: "day",
  HOURLY: "hour",
  MINUTELY: "minute",
};
const WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const MONTHS = "January February March April May June July August September October November December".split(" ");
/** Times of a day, and dates, that are listed; of more only the number is said. */
const MOST_LISTED = 6;

/** The words for a rule's text; null where there are none, or where it is no rule. Times are those of the schedule's zone. */
export function ruleWords(text: string): string | null {
  const recurrence = parseRecurrence(withStart(text));
  return typeof recurrence === "string" ? null : recurrenceWords(recurrence);
}

function recurrenceWords({ rules, excludedRules, dates, excludedDates }: Recurrence): string | null {
  const [rule, ...others] = rules;
  if (!rule || others.length > 0 || excludedRules.length > 0 || isIntricate(rule)) return null;
  const { frequency, interval, until, count, start } = rule;
  const unit = UNITS[frequency];
  const every = interval === 1 ? `Every ${unit}` : `Every ${interval} ${unit}s`;
  const limits = [
    // The start says which of the periods are meant, and from where they are counted.
    (interval > 1 || count !== null) && `from ${dateWords(start)}`,
    until !== null && `until ${dateWords(until)}`,
    count !== null && (count === 1 ? "once" : `${count} times`),
    dates.length > 0 && `and on ${listed(dates)}`,
    excludedDates.length > 0 && `but not on ${listed(excludedDates)}`,
  ];
  const main = [every, monthsOf(rule), daysOf(rule), timesOf(rule)].filter(Boolean).join(" ");
  return [main, ...limits.filter((limit) => limit !== false)].join(", ");
}

const isIntricate = ({
  yearDays,
  weekNumbers,
  easter,
  positions,
  nthWeekdays,
  weekdays,
  monthDays,
  seconds,
}: Rule): boolean =>
  yearDays !== null ||
  weekNumbers !== null ||
  easter !== null ||
  seconds.length > 1 ||
  (positions.length > 0 && (weekdays === null || monthDays !== null || nthWeekdays.length > 0)) ||
  (nthWeekdays.length > 0 && (weekdays !== null || monthDays !== null));

const monthsOf = ({ months }: Rule): string =>
  months === null ? "" : `in ${and(sorted(months).map((n) => MONTHS[n - 1]))}`;

function daysOf({ weekdays, monthDays, nthWeekdays, positions, frequency, months }: Rule): string {
  const ofYear = frequency === "YEARLY" && months === null ? " of the year" : "";
  if (nthWeekdays.length > 0)
    return `on ${and(nthWeekdays.map(({ nth, weekday }) => `the ${ordinal(nth)} ${WEEKDAYS[weekday]}${ofYear}`))}`;
  const names = weekdays === null ? "" : weekdayNames(sorted(weekdays));
  const days = monthDays === null ? "" : dayNumbers([...monthDays]);
  if (positions.length > 0) return `on ${and(positions.map((nth) => `the ${ordinal(nth)}`))} day of ${names}`;
  if (names !== "" && days !== "") return `on ${names} where that is ${days}`;
  return names || days ? `on ${names || days}` : "";
}

function weekdayNames(days: readonly number[]): string {
  const [first = 0, last = 0] = [days[0], days.at(-1)];
  const inRow = days.length > 2 && last - first === days.length - 1;
  return inRow ? `${WEEKDAYS[first]} through ${WEEKDAYS[last]}` : and(days.map((day) => WEEKDAYS[day]));
}

function dayNumbers(days: readonly number[]): string {
  const fromStart = days.filter((day) => day > 0).sort((a, b) => a - b);
  const fromEnd = days.filter((day) => day < 0).sort((a, b) => b - a);
  const start = fromStart.length > 0 ? [`${fromStart.length > 1 ? "days" : "day"} ${and(fromStart.map(String))}`] : [];
  return and([...start, ...fromEnd.map((day) => `the ${ordinal(day)} day`)]);
}

function timesOf({ frequency, hours, minutes, seconds }: Rule): string {
  const second = seconds[0] ?? 0;
  const rest = second === 0 ? "" : `:${two(second)}`;
  if (hours === null) {
    if (minutes === null) return "";
    const [only, more] = minutes;
    if (only === 0 && more === undefined && rest === "") return "on the hour";
    return `at ${minutes.length > 1 ? "minutes" : "minute"} ${and(minutes.map((minute) => `${two(minute)}${rest}`))}`;
  }
  if (minutes === null || (frequency === "MINUTELY" && minutes.length > MOST_LISTED))
    return `in the ${hours.length > 1 ? "hours" : "hour"} from ${and(hours.map((hour) => `${two(hour)}:00`))}`;
  const times = hours.flatMap((hour) => minutes.map((minute) => `${two(hour)}:${two(minute)}${rest}`));
  return times.length > MOST_LISTED ? `at ${times.length} times of the day` : `at ${and(times)}`;
}

function listed(dates: readonly Wall[]): string {
  if (dates.length > MOST_LISTED) return `${dates.length} dates`;
  return and([...dates].sort((a, b) => a - b).map(momentWords));
}

/** A date, with its time where that is not midnight. */
function momentWords(at: Wall): string {
  const ofDay = at - dayOf(at) * DAY;
  const [hour, minute] = [Math.floor(ofDay / HOUR), Math.floor((ofDay % HOUR) / MINUTE)];
  return ofDay === 0 ? dateWords(at) : `${dateWords(at)} ${two(hour)}:${two(minute)}`;
}

function dateWords(at: Wall): string {
  const { year, month, day } = civilOf(dayOf(at));
  return `${day} ${(MONTHS[month - 1] as string).slice(0, 3)} ${year}`;
}

/** «1st», «2nd», «last», «2nd last». */
function ordinal(n: number): string {
  if (n === -1) return "last";
  const size = Math.abs(n);
  const teen = size % 100 > 10 && size % 100 < 14;
  const suffix = teen ? "th" : (["th", "st", "nd", "rd"][size % 10] ?? "th");
  return `${size}${suffix}${n < 0 ? " last" : ""}`;
}

const two = (n: number): string => String(n).padStart(2, "0");
const sorted = (set: ReadonlySet<number>): number[] => [...set].sort((a, b) => a - b);
const and = (words: readonly (string | undefined)[]): string =>
  words.length < 2 ? (words[0] ?? "") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
