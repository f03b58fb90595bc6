import { expect, test } from "vitest";
import type { JsonObject } from "../json.ts";
import { flowRunStateEvent, runCountAt } from "./events.ts";
import { at, sampleRun, sampleState } from "./sample-run.ts";

const from = { ...sampleState("SCHEDULED", { timestamp: at(-10) }), id: "state-1" };
const to = {
  ...sampleState("PENDING", { name: "Submitting", timestamp: at(0.5), message: "off it goes" }),
  id: "state-2",
};
const id = (resource: unknown) => (resource as JsonObject)["prefect.resource.id"];

test("[FR44] a transition in the wire's shape", () => {
  expect(flowRunStateEvent(sampleRun(to, { runCount: 1 }), from, { flow: { id: "flow-1", name: "etl" } })).toEqual({
    occurred: "2026-11-24T12:00:00.500000Z",
    event: "prefect.flow-run.Submitting",
    resource: {
      "prefect.resource.id": "prefect.flow-run.run-1",
      "prefect.resource.name": "steady-heron",
      "prefect.run-count": "1",
      "prefect.state-message": "off it goes",
      "prefect.state-name": "Submitting",
      "prefect.state-timestamp": "2026-11-24T12:00:00.500000+00:00",
      "prefect.state-type": "PENDING",
    },
    related: [
      {
        "prefect.resource.id": "prefect.flow.flow-1",
        "prefect.resource.role": "flow",
        "prefect.resource.name": "etl",
      },
    ],
    payload: {
      intended: { from: "SCHEDULED", to: "PENDING" },
      initial_state: { type: "SCHEDULED", name: "Scheduled" },
      validated_state: { type: "PENDING", name: "Submitting", message: "off it goes" },
    },
    id: "state-2",
    follows: "state-1",
  });
});

test("[FR44] everything related, in the wire's order, tags sorted and each once", () => {
  const createdBy = { id: "d1", type: "DEPLOYMENT", display_value: "nightly" };
  const event = flowRunStateEvent(sampleRun(to, { tags: ["z", "a"], createdBy }), from, {
    flow: { id: "f1", name: "etl", tags: ["a", "m"] },
    deployment: { id: "d1", name: "nightly", tags: [] },
    workQueue: { id: "q1", name: "default" },
    workPool: { id: "p1", name: "default", type: "process" },
    parentTaskRun: { id: "t1", name: "child-0" },
  });
  expect((event.related as JsonObject[]).map((one) => [one["prefect.resource.role"], id(one)])).toEqual([
    ["flow", "prefect.flow.f1"],
    ["deployment", "prefect.deployment.d1"],
    ["work-queue", "prefect.work-queue.q1"],
    ["work-pool", "prefect.work-pool.p1"],
    ["task-run", "prefect.task-run.t1"],
    ["tag", "prefect.tag.a"],
    ["tag", "prefect.tag.m"],
    ["tag", "prefect.tag.z"],
    ["creator", "prefect.deployment.d1"],
  ]);
  expect(event.related).toContainEqual(expect.objectContaining({ "prefect.work-pool.type": "process" }));
});

test.each([
  ["[FR44] nobody", null, 0],
  ["[FR44] a person", { id: "u1", type: "USER" }, 0],
  ["[FR44] an automation", { id: "a1", type: "AUTOMATION" }, 1],
])("%s as creator", (_case, createdBy, count) => {
  const { related } = flowRunStateEvent(sampleRun(to, { createdBy }), from, {});
  expect((related as JsonObject[]).filter((one) => one["prefect.resource.role"] === "creator")).toHaveLength(count);
});

test.each([
  ["[FR45] soon after", at(-299), "state-1"],
  ["[FR45] long after", at(-300), null],
])("%s", (_case, timestamp, follows) => {
  const pending = { ...to, timestamp: at(0) };
  expect(flowRunStateEvent(sampleRun(pending), { ...from, timestamp }, {}).follows).toBe(follows);
});

test("[FR45] the first state follows nothing", () => {
  expect(flowRunStateEvent(sampleRun(to), null, {})).toMatchObject({
    follows: null,
    payload: { intended: { from: null, to: "PENDING" }, initial_state: null },
  });
});

test("[FR44] a pause says whether its process waits", () => {
  const paused = sampleState("PAUSED", { details: { pauseReschedule: true } });
  const { payload } = flowRunStateEvent(sampleRun(paused), from, {});
  expect(payload).toMatchObject({ validated_state: { type: "PAUSED", pause_reschedule: "true" } });
});

test("[FR46] the middle of a long message is left out", () => {
  const message = `begin${"x".repeat(200_000)}end`;
  const { resource } = flowRunStateEvent(sampleRun({ ...to, message }), from, {});
  const told = (resource as JsonObject)["prefect.state-message"] as string;
  expect(told).toMatch(/^beginx+ … 100008 characters left out … x+end$/);
  expect(told.length).toBeLessThan(100_100);
});

test("[FR44] an event says how many attempts had begun when its state was entered, however late it is told", () => {
  const types = [
    "SCHEDULED",
    "PENDING",
    "RUNNING",
    "PAUSED",
    "RUNNING",
    "SCHEDULED",
    "PENDING",
    "RUNNING",
    "COMPLETED",
  ] as const;
  const states = types.map((type) => sampleState(type));
  expect(states.map((_, at) => runCountAt(2, states, at))).toEqual([0, 0, 1, 1, 1, 1, 1, 2, 2]);
  const resuming = (["PAUSED", "SCHEDULED", "PENDING", "RUNNING"] as const).map((type) =>
    sampleState(type, type === "SCHEDULED" ? { name: "Resuming" } : {}),
  );
  expect(resuming.map((_, at) => runCountAt(1, resuming, at))).toEqual([1, 1, 1, 1]);
});
