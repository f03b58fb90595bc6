import fc from "fast-check";
import { expect, test } from "vitest";
import type { Json, JsonObject } from "../json.ts";
import { formatInstant, type Instant } from "../time.ts";
import { type Recording, recordTaskRunEvent, taskRunTarget } from "./record.ts";
import type { TaskRun } from "./run.ts";
import { after, BEGAN, eventId, FLOW_RUN, sampleEvent, TASK_RUN } from "./sample-event.ts";

const NOW = after(60);

function recorded(events: readonly JsonObject[], first: TaskRun | null = null): TaskRun | null {
  let run = first;
  for (const event of events) {
    const recording = recordTaskRunEvent(run, event, NOW);
    if (recording.kind === "malformed") throw new Error(JSON.stringify(recording.problem));
    if (recording.kind === "recorded") run = recording.taskRun;
  }
  return run;
}

const time = (at: Instant): string => formatInstant(at);
const pending = sampleEvent("PENDING", { step: 1 });
const running = sampleEvent("RUNNING", { step: 2, taskRun: { run_count: 1, start_time: time(after(2)) } });
const completed = sampleEvent("COMPLETED", {
  step: 3,
  details: { untrackable_result: true },
  data: { type: "result" },
  taskRun: { run_count: 1, start_time: time(after(2)), end_time: time(after(3)), total_run_time: 1 },
});

test("[TR1] the first event makes the task run", () => {
  expect(recorded([running])).toEqual({
    id: TASK_RUN,
    created: NOW,
    updated: NOW,
    name: "add-707",
    flowRunId: FLOW_RUN,
    taskKey: "add-1e6989a6",
    dynamicKey: "7077db35",
    cacheKey: null,
    cacheExpiration: null,
    taskVersion: null,
    policy: { maxRetries: 0, retryDelaySeconds: 0, retries: 2, retryDelay: 0.2, retryJitterFactor: null },
    tags: ["io"],
    labels: {},
    taskInputs: { x: [{ input_type: "constant", type: "int" }], y: [] },
    state: {
      id: eventId(2),
      type: "RUNNING",
      name: "Running",
      timestamp: after(2),
      message: "",
      data: null,
      details: expect.objectContaining({ flowRunId: FLOW_RUN, taskRunId: TASK_RUN, deferred: false }),
    },
    runCount: 1,
    flowRunRunCount: 1,
    expectedStartTime: BEGAN,
    nextScheduledStartTime: null,
    startTime: after(2),
    endTime: null,
    totalRunTime: 0,
  });
});

test("[TR1] what a state knows is kept", () => {
  const retrying = sampleEvent("SCHEDULED", {
    name: "AwaitingRetry",
    details: { scheduled_time: time(after(9)), retriable: true, cache_key: "k", transition_id: eventId(7), unknown: 1 },
    taskRun: { next_scheduled_start_time: time(after(9)), empirical_policy: { retry_delay: [1, 2.5], retries: 2 } },
  });
  expect(recorded([retrying])).toMatchObject({
    nextScheduledStartTime: after(9),
    policy: { retries: 2, retryDelay: [1, 2.5] },
    state: {
      name: "AwaitingRetry",
      details: { scheduledTime: after(9), retriable: true, cacheKey: "k", transitionId: eventId(7) },
    },
  });
});

test("[TR1] a task of no flow run is a background task", () => {
  expect(recorded([sampleEvent("RUNNING", { related: [] })])).toMatchObject({ flowRunId: null });
});

test.each([
  ["[TR2] in order", [pending, running, completed], "COMPLETED"],
  ["[TR2] the last comes first", [completed, pending, running], "COMPLETED"],
  ["[TR2] one is missing", [pending, completed], "COMPLETED"],
  ["[TR3] each twice", [pending, pending, running, running, completed, completed], "COMPLETED"],
  ["[TR3] all again later", [pending, running, pending, running], "RUNNING"],
])("%s", (_case, events, type) => {
  expect(recorded(events)).toMatchObject({ state: { type } });
});

test("[TR3] the same event changes nothing", () => {
  expect(recordTaskRunEvent(recorded([running]), running, NOW)).toEqual({ kind: "unchanged" });
});

test("[TR2] an older event changes nothing, but tells of an earlier state", () => {
  expect(recordTaskRunEvent(recorded([running]), pending, NOW)).toMatchObject({
    kind: "late",
    state: {
      id: eventId(1),
      type: "PENDING",
      timestamp: after(1),
      details: { taskRunId: TASK_RUN, flowRunId: FLOW_RUN },
    },
  });
});

test("[TR4] at the same microsecond the follower wins, in whichever order they come", () => {
  const one = sampleEvent("PENDING", { step: 1, occurred: after(1) });
  const two = sampleEvent("RUNNING", { step: 2, occurred: after(1) });
  expect(recorded([one, two])).toMatchObject({ state: { type: "RUNNING" } });
  expect(recorded([two, one])).toMatchObject({ state: { type: "RUNNING" } });
});

test("[TR5] what an event leaves out is kept", () => {
  const silent = sampleEvent("COMPLETED", {
    step: 3,
    with: { payload: { validated_state: { type: "COMPLETED" }, task_run: {} } },
  });
  expect(recorded([running, silent])).toMatchObject({
    state: { type: "COMPLETED", name: "Completed", message: null },
    runCount: 1,
    tags: ["io"],
    startTime: after(2),
    policy: { retries: 2 },
  });
});

test("[TR6] any order, with any repetitions, ends the same", () => {
  const life = [
    pending,
    running,
    sampleEvent("SCHEDULED", { step: 3, name: "AwaitingRetry", taskRun: { run_count: 1, start_time: time(after(2)) } }),
    sampleEvent("RUNNING", { step: 4, name: "Retrying", taskRun: { run_count: 2, start_time: time(after(2)) } }),
    sampleEvent("COMPLETED", {
      step: 5,
      taskRun: { run_count: 2, start_time: time(after(2)), end_time: time(after(5)) },
    }),
  ];
  const inOrder = recorded(life);
  fc.assert(
    fc.property(fc.shuffledSubarray([...life, ...life], { minLength: 5 }), (told) => {
      fc.pre(life.every((event) => told.includes(event)));
      expect(recorded(told)).toEqual(inOrder);
    }),
  );
});

test.each<[string, JsonObject, string]>([
  ["no time", { occurred: null }, "occurred"],
  ["a time that is none", { occurred: "yesterday" }, "occurred"],
  ["no id", { id: "" }, "id"],
  ["an id that is no UUID", { id: "42" }, "id"],
  ["follows a number", { follows: 3 }, "follows"],
  ["no payload", { payload: {} }, "payload.validated_state.type"],
  ["a payload that is a list", { payload: [] }, "payload"],
  ["no state", { payload: { task_run: { task_key: "k", dynamic_key: "0" } } }, "payload.validated_state.type"],
  ["no task run", { payload: { validated_state: { type: "RUNNING" } } }, "payload.task_run.task_key"],
  [
    "no dynamic key",
    { payload: { validated_state: { type: "RUNNING" }, task_run: { task_key: "k" } } },
    "payload.task_run.dynamic_key",
  ],
  ["no resource id", { resource: { "prefect.orchestration": "client" } }, "resource.prefect.resource.id"],
  [
    "a resource of another kind",
    { resource: { "prefect.resource.id": `prefect.flow-run.${TASK_RUN}`, "prefect.orchestration": "client" } },
    "resource.prefect.resource.id",
  ],
  [
    "a flow run that is none",
    { related: [{ "prefect.resource.id": "prefect.flow-run.1", "prefect.resource.role": "flow-run" }] },
    "related",
  ],
])("[TR7] %s", (_case, fields, field) => {
  const problem = { code: "invalid", field, message: expect.any(String) };
  const told = { ...running, ...fields };
  expect(recordTaskRunEvent(null, told, NOW)).toEqual({ kind: "malformed", problem });
});

test.each<[string, Json]>([
  ["name", 1],
  ["tags", ["a", 1]],
  ["tags", "a"],
  ["labels", [1]],
  ["task_inputs", { x: 1 }],
  ["task_inputs", { x: ["y"] }],
  ["run_count", -1],
  ["run_count", 1.5],
  ["run_count", "1"],
  ["start_time", "noon"],
  ["total_run_time", Number.POSITIVE_INFINITY],
  ["empirical_policy", 3],
  ["empirical_policy.retries", "two"],
  ["empirical_policy.retry_delay", [1, "2"]],
  ["empirical_policy.retry_delay", Array(51).fill(1)],
])("[TR7] payload.task_run.%s is not %j", (field, value) => {
  const [outer, inner] = field.split(".") as [string, string?];
  const told = sampleEvent("RUNNING", { taskRun: { [outer]: inner ? { [inner]: value } : value } });
  expect(recordTaskRunEvent(null, told, NOW)).toMatchObject({
    kind: "malformed",
    problem: { field: `payload.task_run.${field}` },
  });
});

test("[TR7] anything at all is answered, never thrown", () => {
  const type = fc.constantFrom("RUNNING", "SLEEPING", 3, null);
  const anything = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json>;
  const nearly = fc.record(
    {
      occurred: fc.oneof(fc.constant("2026-11-24T12:00:00Z"), anything),
      event: fc.constantFrom("prefect.task-run.Running", "other"),
      id: fc.oneof(fc.constant(eventId(1)), anything),
      follows: anything,
      resource: fc.oneof(fc.constant(running.resource as Json), anything),
      related: fc.oneof(fc.constant(running.related as Json), anything),
      payload: fc.oneof(
        anything,
        fc.record({
          validated_state: fc.oneof(
            anything,
            fc.record({ type, name: anything, state_details: anything, data: anything }),
          ),
          task_run: fc.oneof(
            anything,
            fc.record({ task_key: fc.constant("k"), dynamic_key: fc.constant("0"), tags: anything }),
          ),
        }),
      ),
    },
    { requiredKeys: ["event", "resource"] },
  );
  const kinds: Recording["kind"][] = ["recorded", "late", "unchanged", "malformed"];
  fc.assert(
    fc.property(fc.oneof(anything, nearly), (event) => {
      expect(kinds).toContain(recordTaskRunEvent(null, event, NOW).kind);
      taskRunTarget(event);
    }),
    { numRuns: 2000 },
  );
});

test("[TR7] names that every object has are no fields", () => {
  const told = sampleEvent("RUNNING", {
    with: { payload: JSON.parse('{"__proto__": {"validated_state": {"type": "RUNNING"}}}') },
  });
  expect(recordTaskRunEvent(null, told, NOW).kind).toBe("malformed");
});

test("[TR8] ids and owners in the payload are not read", () => {
  const foreign = {
    id: eventId(9),
    flow_run_id: eventId(9),
    state: { type: "FAILED" },
    state_id: eventId(9),
    created: "x",
  };
  const validated = { type: "RUNNING", id: eventId(9), timestamp: "1999-01-01T00:00:00Z" };
  const details = { flow_run_id: eventId(9), task_run_id: eventId(9) };
  const told = sampleEvent("RUNNING", { taskRun: foreign, details });
  (told.payload as JsonObject).validated_state = { ...validated, state_details: details };
  expect(recorded([told])).toMatchObject({
    id: TASK_RUN,
    flowRunId: FLOW_RUN,
    state: { id: eventId(1), timestamp: after(1), details: { flowRunId: FLOW_RUN, taskRunId: TASK_RUN } },
  });
});

test("[TR8] [TR9] an event says where it belongs", () => {
  expect(taskRunTarget(running)).toEqual({
    taskRunId: TASK_RUN,
    flowRunId: FLOW_RUN,
    taskKey: "add-1e6989a6",
    dynamicKey: "7077db35",
  });
  const shouted = {
    "prefect.resource.id": `prefect.task-run.${TASK_RUN.toUpperCase()}`,
    "prefect.orchestration": "client",
  };
  expect(taskRunTarget({ ...running, resource: shouted })).toMatchObject({ taskRunId: TASK_RUN });
});

test("[TR9] the task run that is known by its keys keeps its id", () => {
  const known = { ...(recorded([pending]) as TaskRun), id: eventId(5), created: BEGAN };
  expect(recorded([running], known)).toMatchObject({
    id: eventId(5),
    created: BEGAN,
    state: { type: "RUNNING", details: { taskRunId: eventId(5) } },
  });
});

test.each<[string, unknown]>([
  ["of a flow run", { ...running, event: "prefect.flow-run.Running" }],
  ["of a server", { ...running, resource: { ...(running.resource as JsonObject), "prefect.orchestration": "server" } }],
  ["of nothing", { event: "prefect.task-run.Running" }],
  ["that is none", "prefect.task-run.Running"],
  ["that is nothing", null],
])("[TR10] an event %s", (_case, event) => {
  expect(recordTaskRunEvent(null, event, NOW)).toEqual({ kind: "unchanged" });
  expect(taskRunTarget(event)).toBeNull();
});
