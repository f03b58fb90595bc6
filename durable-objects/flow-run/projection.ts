/** A flow run and its task runs as the index shows them. */
import { flowRunToWire } from "@millrace/contract/flow-runs.ts";
import { taskRunToWire } from "@millrace/contract/task-runs.ts";
import type { FlowRun } from "@millrace/domain/flow-run/run.ts";
import type { TaskRun } from "@millrace/domain/task-run/run.ts";
import type { Instant } from "@millrace/domain/time.ts";
import type { FlowRunRow, TaskRunsRow } from "../event-hub/rpc.ts";
import type { Head } from "./head.ts";

/** Characters of a run above which its row does not copy it: lists then read it from its object. */
const LARGEST_BODY = 32_000;

/** The row of a run. */
export function flowRunRow({ run, version, surroundings }: Head, now: Instant): FlowRunRow {
  const body = JSON.stringify(flowRunToWire(run, now));
  return {
    id: run.id,
    version,
    flow_id: run.flowId,
    deployment_id: run.deploymentId,
    work_pool_id: run.workPoolId,
    work_pool_name: run.workPoolName,
    work_queue_id: run.workQueueId,
    work_queue_name: run.workQueueName,
    parent_task_run_id: run.parentTaskRunId,
    parent_flow_run_id: surroundings.parentFlowRunId,
    name: run.name,
    tags: run.tags,
    flow_version: run.flowVersion,
    idempotency_key: run.idempotencyKey,
    created_by: createdBy(run),
    state_type: run.state?.type ?? null,
    state_name: run.state?.name ?? null,
    expected_start_time: run.expectedStartTime,
    next_scheduled_start_time: run.nextScheduledStartTime,
    start_time: run.startTime,
    end_time: run.endTime,
    created: run.created,
    updated: run.updated,
    body: body.length > LARGEST_BODY ? "" : body,
  };
}

/** The row of task runs that ended together. */
export const taskRunsRow = (flowRunId: string, taskRuns: readonly TaskRun[], now: Instant): TaskRunsRow => ({
  flow_run_id: flowRunId,
  told: now,
  ids: taskRuns.map(({ id }) => id),
  body: JSON.stringify(taskRuns.map((taskRun) => taskRunToWire(taskRun, now))),
});

const createdBy = ({ createdBy: by }: FlowRun): string | null => (by === null ? null : JSON.stringify(by));
