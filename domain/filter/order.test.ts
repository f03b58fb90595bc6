import fc from "fast-check";
import { expect, test } from "vitest";
import { at, NOW, sampleRun, sampleState } from "../flow-run/sample-run.ts";
import type { Log } from "../log.ts";
import { newTaskRun } from "../task-run/create.ts";
import { instant } from "../time.ts";
import {
  FLOW_RUN_SORTS,
  flowRunOrder,
  LOG_SORTS,
  logOrder,
  type Order,
  TASK_RUN_SORTS,
  taskRunOrder,
} from "./order.ts";

const task = newTaskRun({ taskKey: "t", dynamicKey: "0" }, { id: "0", name: "n", now: NOW, newId: () => "s" });
const second = fc.option(fc.integer({ min: 0, max: 3 }).map(at), { nil: null });
const times = { startTime: second, endTime: second, expectedStartTime: second, nextScheduledStartTime: second };
const identity = { id: fc.constantFrom("1", "2", "3"), name: fc.constantFrom("a", "b", "ä") };
const anyFlowRun = fc.record({ ...times, ...identity }).map((changes) => sampleRun(null, changes));
const anyTaskRun = fc
  .record({ ...times, ...identity, totalRunTime: fc.nat({ max: 2 }), running: fc.boolean() })
  .map(({ running, ...changes }) => ({ ...task, ...changes, state: sampleState(running ? "RUNNING" : "FAILED") }));
const anyLog = fc
  .record({ id: identity.id, timestamp: fc.nat({ max: 2 }).map(instant) })
  .map((changes): Log => ({ ...changes, name: "n", level: 20, message: "m", flowRunId: null, taskRunId: null }));

function isTotal<T extends { id: string }>(order: Order<T>, any: fc.Arbitrary<T>): void {
  const sign = (a: T, b: T): number => Math.sign(order(a, b)) + 0;
  fc.assert(
    fc.property(any, any, any, (a, b, c) => {
      expect(sign(a, b) + sign(b, a)).toBe(0);
      expect(sign(a, a)).toBe(0);
      if (sign(a, b) === 0) expect(a.id).toBe(b.id);
      if (sign(a, b) <= 0 && sign(b, c) <= 0) expect(sign(a, c)).toBeLessThanOrEqual(0);
    }),
  );
}

test.each(FLOW_RUN_SORTS)("[FI12] flow runs by %s", (sort) => isTotal(flowRunOrder(sort), anyFlowRun));
test.each(TASK_RUN_SORTS)("[FI12] task runs by %s", (sort) => isTotal(taskRunOrder(sort, NOW), anyTaskRun));
test.each(LOG_SORTS)("[FI12] log lines by %s", (sort) => isTotal(logOrder(sort), anyLog));

const runs = [
  sampleRun(null, { id: "1", name: "b", startTime: at(5), expectedStartTime: at(1), endTime: at(9) }),
  sampleRun(null, { id: "2", name: "B", startTime: null, expectedStartTime: at(3), nextScheduledStartTime: at(3) }),
  sampleRun(null, { id: "3", name: "b", startTime: null, expectedStartTime: null, nextScheduledStartTime: at(2) }),
];

test.each([
  ["[FI12] ID_DESC", "ID_DESC", "3 2 1"],
  ["[FI12] ties by id, newest first", "NAME_ASC", "2 3 1"],
  ["[FI12] ties by id the other way round too", "NAME_DESC", "3 1 2"],
  ["[FI13] missing first, expected where not begun", "START_TIME_ASC", "3 2 1"],
  ["[FI13] missing last", "START_TIME_DESC", "1 2 3"],
  ["[FI13] missing first", "EXPECTED_START_TIME_ASC", "3 1 2"],
  ["[FI13] missing last", "EXPECTED_START_TIME_DESC", "2 1 3"],
  ["[FI13] missing first", "NEXT_SCHEDULED_START_TIME_ASC", "1 3 2"],
  ["[FI13] missing last", "END_TIME_DESC", "1 3 2"],
] as const)("%s", (_case, sort, ids) => {
  expect(
    [...runs]
      .sort(flowRunOrder(sort))
      .map((run) => run.id)
      .join(" "),
  ).toBe(ids);
});

test.each([
  ["[FI12] longest first, running ones go on", "DURATION_DESC", "2 1 3"],
  ["[FI12] shortest first, later expected before", "DURATION_ASC", "1 3 2"],
] as const)("%s", (_case, sort, ids) => {
  const tasks = [
    { ...task, id: "1", totalRunTime: 5, expectedStartTime: at(3) },
    { ...task, id: "2", totalRunTime: 1, state: sampleState("RUNNING", { timestamp: at(-60) }) },
    { ...task, id: "3", totalRunTime: 5, expectedStartTime: at(2) },
  ];
  expect(
    [...tasks]
      .sort(taskRunOrder(sort, NOW))
      .map((run) => run.id)
      .join(" "),
  ).toBe(ids);
});

test("[FI13] text is ordered as its bytes are", () => {
  const points = (text: string): number[] => [...text].map((letter) => letter.codePointAt(0) as number);
  const order = flowRunOrder("NAME_ASC");
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 4 }), fc.string({ unit: "binary", maxLength: 4 }), (a, b) => {
      const [x, y] = [points(a), points(b)];
      const first = x.findIndex((point, index) => point !== y[index]);
      const expected = a === b ? 0 : first < 0 || (x[first] as number) < (y[first] ?? -1) ? -1 : 1;
      expect(Math.sign(order(sampleRun(null, { name: a }), sampleRun(null, { name: b }))) + 0).toBe(expected);
    }),
  );
  expect(order(sampleRun(null, { name: "\u{1F600}" }), sampleRun(null, { name: "\uFFFD" }))).toBeGreaterThan(0);
});
