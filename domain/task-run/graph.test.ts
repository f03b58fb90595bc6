import { expect, test } from "vitest";
import type { Json } from "../json.ts";
import { newTaskRun } from "./create.ts";
import { type GraphNode, graphOf, type Subflow, upstreamOf } from "./graph.ts";
import type { TaskRun } from "./run.ts";
import { after, FLOW_RUN } from "./sample-event.ts";

/** A task run called by its id, begun at a second, with inputs of others. */
function task(id: string, second: number, from: Record<string, string[]> = {}, end: number | null = null): TaskRun {
  const taskInputs = Object.fromEntries(
    Object.entries(from).map(([name, ids]) => [name, ids.map((one): Json => ({ input_type: "task_run", id: one }))]),
  );
  const run = newTaskRun(
    { taskKey: id, dynamicKey: "0", flowRunId: FLOW_RUN, taskInputs },
    { id, name: `task ${id}`, now: after(second), newId: () => `state-${id}` },
  );
  return { ...run, startTime: after(second), endTime: end === null ? null : after(end) };
}
const ids = (nodes: readonly GraphNode[]) => nodes.map(({ id }) => id);
const node = (nodes: readonly GraphNode[], id: string) => nodes.find((one) => one.id === id);

test("[TR61] nodes are in order of their beginning, and tied ones name each other", () => {
  const nodes = graphOf(
    [task("c", 3, { x: ["b", "a"], y: ["a"] }), task("a", 1), task("b", 2, { x: ["a"] })],
    new Map(),
    null,
  );
  expect(ids(nodes)).toEqual(["a", "b", "c"]);
  expect(node(nodes, "c")).toMatchObject({ parents: ["a", "b"], children: [], kind: "task-run", label: "task c" });
  expect(node(nodes, "a")).toMatchObject({ parents: [], children: ["b", "c"] });
});

test("[TR61] a stand-in is shown as its subflow, and what used its result is tied to that", () => {
  const subflow: Subflow = {
    ...{ id: "sub", flowName: "child", name: "calm-owl", stateType: "RUNNING" },
    ...{ startTime: after(5), expectedStartTime: after(1), endTime: null },
  };
  const nodes = graphOf(
    [task("stand-in", 1, { x: ["first"] }), task("first", 0), task("user", 9, { r: ["sub"] })],
    new Map([["stand-in", subflow]]),
    null,
  );
  expect(node(nodes, "sub")).toMatchObject({
    kind: "flow-run",
    label: "child / calm-owl",
    stateType: "PENDING",
    startTime: after(5),
    parents: ["first"],
    children: ["user"],
  });
  expect(node(nodes, "stand-in")).toBeUndefined();
});

test("[TR61] what ended before the time asked for is left out, and its ties stay", () => {
  const nodes = graphOf([task("old", 0, {}, 2), task("new", 3, { x: ["old"] })], new Map(), after(2.5));
  expect(nodes).toMatchObject([{ id: "new", parents: ["old"] }]);
  expect(ids(graphOf([task("old", 0, {}, 2)], new Map(), after(2)))).toEqual(["old"]);
});

test("[TR61] an input of nobody, or of what is no task run, ties nothing", () => {
  const run = task("a", 1, { x: ["nobody"] });
  run.taskInputs.y = [
    { input_type: "parameter", name: "y" },
    { input_type: "constant", type: "int" },
  ];
  expect(graphOf([run], new Map(), null)).toMatchObject([{ parents: [], encapsulating: [] }]);
});

test("[TR62] within which task runs one was called is no tie", () => {
  const nodes = graphOf([task("outer", 1), task("inner", 2, { __parents__: ["outer", "outer"] })], new Map(), null);
  expect(node(nodes, "inner")).toMatchObject({ parents: [], encapsulating: ["outer"] });
  expect(node(nodes, "outer")).toMatchObject({ children: [] });
});

test("[TR61] what a task run waited for is named once, runs of flows left out", () => {
  const run = task("a", 1, { x: ["b", "c"], y: ["b"] });
  run.taskInputs.z = [{ input_type: "flow_run", id: "f" }];
  expect(upstreamOf(run)).toEqual(["b", "c"]);
});

test("[TR61] ten thousand nodes are laid out at once", () => {
  const many = Array.from({ length: 10_000 }, (_, at) => task(`t${at}`, at, at === 0 ? {} : { x: [`t${at - 1}`] }));
  const nodes = graphOf(many, new Map(), null);
  expect(nodes).toHaveLength(10_000);
  expect(nodes[5000]).toMatchObject({ parents: ["t4999"], children: ["t5001"] });
});
