import { expect, test } from "vitest";
import { at, judged, NOW, outcome, sampleRun, sampleState } from "../sample-run.ts";
import { retryFailed } from "./retry-failed.ts";

const running = sampleState("RUNNING");
const failed = sampleState("FAILED", { message: "boom", data: { type: "unpersisted" } });

test.each([
  ["[FR20] first of two", 1, 2, "reject, now AwaitingRetry"],
  ["[FR20] last of two", 2, 2, "reject, now AwaitingRetry"],
  ["[FR21] none left", 3, 2, "accept Failed"],
  ["[FR21] none at all", 1, 0, "accept Failed"],
  ["[FR21] none said", 1, null, "accept Failed"],
] as const)("%s", (_case, runCount, retries, expected) => {
  expect(outcome([retryFailed], sampleRun(running, { runCount, policy: { retries } }), failed)).toBe(expected);
});

test.each([
  ["[FR20] after its delay", 30, at(30)],
  ["[FR20] without delay at once", null, NOW],
])("%s", (_case, retryDelay, scheduledTime) => {
  const policy = { retries: 1, retryDelay, pauseKeys: ["k"], resuming: true };
  expect(judged([retryFailed], sampleRun(running, { runCount: 1, policy }), failed)).toMatchObject({
    kind: "reject",
    state: {
      id: "id-1",
      type: "SCHEDULED",
      message: "boom",
      data: { type: "unpersisted" },
      details: { scheduledTime },
    },
    run: { nextScheduledStartTime: scheduledTime, policy: { pauseKeys: [], resuming: false, retryType: "in_process" } },
  });
});

test("[FR21] the mark of a retry in the same process is taken off", () => {
  const run = sampleRun(running, { runCount: 2, policy: { retries: 1, retryType: "in_process" } });
  expect(judged([retryFailed], run, failed)).toMatchObject({ kind: "accept", run: { policy: { retryType: null } } });
});

test("[FR20] only RUNNING runs are retried", () => {
  expect(outcome([retryFailed], sampleRun(sampleState("PENDING"), { policy: { retries: 2 } }), failed)).toBe(
    "accept Failed",
  );
});
