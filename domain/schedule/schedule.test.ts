import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatInstant, type Instant, instant, parseInstant, plusSeconds, SECOND } from "../time.ts";
import { DAY, HOUR } from "./civil.ts";
import { isTimetable, type Schedule, timetableOf } from "./schedule.ts";
import { zoneOf } from "./zone.ts";

const at = (text: string): Instant => parseInstant(text) as Instant;
const cron = (text: string, timezone: string | null = null, dayOr = true): Schedule => ({
  kind: "cron",
  cron: text,
  timezone,
  dayOr,
});
const rrule = (text: string, timezone: string | null = null): Schedule => ({ kind: "rrule", rrule: text, timezone });
const every = (seconds: number, anchor: string, timezone: string | null = null): Schedule => ({
  kind: "interval",
  every: seconds * SECOND,
  anchor: at(anchor),
  timezone,
});

function due(schedule: Schedule, from: string, to: string): string[] {
  const read = timetableOf(schedule);
  if (!isTimetable(read)) throw new Error(read.message);
  return [...read.between(at(from), at(to))].map((one) => formatInstant(one).slice(5, 16));
}

const NEW_YORK = "America/New_York";
/** Clocks go forward at 07:00Z on 8 March 2026, and back at 06:00Z on 1 November. */
const SPRING = ["2026-03-08T05:00:00Z", "2026-03-08T09:00:00Z"] as const;
const AUTUMN = ["2026-11-01T04:00:00Z", "2026-11-01T08:00:00Z"] as const;

test.each([
  ["[SC2] cron in the gap", cron("30 2 * * *", NEW_YORK), SPRING, ["07:30"]],
  [
    "[SC2] cron every hour over the gap",
    cron("0 * * * *", NEW_YORK),
    SPRING,
    ["05:00", "06:00", "07:00", "08:00", "09:00"],
  ],
  ["[SC2] two wall times that become one", cron("30 2-3 * * *", NEW_YORK), SPRING, ["07:30"]],
  ["[SC2] a rule in the gap", rrule("DTSTART:20260101T023000\nRRULE:FREQ=DAILY", NEW_YORK), SPRING, ["06:30"]],
  ["[SC2] days in the gap", every(86_400, "2026-01-01T07:30:00Z", NEW_YORK), SPRING, ["07:30"]],
  ["[SC3] cron once a day, in the hour that comes twice", cron("30 1 * * *", NEW_YORK), AUTUMN, ["05:30"]],
  [
    "[SC3] cron every hour, both times",
    cron("0 * * * *", NEW_YORK),
    AUTUMN,
    ["04:00", "05:00", "06:00", "07:00", "08:00"],
  ],
  ["[SC3] cron in some hours, once", cron("0 0-2 * * *", NEW_YORK), AUTUMN, ["04:00", "05:00", "07:00"]],
  [
    "[SC3] every half hour, in order",
    cron("*/30 * * * *", NEW_YORK),
    AUTUMN,
    ["04:00", "04:30", "05:00", "05:30", "06:00", "06:30", "07:00", "07:30", "08:00"],
  ],
  [
    "[SC3] a rule of every hour, both times",
    rrule("FREQ=HOURLY", NEW_YORK),
    AUTUMN,
    ["04:00", "05:00", "06:00", "07:00", "08:00"],
  ],
  ["[SC3] a rule of every day, once", rrule("DTSTART:20260101T013000\nRRULE:FREQ=DAILY", NEW_YORK), AUTUMN, ["05:30"]],
  ["[SC3] days, the second time", every(86_400, "2026-01-01T06:30:00Z", NEW_YORK), AUTUMN, ["06:30"]],
  ["[SC4] hours that pass", every(5_400, "2026-11-01T04:00:00Z", NEW_YORK), AUTUMN, ["04:00", "05:30", "07:00"]],
  ["[SC4] a day and a half", every(129_600, "2026-10-30T17:00:00Z", NEW_YORK), AUTUMN, ["05:00"]],
] as const)("%s", (_case, schedule, [from, to], expected) => {
  expect(due(schedule, from, to).map((one) => one.slice(6))).toEqual(expected);
});

test("[SC2] the days after a gap keep the hour that it moved them to", () => {
  const daily = every(86_400, "2026-01-01T07:30:00Z", NEW_YORK);
  expect(due(daily, "2026-07-01T00:00:00Z", "2026-07-02T00:00:00Z")).toEqual(["07-01T07:30"]);
});

describe("refused", () => {
  test.each([
    ["[SC1] seconds", "* * * * * *", "none for seconds"],
    ["[SC1] a year", "* * * * * * 2030", "none for seconds"],
    ["[SC1] too few fields", "* * * *", "five fields"],
    ["[SC1] nothing", "", "five fields"],
    ["[SC1] minute 60", "60 * * * *", "from 0 to 59"],
    ["[SC1] day 0", "0 0 0 * *", "from 1 to 31"],
    ["[SC1] no step", "*/0 * * * *", "at least 1"],
    ["[SC1] a word", "0 0 * FOO *", "is no month"],
    ["[SC1] chance", "R * * * *", "is no minute"],
    ["[SC1] a sixth Friday", "0 0 * * 5#6", "first to fifth"],
    ["[SC1] Fridays and a second Monday", "0 0 * * 5,1#2", "cannot be mixed"],
    ["[SC1] below zero", "-1 * * * *", "is no minute"],
    ["[SC1] an empty item", "1,,2 * * * *", "is no minute"],
    ["[SC1] at a start", "@reboot", "five fields"],
  ])("%s", (_case, text, message) => {
    expect(timetableOf(cron(text))).toMatchObject({ field: "cron", message: expect.stringContaining(message) });
  });

  test.each([
    ["[SC6] seconds", "FREQ=SECONDLY", "at most MINUTELY"],
    ["[SC6] nothing", " ", "empty"],
    ["[SC6] a word", "FOO", "NAME=VALUE"],
    ["[SC6] no frequency", "INTERVAL=2", "FREQ"],
    ["[SC6] an interval of nothing", "FREQ=DAILY;INTERVAL=0", "INTERVAL"],
    ["[SC6] 31 February", "DTSTART:20260231T000000\nRRULE:FREQ=DAILY", "is no date"],
    ["[SC6] an unknown part", "FREQ=DAILY;BYMOON=1", "BYMOON"],
    ["[SC6] an unknown line", "RRULE:FREQ=DAILY\nXRULE:FREQ=DAILY", "XRULE"],
    ["[SC6] day 0", "FREQ=MONTHLY;BYMONTHDAY=0", "BYMONTHDAY"],
    ["[SC6] a count that takes for ever", "FREQ=DAILY;COUNT=99999999", "COUNT"],
    ["[SC6] counts that do together", "RRULE:FREQ=DAILY;COUNT=15000\nRRULE:FREQ=HOURLY;COUNT=15000", "COUNT"],
    ["[SC6] a start in the year 9999", "DTSTART:99990101T000000\nRRULE:FREQ=DAILY", "after the year 2200"],
    ["[SC6] a date in the year 9999", "RDATE:99991231T000000", "after the year 2200"],
    [
      "[SC6] an end in UTC after a start that is not",
      "DTSTART:20260101T000000\nFREQ=DAILY;UNTIL=20261231T000000Z",
      "both",
    ],
    ["[SC6] an end without a zone", "DTSTART;TZID=Europe/Paris:20260101T000000\nFREQ=DAILY;UNTIL=20261231", "UTC"],
    ["[SC6] an end with colons", "RRULE:FREQ=DAILY;UNTIL=2026-12-31T00:00:00", "20261231T000000Z"],
    ["[SC6] two intervals in one", "FREQ=DAILY;INTERVAL=1,2", "INTERVAL"],
    ["[SC6] two intervals", "FREQ=DAILY;INTERVAL=1;INTERVAL=2", "twice"],
    ["[SC6] the Monday before the first", "FREQ=MONTHLY;BYDAY=0MO", "BYDAY"],
    ["[SC6] a detail that dates do not have", "FREQ=DAILY\nRDATE;VALUE=DATE:20260103", "VALUE=DATE"],
    ["[SC6] far too long", `RDATE:${"20260101T000000Z,".repeat(500)}`, "max length"],
  ])("%s", (_case, text, message) => {
    expect(timetableOf(rrule(text))).toMatchObject({ field: "rrule", message: expect.stringContaining(message) });
  });

  test.each([0, -1, 0.000_001, 0.5, Number.NaN, 1e15])("[SC7] an interval of %d seconds", (seconds) => {
    expect(timetableOf(every(seconds, "2026-01-01T00:00:00Z"))).toMatchObject({ field: "interval" });
  });

  test.each([
    "Mars/Olympus",
    "+01:00",
    "EST5EDT7",
    " ",
    "../etc/passwd",
    "America/new_york",
    "utc",
    "PST",
    "SystemV/PST8",
  ])("[SC7] the zone %s", (zone) => {
    expect(timetableOf(cron("* * * * *", zone))).toMatchObject({ field: "timezone" });
  });
});

test.each([
  ["[SC7] an alias of a zone", "US/Eastern"],
  ["[SC7] no zone", ""],
  ["[SC7] a zone without a place", "Etc/GMT+5"],
  ["[SC7] a city that the platform calls otherwise", "Asia/Kolkata"],
  ["[SC7] a city as it was called", "Asia/Calcutta"],
  ["[SC7] a zone with a short name", "EST5EDT"],
])("%s is taken", (_case, zone) => {
  expect(isTimetable(timetableOf(cron("* * * * *", zone)))).toBe(true);
});

test.each([
  ["[SC6] a rule that ended", rrule("FREQ=MINUTELY;UNTIL=20250101T000000")],
  ["[SC6] days that no calendar has", rrule("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30")],
  ["[SC1] days that no calendar has", cron("0 0 31 2 *")],
])("%s: never due, and found out at once", (_case, schedule) => {
  expect(due(schedule, "2026-01-01T00:00:00Z", "2036-01-01T00:00:00Z")).toEqual([]);
});

const WEEKEND = "BYDAY=SA,SU";
test.each([
  ["a position that no hour has", "FREQ=HOURLY;BYHOUR=5;BYSETPOS=366"],
  ["a position that no minute has", "FREQ=MINUTELY;BYSETPOS=2"],
  ["steps that never meet a minute", "FREQ=MINUTELY;INTERVAL=2;BYMINUTE=7"],
  ["everything excluded", "RRULE:FREQ=MINUTELY\nEXRULE:FREQ=MINUTELY"],
  ["the same hundred times", Array(100).fill("RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30").join("\n")],
  [
    "every second of a day that there is not",
    `FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30;BYHOUR=0,1,2;BYSECOND=0,1;BYSETPOS=9`,
  ],
])("[SC14] %s: never due", (_case, text) => {
  expect(due(rrule(text), "2026-01-01T00:00:00Z", "2036-01-01T00:00:00Z")).toEqual([]);
});

test.each([
  ["after years", "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;BYDAY=TU", "2026-01-01", "2028-02-29T00:00"],
  [
    "after a long weekend without",
    `RRULE:FREQ=MINUTELY\nEXRULE:FREQ=MINUTELY;${WEEKEND},FR,MO`,
    "2026-01-02T01:00",
    "2026-01-06T00:00",
  ],
  [
    "the last one that is counted",
    "DTSTART:20200101T000000\nRRULE:FREQ=HOURLY;COUNT=20000",
    "2022-04-13T07:30",
    "2022-04-13T07:00",
  ],
  [
    "in the middle of a month of seconds",
    "DTSTART:20200101T000000\nRRULE:FREQ=DAILY;BYHOUR=0,9;BYMINUTE=0,59;BYSECOND=0,59",
    "2026-05-15T08:59",
    "2026-05-15T09:00",
  ],
])("[SC14] what comes is found %s", (_case, text, from, expected) => {
  const begin = at(`${from.length > 10 ? from : `${from}T00:00`}:00Z`);
  const read = timetableOf(rrule(text));
  if (!isTimetable(read)) throw new Error(read.message);
  const [first] = read.between(instant(begin - HOUR), instant(begin + 10 * 366 * DAY));
  expect(first && formatInstant(first).slice(0, 16)).toBe(expected);
});

test("[SC6] hours and minutes at an interval are those that one finds by looking at each", () => {
  const some = (most: number) =>
    fc.option(fc.uniqueArray(fc.integer({ min: 0, max: most }), { minLength: 1, maxLength: 3 }));
  fc.assert(
    fc.property(
      fc.constantFrom("HOURLY", "MINUTELY"),
      fc.oneof(fc.integer({ min: 1, max: 90 }), fc.constantFrom(1439, 1440, 1441, 2880)),
      some(23),
      some(59),
      fc.integer({ min: 0, max: 3 * 1440 }),
      (frequency, interval, hours, minutes, minute) => {
        const start = at("2026-05-01T03:07:00Z");
        const from = instant(start + minute * 60 * SECOND);
        const to = instant(from + 3 * DAY);
        const parts = [hours && `BYHOUR=${hours}`, minutes && `BYMINUTE=${minutes}`].filter((part) => part !== null);
        const text = `DTSTART:20260501T030700\nRRULE:${[`FREQ=${frequency};INTERVAL=${interval}`, ...parts].join(";")}`;
        const read = timetableOf(rrule(text));
        if (!isTimetable(read)) throw new Error(read.message);
        const unit = frequency === "HOURLY" ? HOUR : HOUR / 60;
        const expected: number[] = [];
        for (let one: number = start; one <= to; one += HOUR / 60) {
          const [hour, ofHour] = [Math.floor((one % DAY) / HOUR), (one % HOUR) / (HOUR / 60)];
          const period = (Math.floor(one / unit) - Math.floor(start / unit)) % interval === 0;
          const named = minutes ?? (frequency === "HOURLY" ? [7] : [ofHour]);
          if (one >= from && period && (hours ?? [hour]).includes(hour) && named.includes(ofHour)) expected.push(one);
        }
        expect([...read.between(from, to)]).toEqual(expected);
      },
    ),
    { numRuns: 300, seed: 11 },
  );
});

const kinds = fc.oneof(
  fc
    .constantFrom("0 * * * *", "*/20 * * * *", "30 2 * * *", "30 1 * * *", "0 9 L * *", "15 1-3 * * *")
    .map((text) => cron(text)),
  fc.constantFrom(3_600, 5_400, 86_400, 172_800).map((seconds) => every(seconds, "2025-03-30T01:30:00Z")),
  fc
    .constantFrom("FREQ=HOURLY;INTERVAL=5", "FREQ=DAILY;BYHOUR=1,2;BYMINUTE=30", "FREQ=MONTHLY;BYDAY=-1SU")
    .map((text) => rrule(text)),
);
const zones = fc.constantFrom(
  NEW_YORK,
  "Europe/Berlin",
  "Australia/Lord_Howe",
  "America/Havana",
  "Pacific/Chatham",
  "UTC",
);

test("[SC5] it does not matter from where one looks", () => {
  fc.assert(
    fc.property(
      kinds,
      zones,
      fc.integer({ min: 0, max: 730 * 24 }),
      fc.integer({ min: 1, max: 40 * 24 }),
      (kind, timezone, hours, more) => {
        const read = timetableOf({ ...kind, timezone });
        if (!isTimetable(read)) throw new Error(read.message);
        const from = instant(at("2025-06-01T00:00:00Z") + hours * HOUR);
        const to = instant(from + more * HOUR);
        const whole = [...read.between(instant(from - 3 * DAY), instant(to + 2 * DAY))];
        const expected = whole.filter((one) => one >= from && one <= to);
        expect([...read.between(from, to)]).toEqual(expected);
        expect(whole).toEqual([...new Set(whole)].sort((a, b) => a - b));
      },
    ),
    { numRuns: 300, seed: 6 },
  );
});

test("[SC5] both ends are included, to the microsecond", () => {
  const read = timetableOf(cron("0 * * * *"));
  if (!isTimetable(read)) throw new Error(read.message);
  const noon = at("2026-01-01T12:00:00Z");
  expect([...read.between(noon, plusSeconds(noon, 3600))]).toHaveLength(2);
  expect([...read.between(instant(noon + 1), instant(noon + 3600 * SECOND - 1))]).toEqual([]);
});

test("[SC2] a zone's changes are found to the second", () => {
  const zone = zoneOf(NEW_YORK);
  const changes = zone?.transitions(at("2026-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z")) ?? [];
  expect(changes.map(({ at: change }) => formatInstant(change))).toEqual([
    "2026-03-08T07:00:00.000000Z",
    "2026-11-01T06:00:00.000000Z",
  ]);
});
