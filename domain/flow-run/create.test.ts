import { expect, test } from "vitest";
import { newFlowRun, runPolicy } from "./create.ts";
import { at, NOW, sampleIds } from "./sample-run.ts";

const begin = (input: Partial<Parameters<typeof newFlowRun>[0]>) =>
  newFlowRun({ flowId: "flow-1", ...input }, { id: "run-1", name: "steady-heron", now: NOW, newId: sampleIds() });

test("[FR32] a run made of nothing but its flow has the wire's defaults", () => {
  expect(begin({})).toEqual({
    id: "run-1",
    created: NOW,
    updated: NOW,
    name: "steady-heron",
    flowId: "flow-1",
    deploymentId: null,
    deploymentVersion: null,
    deploymentVersionId: null,
    workPoolId: null,
    workPoolName: null,
    workQueueId: null,
    workQueueName: null,
    flowVersion: null,
    parameters: {},
    idempotencyKey: null,
    context: {},
    policy: {
      retries: null,
      retryDelay: null,
      maxRetries: 0,
      retryDelaySeconds: 0,
      pauseKeys: [],
      resuming: false,
      retryType: null,
    },
    tags: [],
    labels: { "prefect.flow.id": "flow-1" },
    parentTaskRunId: null,
    state: expect.objectContaining({
      id: "id-1",
      type: "PENDING",
      name: "Pending",
      timestamp: NOW,
      details: expect.objectContaining({ flowRunId: "run-1", deferred: false }),
    }),
    runCount: 0,
    expectedStartTime: NOW,
    nextScheduledStartTime: null,
    startTime: null,
    endTime: null,
    totalRunTime: 0,
    autoScheduled: false,
    infrastructureDocumentId: null,
    infrastructurePid: null,
    createdBy: null,
    jobVariables: {},
  });
});

test.each([
  ["[FR32] an empty name is none", { name: "" }, { name: "steady-heron" }],
  ["[FR32] its own name", { name: "mine" }, { name: "mine" }],
  [
    "[FR32] labels",
    { deploymentId: "d1", inheritedLabels: { a: 1, b: 1, "prefect.flow.id": "x" }, labels: { b: 2 } },
    { labels: { a: 1, b: 2, "prefect.flow.id": "flow-1", "prefect.deployment.id": "d1" } },
  ],
  [
    "[FR32] scheduled",
    { state: { type: "SCHEDULED", details: { scheduledTime: at(60) } } },
    { expectedStartTime: at(60), nextScheduledStartTime: at(60) },
  ],
  ["[FR32] running at once", { state: { type: "RUNNING" } }, { startTime: NOW, runCount: 1 }],
] as const)("%s", (_case, input, expected) => {
  expect(begin(input)).toMatchObject(expected);
});

test.each([
  [
    "[FR33] the newer ones",
    { retries: 2, retryDelay: 3, maxRetries: 5, retryDelaySeconds: 7 },
    { retries: 2, retryDelay: 3 },
  ],
  ["[FR33] the older ones", { maxRetries: 5, retryDelaySeconds: 7 }, { retries: 5, retryDelay: 7 }],
  ["[FR33] none", { retries: 0, retryDelay: 0 }, { retries: 0, retryDelay: 0 }],
  ["[FR33] nothing said", {}, { retries: null, retryDelay: null }],
])("%s", (_case, input, expected) => {
  expect(runPolicy(input)).toMatchObject(expected);
});
