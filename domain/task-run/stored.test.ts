import fc from "fast-check";
import { expect, test } from "vitest";
import { NO_DETAILS, newState, STATE_TYPES, type State } from "../state.ts";
import { type Instant, instant } from "../time.ts";
import { newTaskRun } from "./create.ts";
import { movedOn, statesOf, type TaskRunRecord, withEarlier } from "./history.ts";
import type { TaskRun } from "./run.ts";
import { after, BEGAN, FLOW_RUN } from "./sample-event.ts";
import { setTaskRunState } from "./set-state.ts";
import { restoredTaskRun, storedTaskRun } from "./stored.ts";

const ID = "01a20db2-ed5d-7acd-a6e9-12eb0e100245";
const begun = (input: Partial<Parameters<typeof newTaskRun>[0]> = {}): TaskRun =>
  newTaskRun(
    { taskKey: "add-8c2f1a90", dynamicKey: "7f0c8f2e-5f0a-4e4e-9d62-0a6f6f7f5a10", flowRunId: FLOW_RUN, ...input },
    { id: ID, name: "add-7f0", now: BEGAN, newId: () => stateId(0) },
  );
const stateId = (number: number): string => `01a20db2-ed5d-7ef3-8131-${String(number).padStart(12, "0")}`;
const enter = (record: TaskRunRecord, number: number, type: State["type"]): TaskRunRecord =>
  movedOn(
    record,
    setTaskRunState(record.run, newState({ type }, { id: stateId(number), now: after(number) }), after(number)),
  );
const alive = (input = {}): TaskRunRecord =>
  [..."RC"].reduce((record, letter, at) => enter(record, at + 1, letter === "R" ? "RUNNING" : "COMPLETED"), {
    run: begun(input),
    past: [],
  } as TaskRunRecord);

test("[TR60] states are remembered in order, the current one last", () => {
  expect(statesOf(alive()).map(({ type }) => type)).toEqual(["PENDING", "RUNNING", "COMPLETED"]);
});

test("[TR60] one that is heard of late takes its place, once", () => {
  const late = newState({ type: "SCHEDULED" }, { id: stateId(9), now: instant(after(1) - 1) });
  const record = withEarlier(withEarlier(alive(), late), late);
  expect(statesOf(record).map(({ type }) => type)).toEqual(["PENDING", "SCHEDULED", "RUNNING", "COMPLETED"]);
  expect(withEarlier(record, record.run.state as State)).toBe(record);
});

test("[TR63] a task run of three states takes about four hundred bytes", () => {
  const inputs = { x: [{ input_type: "task_run", id: stateId(77) }] };
  const text = storedTaskRun(alive({ taskInputs: inputs, labels: {} }), { flowRunId: FLOW_RUN });
  expect(text.length).toBeLessThan(480);
});

test("[TR63] one that was kept whole by an earlier version is read as it is", () => {
  const run = begun({ tags: ["a"] });
  expect(restoredTaskRun(ID, JSON.stringify(run), { flowRunId: FLOW_RUN })).toEqual({ run, past: [] });
});

const time = fc.integer({ min: 0, max: 1e9 }).map((delta) => instant(BEGAN + delta));
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(value, { nil: null });
const text = fc.string({ maxLength: 10 });
const anyState: fc.Arbitrary<State> = fc.record({
  id: fc.uuid(),
  type: fc.constantFrom(...STATE_TYPES),
  name: text,
  timestamp: time,
  message: maybe(text),
  data: maybe(fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)))),
  details: fc
    .record({ scheduledTime: maybe(time), deferred: maybe(fc.boolean()), childFlowRunId: maybe(fc.uuid()) })
    .map((details) => ({ ...NO_DETAILS, flowRunId: FLOW_RUN, taskRunId: ID, ...details })),
});
const anyRun = fc.record({
  name: text,
  tags: fc.array(text, { maxLength: 2 }),
  labels: fc.constantFrom({}, { a: 1 }),
  policy: fc.constantFrom(begun().policy, { ...begun().policy, retries: 3, retryDelay: [1, 2] }),
  cacheKey: maybe(text),
  taskInputs: fc.constantFrom(
    {},
    { x: [] },
    {
      x: [
        { input_type: "task_run", id: "t" },
        { id: "t", input_type: "task_run" },
      ],
    },
    { x: [{ input_type: "constant", type: "int" }] },
  ),
  updated: time,
  startTime: maybe(time),
  endTime: maybe(time),
  expectedStartTime: maybe(time),
  nextScheduledStartTime: maybe(time) as fc.Arbitrary<Instant | null>,
  totalRunTime: fc.constantFrom(0, 1.5),
  runCount: fc.nat(5),
  flowRunId: fc.constantFrom(FLOW_RUN, null),
});

test("[TR63] whatever a task run and its states are, they come back as they were", () => {
  fc.assert(
    fc.property(anyRun, fc.array(anyState, { minLength: 1, maxLength: 4 }), (fields, states) => {
      const record = {
        run: { ...begun(), ...fields, state: states.at(-1) as State } as TaskRun,
        past: states.slice(0, -1),
      };
      const usual = { flowRunId: FLOW_RUN };
      expect(restoredTaskRun(ID, storedTaskRun(record, usual), usual)).toEqual(record);
    }),
  );
});
