import { expect, test } from "vitest";
import type { Call } from "./command.ts";
import { whenOf, wordsOf } from "./schedules.ts";

const call = (options: Record<string, string>) => ({ text: (name: string) => options[name] }) as Call;

const counted = { anchor_date: "2020-01-01T00:00:00Z", timezone: "UTC" };

test.each([
  ["[CL41] a cron", { cron: "0 9 * * *" }, { cron: "0 9 * * *", day_or: true, timezone: "UTC" }],
  [
    "[CL41] a rule in a zone",
    { rrule: "FREQ=DAILY", timezone: "Europe/Paris" },
    { rrule: "FREQ=DAILY", timezone: "Europe/Paris" },
  ],
  ["[CL41] a length of time", { every: "1h30m" }, { interval: 5400, ...counted }],
  ["[CL41] a number of seconds", { every: "90" }, { interval: 90, ...counted }],
  [
    "[CL41] from a moment on",
    { every: "1h", anchor: "2026-01-01T00:00:00Z" },
    { interval: 3600, timezone: "UTC", anchor_date: "2026-01-01T00:00:00Z" },
  ],
  ["[CL41] nothing", {}, null],
] as const)("%s", (_case, options, expected) => {
  expect(whenOf(call(options))).toEqual(expected);
});

test.each([
  [{ cron: "0 9 * * *", every: "1h" }, "give one"],
  [{ every: "1x" }, "no length of time"],
  [{ cron: "0 9 * * *", anchor: "2026-01-01" }, "--anchor belongs to --every"],
  [{ timezone: "UTC" }, "--timezone belongs to --cron"],
] as const)("[CL41] %j is refused", (options, why) => {
  expect(() => whenOf(call(options))).toThrow(why);
});

test.each([
  [900, "every 15m"],
  [5400, "every 1h 30m"],
  [1, "every 1s"],
])("[CL41] an interval of %i s is told as %s", (interval, words) => {
  expect(wordsOf({ schedule: { interval, anchor_date: "", timezone: "UTC" } })).toBe(words);
});

test.each([
  ["FREQ=DAILY;BYHOUR=9;BYMINUTE=30", "Every day at 09:30"],
  ["DTSTART:20260101T000000\nFREQ=YEARLY;BYEASTER=1", "DTSTART:20260101T000000 FREQ=YEARLY;BYEASTER=1"],
])("[CL41] the rule %j is told in words where there are any", (rrule, words) => {
  expect(wordsOf({ schedule: { rrule, timezone: "UTC" } })).toBe(words);
});
