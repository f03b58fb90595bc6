import { expect, test } from "vitest";
import { at, judged, outcome, sampleRun, sampleState } from "../sample-run.ts";
import { resume } from "./resume.ts";

const paused = (pauseTimeout = at(60)) => sampleState("PAUSED", { details: { pauseKey: "k1", pauseTimeout } });
const suspended = sampleState("PAUSED", {
  name: "Suspended",
  details: { pauseReschedule: true, pauseTimeout: at(60) },
});
const deployed = { deploymentId: "deployment-1" };

test.each([
  ["RUNNING", "accept Running"],
  ["SCHEDULED", "accept Scheduled"],
  ["CANCELLING", "accept Cancelling"],
  ["COMPLETED", "accept Completed"],
  ["FAILED", "accept Failed"],
  ["CANCELLED", "accept Cancelled"],
  ["CRASHED", "accept Crashed"],
  ["PENDING", "reject, still Paused"],
  ["PAUSED", "reject, still Paused"],
] as const)("[FR15] from PAUSED to %s", (type, expected) => {
  expect(outcome([resume], sampleRun(paused()), sampleState(type))).toBe(expected);
});

test.each([
  ["[FR15] suspended and deployed", deployed, "accept Resuming"],
  ["[FR15] suspended without a deployment", {}, "reject, still Suspended"],
])("%s", (_case, changes, expected) => {
  expect(outcome([resume], sampleRun(suspended, changes), sampleState("SCHEDULED", { name: "Resuming" }))).toBe(
    expected,
  );
});

test.each([
  ["[FR16] resumed too late", at(-1), "RUNNING", "reject, now Failed"],
  ["[FR16] completed too late", at(-1), "COMPLETED", "reject, now Failed"],
  ["[FR16] cancelled after the time", at(-1), "CANCELLING", "accept Cancelling"],
  ["[FR16] at the last moment", at(0), "RUNNING", "accept Running"],
] as const)("%s", (_case, timeout, type, expected) => {
  expect(outcome([resume], sampleRun(paused(timeout)), sampleState(type))).toBe(expected);
});

const policy = { pauseKeys: ["k1"] };

test.each([
  ["[FR17] paused, goes on", paused(), "RUNNING", { resuming: true, pauseKeys: ["k1"], retryType: null }],
  ["[FR17] suspended, is scheduled", suspended, "SCHEDULED", { resuming: true, pauseKeys: ["k1"], retryType: null }],
  ["[FR17] paused, is scheduled", paused(), "SCHEDULED", { resuming: false, pauseKeys: [], retryType: "reschedule" }],
] as const)("%s", (_case, from, type, expected) => {
  const verdict = judged([resume], sampleRun(from, { ...deployed, policy }), sampleState(type));
  expect(verdict).toMatchObject({ kind: "accept", run: { policy: expected } });
});

test("[FR17] going on after a pause counts a run, going on after a suspension does not", () => {
  const goingOn = judged([resume], sampleRun(paused(), { runCount: 1 }), sampleState("RUNNING"));
  expect(goingOn).toMatchObject({ run: { runCount: 2, policy: { resuming: true } } });
  const resumed = sampleRun(sampleState("PENDING"), { runCount: 1, policy: { resuming: true } });
  expect(judged([resume], resumed, sampleState("RUNNING"))).toMatchObject({
    run: { runCount: 1, policy: { resuming: false } },
  });
});

test.each([
  ["[FR17] refused", paused(), "PENDING"],
  ["[FR17] too late", paused(at(-1)), "RUNNING"],
] as const)("%s, nothing is marked", (_case, from, type) => {
  const verdict = judged([resume], sampleRun(from, { policy }), sampleState(type));
  expect(verdict).toMatchObject({ kind: "reject", run: { policy: { resuming: false, pauseKeys: ["k1"] } } });
});
