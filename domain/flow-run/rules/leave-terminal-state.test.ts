import { expect, test } from "vitest";
import { TERMINAL_STATES } from "../rule.ts";
import { judged, outcome, sampleRun, sampleState } from "../sample-run.ts";
import { leaveTerminalState } from "./leave-terminal-state.ts";

const stored = { type: "result", storage_key: "k" };
const here = { deploymentId: "deployment-1" };

test.each(TERMINAL_STATES)("[FR3] from %s to CANCELLING, PAUSED or CRASHED", (type) => {
  for (const to of ["CANCELLING", "PAUSED", "CRASHED"] as const) {
    expect(outcome([leaveTerminalState], sampleRun(sampleState(type)), sampleState(to))).toBe("abort");
  }
});

test.each([
  ["[FR4] stored result, run again", stored, "RUNNING", "reject, still Completed"],
  ["[FR4] stored result, scheduled again", stored, "SCHEDULED", "reject, still Completed"],
  ["[FR4] stored result, ended otherwise", stored, "FAILED", "accept Failed"],
  ["[FR4] no stored result", { type: "unpersisted" }, "RUNNING", "accept Running"],
  ["[FR4] no data", null, "PENDING", "accept Pending"],
] as const)("%s", (_case, data, to, expected) => {
  expect(outcome([leaveTerminalState], sampleRun(sampleState("COMPLETED", { data }), here), sampleState(to))).toBe(
    expected,
  );
});

test.each([
  ["[FR5] with a deployment", here, "SCHEDULED", "accept Scheduled"],
  ["[FR5] without", {}, "SCHEDULED", "abort"],
  ["[FR5] without, but run at once", {}, "RUNNING", "accept Running"],
] as const)("%s", (_case, changes, to, expected) => {
  expect(outcome([leaveTerminalState], sampleRun(sampleState("FAILED"), changes), sampleState(to))).toBe(expected);
});

test.each([
  ["[FR6] scheduled", "SCHEDULED", { resuming: false, pauseKeys: [], retryType: "reschedule" }],
  ["[FR6] pending", "PENDING", { resuming: false, pauseKeys: [], retryType: null }],
  ["[FR6] ended otherwise", "CANCELLED", { pauseKeys: ["k"], retryType: "in_process" }],
] as const)("%s", (_case, to, policy) => {
  const was = { pauseKeys: ["k"], retryType: "in_process" as const, resuming: true };
  const run = sampleRun(sampleState("FAILED"), { ...here, policy: was });
  expect(judged([leaveTerminalState], run, sampleState(to))).toMatchObject({ kind: "accept", run: { policy } });
});
