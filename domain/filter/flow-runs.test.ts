import { expect, test } from "vitest";
import { at, sampleRun, sampleState } from "../flow-run/sample-run.ts";
import { type FlowRunFilter, matchesFlowRun } from "./flow-runs.ts";

const run = sampleRun(sampleState("SCHEDULED", { name: "Late" }), {
  flowId: "flow-1",
  deploymentId: "deployment-1",
  deploymentVersionId: "version-1",
  workQueueId: "queue-1",
  workQueueName: "default",
  flowVersion: "v1",
  tags: ["nightly", "etl"],
  expectedStartTime: at(-60),
  nextScheduledStartTime: at(-60),
  parentTaskRunId: "task-1",
  idempotencyKey: "key-1",
  createdBy: { id: "automation-1", type: "AUTOMATION" },
});
const ended = sampleRun(sampleState("FAILED"), { startTime: at(-30), endTime: at(-10) });

test.each<[string, FlowRunFilter, boolean]>([
  ["nothing", {}, true],
  ["id", { id: { any_: ["run-1"] } }, true],
  ["other id", { id: { not_any_: ["run-1"] } }, false],
  ["name", { name: { like_: "HERON" } }, true],
  ["tags", { tags: { all_: ["etl"] } }, true],
  ["deployment", { deployment_id: { any_: ["deployment-1"] } }, true],
  ["no deployment", { deployment_id: { is_null_: true } }, false],
  ["flow", { flow_id: { any_: ["flow-1"] } }, true],
  ["other flow", { flow_id: { any_: ["flow-2"] } }, false],
  ["deployment's version", { deployment_version_id: { deployment_id: "deployment-1", any_: ["version-1"] } }, true],
  [
    "deployment's other version",
    { deployment_version_id: { deployment_id: "deployment-1", any_: ["version-2"] } },
    false,
  ],
  [
    "other deployment's version",
    { deployment_version_id: { deployment_id: "deployment-2", any_: ["version-1"] } },
    false,
  ],
  ["any version of the deployment", { deployment_version_id: { deployment_id: "deployment-1" } }, true],
  ["queue's id", { work_queue_id: { any_: ["queue-1"] } }, true],
  ["no queue", { work_queue_id: { is_null_: true } }, false],
  ["queue", { work_queue_name: { any_: ["default"] } }, true],
  ["state", { state: { type: { any_: ["SCHEDULED"] }, name: { any_: ["Late"] } } }, true],
  ["version", { flow_version: { any_: ["v2"] } }, false],
  ["start, by its expected time", { start_time: { before_: at(-60) } }, true],
  ["start, not begun", { start_time: { is_null_: true } }, true],
  ["end", { end_time: { after_: at(-99) } }, false],
  ["no end", { end_time: { is_null_: true } }, true],
  ["expected", { expected_start_time: { after_: at(-59) } }, false],
  ["next scheduled", { next_scheduled_start_time: { before_: at(0) } }, true],
  ["parent task run", { parent_task_run_id: { any_: ["task-1"] } }, true],
  ["parent flow run", { parent_flow_run_id: { any_: ["parent-1"] } }, true],
  ["other parent flow run", { parent_flow_run_id: { any_: ["parent-2"] } }, false],
  ["idempotency key", { idempotency_key: { any_: ["key-1"] } }, true],
  ["creator's kind", { created_by: { type_: ["AUTOMATION"] } }, true],
  ["creator", { created_by: { id_: ["automation-2"] } }, false],
  ["no creator", { created_by: { is_null_: true } }, false],
  ["two, both", { id: { any_: ["run-1"] }, end_time: { is_null_: false } }, false],
  ["two, either", { operator: "or_", id: { any_: ["run-1"] }, end_time: { is_null_: false } }, true],
])("[FI7] by %s", (_case, filter, expected) => {
  expect(matchesFlowRun(filter, run, { parentFlowRunId: "parent-1" })).toBe(expected);
});

test.each<[string, FlowRunFilter, boolean]>([
  ["begun at its own time", { start_time: { before_: at(-60) } }, false],
  ["ended", { end_time: { before_: at(-10), is_null_: false } }, true],
  ["no creator", { created_by: { is_null_: true } }, true],
  ["a creator of a kind", { created_by: { type_: ["AUTOMATION"] } }, false],
  ["no parent known", { parent_flow_run_id: { any_: ["parent-1"] } }, false],
])("[FI7] of a run that ended: %s", (_case, filter, expected) => {
  expect(matchesFlowRun(filter, ended)).toBe(expected);
});

test.each<[string, FlowRunFilter["state"], boolean]>([
  ["either", { operator: "or_", type: { any_: ["FAILED"] }, name: { any_: ["Late"] } }, true],
  ["either, one of which asks for nothing", { operator: "or_", type: {}, name: { any_: ["Crashed"] } }, false],
  ["either, one of which is empty", { operator: "or_", type: { any_: [] }, name: { any_: ["Late"] } }, true],
  ["both ask for nothing", { operator: "or_", type: {}, name: { not_any_: [] } }, true],
  ["not of a type", { type: { not_any_: ["FAILED"] } }, true],
])("[FI8] %s", (_case, state, expected) => {
  expect(matchesFlowRun({ state }, run)).toBe(expected);
});

test("[FI3] a run without a state is of no type, and not of another", () => {
  for (const type of [{ any_: ["FAILED" as const] }, { not_any_: ["FAILED" as const] }]) {
    expect(matchesFlowRun({ state: { type } }, sampleRun(null))).toBe(false);
  }
});
