import { expect, test } from "vitest";
import { newTaskRun } from "../task-run/create.ts";
import { answeredAt, askedAt, cancelledWith, liveNodes } from "./cancellation.ts";
import { at, NOW, sampleRun, sampleState } from "./sample-run.ts";

const deployed = { deploymentId: "deployment-1" };

test.each([
  ["[FR92] in its parent's process, which is being ended", "CANCELLING", "RUNNING", {}, null],
  ["[FR92] in its parent's process, which is over", "CANCELLED", "RUNNING", {}, "CANCELLED"],
  ["[FR92] in its parent's process, cancelled halfway", "CANCELLED", "CANCELLING", {}, "CANCELLED"],
  ["[FR92] in a process of its own", "CANCELLING", "RUNNING", deployed, "CANCELLING"],
  ["[FR92] in a process of its own, later", "CANCELLED", "PAUSED", deployed, "CANCELLING"],
  ["[FR92] in a process of its own, asked before", "CANCELLED", "CANCELLING", deployed, null],
  ["[FR92] ended", "CANCELLED", "COMPLETED", deployed, null],
] as const)("%s", (_case, parent, type, changes, expected) => {
  expect(cancelledWith(parent, sampleRun(sampleState(type), changes))?.type ?? null).toBe(expected);
});

test("[FR92] what has not ended is cancelled, a stand-in by its subflow", () => {
  const task = (id: string, type: "RUNNING" | "COMPLETED", childFlowRunId: string | null = null) =>
    newTaskRun(
      { taskKey: id, dynamicKey: "0", state: { type, details: { childFlowRunId } } },
      { id, name: id, now: NOW, newId: () => "s" },
    );
  const { tasks, subflows } = liveNodes([task("a", "RUNNING"), task("b", "COMPLETED"), task("c", "RUNNING", "sub")]);
  expect(tasks.map(({ id }) => id)).toEqual(["a"]);
  expect(subflows).toEqual(["sub"]);
});

test("[FR92] each node has one receipt, of when it was asked last and what it answered", () => {
  const nodes = [{ kind: "flow-run", id: "sub" }] as const;
  const first = answeredAt(askedAt([], nodes, NOW), "sub", "Running", at(1));
  expect(first).toEqual([{ kind: "flow-run", id: "sub", asked: NOW, answered: at(1), state: "Running" }]);
  const again = askedAt([...first, { ...first[0]!, id: "other" }], nodes, at(2));
  expect(again.map(({ id, asked, answered }) => [id, asked, answered])).toEqual([
    ["other", NOW, at(1)],
    ["sub", at(2), null],
  ]);
});
