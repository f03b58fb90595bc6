import { expect, test } from "vitest";
import { sampleState } from "../flow-run/sample-run.ts";
import { newTaskRun } from "../task-run/create.ts";
import { after, BEGAN } from "../task-run/sample-event.ts";
import { setTaskRunState } from "../task-run/set-state.ts";
import { matchesTaskRun, type TaskRunFilter } from "./task-runs.ts";

const task = (flowRunId: string | null) =>
  newTaskRun(
    { taskKey: "add", dynamicKey: "0", flowRunId, tags: ["io"] },
    { id: "task-1", name: "add-0", now: BEGAN, newId: () => "state-1" },
  );
const running = setTaskRunState(task("run-1"), sampleState("RUNNING", { timestamp: after(1) }), after(1));

test.each<[string, TaskRunFilter, boolean]>([
  ["nothing", {}, true],
  ["id", { id: { any_: ["task-1"] } }, true],
  ["name", { name: { any_: ["other"] } }, false],
  ["tags", { tags: { all_: ["io"] } }, true],
  ["no tags", { tags: { is_null_: true } }, false],
  ["state", { state: { name: { any_: ["Running"] } } }, true],
  ["start", { start_time: { after_: after(1) } }, true],
  ["no start", { start_time: { is_null_: true } }, false],
  ["end", { end_time: { before_: after(9) } }, false],
  ["expected", { expected_start_time: { before_: BEGAN } }, true],
  ["subflow", { subflow_runs: { exists_: true } }, false],
  ["no subflow", { subflow_runs: { exists_: false } }, true],
  ["subflow or not", { subflow_runs: {} }, true],
  ["either", { operator: "or_", id: { any_: [] }, name: { like_: "ADD" } }, true],
])("[FI9] by %s", (_case, filter, expected) => {
  expect(matchesTaskRun(filter, running)).toBe(expected);
});

test("[FI9] by a subflow that exists", () => {
  expect(matchesTaskRun({ subflow_runs: { exists_: true } }, running, { hasSubflowRun: true })).toBe(true);
  expect(matchesTaskRun({ subflow_runs: { exists_: false } }, running, { hasSubflowRun: true })).toBe(false);
});

test.each<[string, TaskRunFilter["flow_run_id"], boolean, boolean]>([
  // case                        filter                              of run-1  of none
  ["one of the list", { any_: ["run-1"] }, true, false],
  ["of another", { any_: ["run-2"] }, false, false],
  ["of any", {}, true, false],
  ["of any, said twice", { is_null_: false }, true, false],
  ["of none", { is_null_: true }, false, true],
  ["of none, whatever the list", { is_null_: true, any_: ["run-1"] }, false, true],
])("[FI9] by flow run: %s", (_case, flow_run_id, ofRun, ofNone) => {
  expect(matchesTaskRun({ flow_run_id }, task("run-1"))).toBe(ofRun);
  expect(matchesTaskRun({ flow_run_id }, task(null))).toBe(ofNone);
});
