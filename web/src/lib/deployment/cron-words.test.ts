import { expect, test } from "vitest";
import { cronWords, scheduleWords } from "./cron-words.ts";

test.each([
  ["0 2 * * *", "At 02:00"],
  ["30 6 * * 1-5", "At 06:30, Monday through Friday"],
  ["*/15 * * * *", "Every 15 minutes"],
  ["nonsense", null],
  ["", null],
  [7, null],
])("[WE60] cron %j is told as %j", (cron, words) => {
  expect(cronWords(cron)).toBe(words);
});

test.each([
  ["[WE60] a cron", { cron: "0 2 * * *" }, "At 02:00"],
  [
    "[WE60] a rule",
    { rrule: "DTSTART:20200101T000000\nFREQ=MONTHLY;BYDAY=1MO;BYHOUR=9" },
    "Every month on the 1st Monday at 09:00",
  ],
  ["[WE60] an interval, which tells of itself", {}, null],
])("%s is told", (_case, schedule, words) => {
  expect(scheduleWords(schedule)).toBe(words);
});
