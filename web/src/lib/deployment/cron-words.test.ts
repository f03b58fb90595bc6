import { expect, test } from "vitest";
import { cronWords } from "./cron-words.ts";

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
