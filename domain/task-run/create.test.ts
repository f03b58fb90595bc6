import { expect, test } from "vitest";
import { newTaskRun, taskRunPolicy } from "./create.ts";
import { after, BEGAN } from "./sample-event.ts";

const begin = (input: Partial<Parameters<typeof newTaskRun>[0]>) =>
  newTaskRun(
    { taskKey: "add", dynamicKey: "0", ...input },
    { id: "task-1", name: "steady-heron", now: BEGAN, newId: () => "state-1" },
  );

test("[TR11] a task run made of nothing but its keys has the wire's defaults", () => {
  expect(begin({})).toEqual({
    id: "task-1",
    created: BEGAN,
    updated: BEGAN,
    name: "steady-heron",
    flowRunId: null,
    taskKey: "add",
    dynamicKey: "0",
    cacheKey: null,
    cacheExpiration: null,
    taskVersion: null,
    policy: { maxRetries: 0, retryDelaySeconds: 0, retries: null, retryDelay: null, retryJitterFactor: null },
    tags: [],
    labels: {},
    taskInputs: {},
    state: expect.objectContaining({ id: "state-1", type: "PENDING", timestamp: BEGAN }),
    runCount: 0,
    flowRunRunCount: 0,
    expectedStartTime: BEGAN,
    nextScheduledStartTime: null,
    startTime: null,
    endTime: null,
    totalRunTime: 0,
  });
});

test.each([
  ["[TR11] its own name", { name: "child-0" }, { name: "child-0" }],
  [
    "[TR11] of a flow run",
    { flowRunId: "run-1", inheritedLabels: { "prefect.flow.id": "f", a: 1 }, labels: { a: 2 } },
    { labels: { "prefect.flow.id": "f", "prefect.flow-run.id": "run-1", a: 2 } },
  ],
  [
    "[TR11] scheduled for later",
    { state: { type: "SCHEDULED", details: { scheduledTime: after(60), deferred: true } } },
    { expectedStartTime: after(60), nextScheduledStartTime: after(60), state: { details: { deferred: true } } },
  ],
] as const)("%s", (_case, input, expected) => {
  expect(begin(input)).toMatchObject(expected);
});

test.each([
  [
    "[TR13] the newer ones",
    { retries: 2, retryDelay: [3, 4], maxRetries: 5, retryDelaySeconds: 7 },
    { retries: 2, retryDelay: [3, 4] },
  ],
  ["[TR13] the older ones", { maxRetries: 5, retryDelaySeconds: 7 }, { retries: 5, retryDelay: 7 }],
  ["[TR13] an empty list says nothing", { retryDelay: [], retryDelaySeconds: 7 }, { retryDelay: 7 }],
  ["[TR13] none", { retries: 0, retryDelay: 0 }, { retries: 0, retryDelay: 0 }],
])("%s", (_case, input, expected) => {
  expect(taskRunPolicy(input)).toMatchObject(expected);
});
