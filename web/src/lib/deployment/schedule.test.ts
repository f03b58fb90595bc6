import { expect, test } from "vitest";
import { scheduleOf } from "./schedule.ts";

test.each([
  [
    "[WE60] cron",
    { active: true, schedule: { cron: "0 2 * * *", timezone: "Europe/Paris" } },
    "cron 0 2 * * *",
    "Europe/Paris",
    true,
  ],
  [
    "[WE60] a quarter of an hour",
    { active: true, schedule: { interval: 900, timezone: "UTC" } },
    "every 15m",
    "UTC",
    true,
  ],
  ["[WE60] an interval", { active: false, schedule: { interval: 3600, timezone: "UTC" } }, "every 1h", "UTC", false],
  ["[WE60] a recurrence", { schedule: { rrule: "FREQ=DAILY" } }, "FREQ=DAILY", null, true],
  ["[WE60] one of a kind to come", { schedule: { moon: "full" } }, '{"moon":"full"}', null, true],
  ["[WE60] nothing", null, "null", null, true],
])("%s is told in words", (_case, given, words, zone, active) => {
  const read = scheduleOf(given);
  expect(read.words.startsWith(words)).toBe(true);
  expect([read.zone, read.active]).toEqual([zone, active]);
});
