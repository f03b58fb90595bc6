import { expect, test } from "vitest";
import { sampleRun, sampleState } from "../flow-run/sample-run.ts";
import { newTaskRun } from "./create.ts";
import { after, BEGAN } from "./sample-event.ts";
import { setTaskRunState } from "./set-state.ts";
import { stateOfStandIn } from "./subflow.ts";

const task = newTaskRun(
  { taskKey: "child", dynamicKey: "0", flowRunId: "parent-1" },
  { id: "task-1", name: "child-0", now: BEGAN, newId: () => "state-1" },
);

test("[TR12] a life keeps its books", () => {
  const running = setTaskRunState(task, sampleState("RUNNING", { timestamp: after(1) }), after(1));
  expect(running).toMatchObject({ runCount: 1, startTime: after(1), endTime: null, updated: after(1) });
  const failed = setTaskRunState(running, sampleState("FAILED", { timestamp: after(3.5) }), after(3.5));
  expect(failed).toMatchObject({ runCount: 1, endTime: after(3.5), totalRunTime: 2.5 });
  const again = setTaskRunState(failed, sampleState("RUNNING", { timestamp: after(5) }), after(5));
  expect(again).toMatchObject({ runCount: 2, startTime: after(1), endTime: null, totalRunTime: 2.5 });
  expect(again.state?.details).toMatchObject({ flowRunId: "parent-1", taskRunId: "task-1" });
});

test("[TR14] a stand-in follows its run", () => {
  const child = sampleRun(sampleState("RUNNING", { message: "on it" }), { id: "run-9", parentTaskRunId: "task-1" });
  const state = stateOfStandIn(child, { now: after(2), newId: () => "state-2" });
  expect(state).toMatchObject({ id: "state-2", type: "RUNNING", message: "on it", timestamp: after(2) });
  expect(setTaskRunState(task, state!, after(2)).state?.details).toMatchObject({
    childFlowRunId: "run-9",
    flowRunId: "parent-1",
    taskRunId: "task-1",
  });
});

test.each([
  ["[TR14] a run that began on its own", sampleRun(sampleState("RUNNING"))],
  ["[TR14] a run without a state", sampleRun(null, { parentTaskRunId: "task-1" })],
])("%s has no state to follow", (_case, run) => {
  expect(stateOfStandIn(run, { now: after(2), newId: () => "state-2" })).toBeNull();
});
