import { expect, test } from "vitest";
import { estimatedRunTime, estimatedStartTimeDelta } from "./estimates.ts";
import { at, NOW, sampleRun, sampleState } from "./sample-run.ts";

test.each([
  ["[FR35] running", sampleState("RUNNING", { timestamp: at(-0.02) }), 0.12],
  ["[FR35] paused", sampleState("PAUSED"), 0.1],
  ["[FR35] ended", sampleState("COMPLETED"), 0.1],
  ["[FR35] no state", null, 0.1],
])("%s: run time", (_case, state, expected) => {
  expect(estimatedRunTime(sampleRun(state, { totalRunTime: 0.1 }), NOW)).toBe(expected);
});

test.each([
  ["[FR35] began late", sampleState("RUNNING"), at(-50), at(-60), 10],
  ["[FR35] began early", sampleState("RUNNING"), at(-70), at(-60), 0],
  ["[FR35] late by now", sampleState("SCHEDULED"), null, at(-60), 60],
  ["[FR35] not due yet", sampleState("SCHEDULED"), null, at(60), 0],
  ["[FR35] late, without a state", null, null, at(-60), 60],
  ["[FR35] ended without having begun", sampleState("CANCELLED"), null, at(-60), 0],
  ["[FR35] nothing expected", sampleState("RUNNING"), at(-50), null, 0],
])("%s: delay", (_case, state, startTime, expectedStartTime, expected) => {
  expect(estimatedStartTimeDelta(sampleRun(state, { startTime, expectedStartTime }), NOW)).toBe(expected);
});
