import { expect, test } from "vitest";
import { enter } from "./bookkeeping.ts";
import { at, NOW, sampleRun, sampleState } from "./sample-run.ts";

const state = sampleState;

test.each([
  ["[FR26] later", at(-10), at(-5), at(-5)],
  ["[FR26] at the same moment", at(-10), at(-10), at(-10) + 1],
  ["[FR26] earlier", at(-10), at(-20), at(-10) + 1],
])("%s", (_case, before, proposed, entered) => {
  const run = sampleRun(state("PENDING", { timestamp: before }));
  expect(enter(run, state("RUNNING", { timestamp: proposed }), NOW).state?.timestamp).toBe(entered);
});

test("[FR26] what is moved counts in the run's times as it was moved", () => {
  const run = sampleRun(state("RUNNING", { timestamp: at(-10) }));
  expect(enter(run, state("COMPLETED", { timestamp: at(-10) }), NOW)).toMatchObject({
    endTime: at(-10) + 1,
    totalRunTime: 0.000001,
  });
});

test.each([
  ["[FR27] an attempt", "RUNNING", false, { runCount: 2, policy: { resuming: false } }],
  ["[FR27] going on", "RUNNING", true, { runCount: 1, policy: { resuming: false } }],
  ["[FR27] scheduled to go on", "SCHEDULED", true, { runCount: 1, policy: { resuming: true } }],
  ["[FR27] ended instead", "CANCELLED", true, { runCount: 1, policy: { resuming: false } }],
] as const)("%s", (_case, type, resuming, expected) => {
  const run = sampleRun(state("PENDING"), { runCount: 1, policy: { resuming } });
  expect(enter(run, state(type, { timestamp: NOW }), NOW)).toMatchObject(expected);
});

test.each([
  ["[FR28] begins", "PENDING", "RUNNING", {}, { startTime: NOW, endTime: null }],
  ["[FR28] begins again", "SCHEDULED", "RUNNING", { startTime: at(-99) }, { startTime: at(-99), endTime: null }],
  ["[FR28] ends", "RUNNING", "FAILED", { startTime: at(-99) }, { startTime: at(-99), endTime: NOW }],
  ["[FR28] ends without having run", "SCHEDULED", "CANCELLED", {}, { startTime: NOW, endTime: NOW }],
  [
    "[FR28] ends twice",
    "FAILED",
    "COMPLETED",
    { startTime: at(-99), endTime: at(-60) },
    { startTime: at(-99), endTime: at(-60) },
  ],
  [
    "[FR28] leaves its end",
    "FAILED",
    "SCHEDULED",
    { startTime: at(-99), endTime: at(-60) },
    { startTime: at(-99), endTime: null },
  ],
] as const)("%s", (_case, from, to, times, expected) => {
  expect(enter(sampleRun(state(from), times), state(to, { timestamp: NOW }), NOW)).toMatchObject(expected);
});

test.each([
  ["[FR29] out of RUNNING", "RUNNING", "PAUSED", 61.5],
  ["[FR29] from one RUNNING to the next", "RUNNING", "RUNNING", 61.5],
  ["[FR29] out of any other", "PAUSED", "RUNNING", 1.5],
] as const)("%s", (_case, from, to, totalRunTime) => {
  const run = sampleRun(state(from, { timestamp: at(-60) }), { totalRunTime: 1.5 });
  expect(enter(run, state(to, { timestamp: NOW }), NOW).totalRunTime).toBe(totalRunTime);
});

test.each([
  ["[FR30] first due time", null, null, state("SCHEDULED", { details: { scheduledTime: at(30) } }), at(30), at(30)],
  ["[FR30] first state", null, null, state("PENDING", { timestamp: at(-3) }), at(-3), null],
  [
    "[FR30] never moves",
    state("FAILED"),
    at(-99),
    state("SCHEDULED", { details: { scheduledTime: at(30) } }),
    at(-99),
    at(30),
  ],
  ["[FR30] picked up", state("SCHEDULED"), at(-99), state("PENDING"), at(-99), null],
])("%s", (_case, from, expected, to, expectedStartTime, nextScheduledStartTime) => {
  const run = sampleRun(from, { expectedStartTime: expected, nextScheduledStartTime: from ? at(-99) : null });
  const after = enter(run, to, NOW);
  expect(after.expectedStartTime).toBe(expectedStartTime);
  expect(after.nextScheduledStartTime).toBe(nextScheduledStartTime);
});

test.each([
  ["[FR31] a run of its own", null, { flowRunId: "run-1", taskRunId: null }],
  ["[FR31] a subflow", "task-1", { flowRunId: "run-1", taskRunId: "task-1" }],
])("%s", (_case, parentTaskRunId, details) => {
  expect(enter(sampleRun(null, { parentTaskRunId }), state("PENDING"), NOW).state?.details).toMatchObject(details);
});
