/** Task runs on the wire. */

import { TASK_RUN_SORTS } from "@millrace/domain/filter/order.ts";
import { estimatedRunTime, estimatedStartTimeDelta } from "@millrace/domain/flow-run/estimates.ts";
import type { TaskRun, TaskRunPolicy } from "@millrace/domain/task-run/run.ts";
import type { Instant } from "@millrace/domain/time.ts";
import { z } from "zod";
import { endpoint } from "./endpoint.ts";
import { RunFilters, TaskRunFilter } from "./filters.ts";
import { Orchestration } from "./flow-runs.ts";
import { HistoryOut, HistorySpan } from "./history.ts";
import { StateIn, StateOut, stateToWire } from "./states.ts";
import {
  ById,
  Labels,
  Limit,
  maybe,
  Name,
  Offset,
  otherwise,
  Page,
  pageOf,
  Tags,
  Timestamp,
  TimestampText,
  text,
  Uuid,
} from "./wire.ts";

export const TaskPolicyIn = z
  .object({
    max_retries: z.int().default(0),
    retry_delay_seconds: z.number().min(0).default(0),
    retries: maybe(z.int()),
    retry_delay: maybe(z.union([z.number().min(0), z.array(z.number().min(0)).max(50)])),
    retry_jitter_factor: maybe(z.number().min(0)),
  })
  .transform(
    (policy): TaskRunPolicy => ({
      maxRetries: policy.max_retries,
      retryDelaySeconds: policy.retry_delay_seconds,
      retries: policy.retries,
      retryDelay: policy.retry_delay,
      retryJitterFactor: policy.retry_jitter_factor,
    }),
  );

/** Where an input of a task run comes from. */
const TaskInput = z.union([
  z.object({ input_type: z.literal("task_run").default("task_run"), id: Uuid }),
  z.object({ input_type: z.literal("flow_run"), id: Uuid }),
  z.object({ input_type: z.literal("parameter").default("parameter"), name: z.string() }),
  z.object({ input_type: z.literal("constant").default("constant"), type: z.string() }),
]);

export const TaskRunOut = z.object({
  id: z.uuid(),
  created: TimestampText,
  updated: TimestampText,
  name: z.string(),
  flow_run_id: z.uuid().nullable(),
  task_key: z.string(),
  dynamic_key: z.string(),
  cache_key: z.string().nullable(),
  cache_expiration: TimestampText.nullable(),
  task_version: z.string().nullable(),
  empirical_policy: z.object({
    max_retries: z.int(),
    retry_delay_seconds: z.number(),
    retries: z.int().nullable(),
    retry_delay: z.union([z.number(), z.array(z.number())]).nullable(),
    retry_jitter_factor: z.number().nullable(),
  }),
  tags: z.array(z.string()),
  labels: z.record(z.string(), z.unknown()),
  state_id: z.uuid().nullable(),
  task_inputs: z.record(z.string(), z.array(z.unknown())),
  state_type: z.string().nullable(),
  state_name: z.string().nullable(),
  run_count: z.int(),
  flow_run_run_count: z.int(),
  expected_start_time: TimestampText.nullable(),
  next_scheduled_start_time: TimestampText.nullable(),
  start_time: TimestampText.nullable(),
  end_time: TimestampText.nullable(),
  total_run_time: z.number(),
  estimated_run_time: z.number(),
  estimated_start_time_delta: z.number(),
  state: StateOut.nullable(),
});
export type WireTaskRun = z.output<typeof TaskRunOut>;

/** A task run as every answer of the wire shows it; estimates are of the moment `now`. */
export function taskRunToWire(run: TaskRun, now: Instant): WireTaskRun {
  return {
    id: run.id,
    created: text(run.created) as string,
    updated: text(run.updated) as string,
    name: run.name,
    flow_run_id: run.flowRunId,
    task_key: run.taskKey,
    dynamic_key: run.dynamicKey,
    cache_key: run.cacheKey,
    cache_expiration: text(run.cacheExpiration),
    task_version: run.taskVersion,
    empirical_policy: {
      max_retries: run.policy.maxRetries,
      retry_delay_seconds: run.policy.retryDelaySeconds,
      retries: run.policy.retries,
      retry_delay: run.policy.retryDelay,
      retry_jitter_factor: run.policy.retryJitterFactor,
    },
    tags: run.tags,
    labels: run.labels,
    state_id: run.state?.id ?? null,
    task_inputs: run.taskInputs,
    state_type: run.state?.type ?? null,
    state_name: run.state?.name ?? null,
    run_count: run.runCount,
    flow_run_run_count: run.flowRunRunCount,
    expected_start_time: text(run.expectedStartTime),
    next_scheduled_start_time: text(run.nextScheduledStartTime),
    start_time: text(run.startTime),
    end_time: text(run.endTime),
    total_run_time: run.totalRunTime,
    estimated_run_time: estimatedRunTime(run, now),
    estimated_start_time_delta: estimatedStartTimeDelta(run, now),
    state: run.state && stateToWire(run.state),
  };
}

const TaskRunCreate = z.strictObject({
  id: maybe(Uuid),
  state: maybe(StateIn),
  name: maybe(Name),
  flow_run_id: maybe(Uuid),
  task_key: Name,
  dynamic_key: Name,
  cache_key: maybe(Name),
  cache_expiration: maybe(Timestamp),
  task_version: maybe(Name),
  empirical_policy: TaskPolicyIn.optional(),
  tags: Tags.default([]),
  labels: maybe(Labels),
  task_inputs: z.record(z.string(), z.array(TaskInput)).default({}),
});
export type TaskRunCreateBody = z.output<typeof TaskRunCreate>;

export const taskRuns = {
  create: endpoint({
    method: "POST",
    path: "/task_runs/",
    scope: "run_flows",
    body: TaskRunCreate,
    status: [201, 200],
    result: TaskRunOut,
    summary: "Creates a task run, such as the parent of a subflow.",
  }),
  read: endpoint({
    method: "GET",
    path: "/task_runs/{id}",
    scope: "see_flows",
    params: ById,
    status: 200,
    result: TaskRunOut,
    summary: "Reads a task run.",
  }),
  setState: endpoint({
    method: "POST",
    path: "/task_runs/{id}/set_state",
    scope: "run_flows",
    params: ById,
    missing: "exception_message",
    body: z.object({ state: StateIn, force: otherwise(z.boolean(), false) }),
    status: [201, 200],
    result: Orchestration,
    summary: "Proposes a state of a task run.",
  }),
  filter: endpoint({
    method: "POST",
    path: "/task_runs/filter",
    scope: "see_flows",
    body: RunFilters.extend({
      task_runs: maybe(TaskRunFilter),
      sort: otherwise(z.enum(TASK_RUN_SORTS), "ID_DESC"),
      limit: Limit,
      offset: Offset,
    }),
    optionalBody: true,
    status: 200,
    result: z.array(TaskRunOut),
    summary: "Lists task runs.",
  }),
  update: endpoint({
    method: "PATCH",
    path: "/task_runs/{id}",
    scope: "run_flows",
    params: ById,
    body: z.strictObject({ name: Name.optional() }),
    status: 204,
    summary: "Changes a task run's name.",
  }),
  remove: endpoint({
    method: "DELETE",
    path: "/task_runs/{id}",
    scope: "manage_flows",
    params: ById,
    status: 204,
    summary: "Deletes a task run with its log lines.",
  }),
  paginate: endpoint({
    method: "POST",
    path: "/task_runs/paginate",
    scope: "see_flows",
    body: RunFilters.extend({
      sort: otherwise(z.enum(TASK_RUN_SORTS), "ID_DESC"),
      limit: Limit,
      page: Page,
    }),
    optionalBody: true,
    status: 200,
    result: pageOf(TaskRunOut),
    summary: "Lists task runs by pages.",
  }),
  history: endpoint({
    method: "POST",
    path: "/task_runs/history",
    scope: "see_flows",
    body: RunFilters.extend(HistorySpan),
    status: 200,
    result: HistoryOut,
    summary: "Counts task runs by state in intervals of time.",
  }),
  count: endpoint({
    method: "POST",
    path: "/task_runs/count",
    scope: "see_flows",
    body: RunFilters,
    optionalBody: true,
    status: 200,
    result: z.int(),
    summary: "Counts task runs.",
  }),
};
