import { expect, test } from "vitest";
import { at, outcome, sampleRun, sampleState } from "../../flow-run/sample-run.ts";
import { waitForScheduledTime } from "./wait-for-scheduled-time.ts";

const due = (type: "SCHEDULED" | "PENDING" | "PAUSED", seconds: number) =>
  sampleState(type, { details: { scheduledTime: at(seconds) } });

test.each([
  ["[FR19] [TR43] long before", due("SCHEDULED", 90), "wait 90"],
  ["[FR19] [TR43] PENDING remembers", due("PENDING", 90), "wait 90"],
  ["[FR19] [TR43] rounded up", due("SCHEDULED", 0.500001), "wait 1"],
  ["[FR19] [TR43] rounded down", due("SCHEDULED", 1.5), "wait 1"],
  ["[FR19] [TR43] half a second early", due("SCHEDULED", 0.5), "accept Running"],
  ["[FR19] [TR43] due now", due("SCHEDULED", 0), "accept Running"],
  ["[FR19] [TR43] overdue", due("SCHEDULED", -90), "accept Running"],
  ["[FR19] [TR43] due at no time", sampleState("PENDING"), "accept Running"],
  ["[FR19] [TR43] only of runs that wait", due("PAUSED", 90), "accept Running"],
  ["[FR19] [TR43] first state", null, "accept Running"],
])("%s", (_case, from, expected) => {
  expect(outcome([waitForScheduledTime], sampleRun(from), sampleState("RUNNING"))).toBe(expected);
});
