import { expect, test } from "vitest";
import { STATE_TYPES } from "../state.ts";
import { retry } from "./retry.ts";
import { TERMINAL_STATES } from "./rule.ts";
import { at, NOW, sampleIds, sampleRun, sampleState } from "./sample-run.ts";

const deployed = { deploymentId: "deployment-1" };

test.each(TERMINAL_STATES)("[FR42] a run that is %s", (type) => {
  const policy = { retries: 0, pauseKeys: ["k"], retryType: "in_process" as const };
  const state = sampleState(type, { data: { type: "result", storage_key: "k" } });
  const run = sampleRun(state, { ...deployed, policy, runCount: 3, startTime: at(-90), endTime: at(-60) });
  expect(retry(run, { now: NOW, newId: sampleIds() })).toMatchObject({
    kind: "accept",
    state: { id: "id-1", type: "SCHEDULED", name: "AwaitingRetry", data: null, details: { scheduledTime: NOW } },
    run: {
      runCount: 3,
      endTime: null,
      nextScheduledStartTime: NOW,
      policy: { retries: 0, pauseKeys: [], resuming: false, retryType: "reschedule" },
    },
  });
});

test.each(STATE_TYPES.filter((type) => !TERMINAL_STATES.includes(type)))("[FR43] a run that is %s", (type) => {
  expect(retry(sampleRun(sampleState(type), deployed), { now: NOW, newId: sampleIds() }).kind).toBe("abort");
});

test.each([
  ["[FR43] without a state", sampleRun(null, deployed)],
  ["[FR43] without a deployment", sampleRun(sampleState("FAILED"))],
])("%s", (_case, run) => {
  expect(retry(run, { now: NOW, newId: sampleIds() }).kind).toBe("abort");
});
