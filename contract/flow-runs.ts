/** Flow runs on the wire. */

import { FLOW_RUN_SORTS } from "@millrace/domain/filter/order.ts";
import { estimatedRunTime, estimatedStartTimeDelta } from "@millrace/domain/flow-run/estimates.ts";
import type { FlowRun, RunPolicy } from "@millrace/domain/flow-run/run.ts";
import type { State } from "@millrace/domain/state.ts";
import type { Instant } from "@millrace/domain/time.ts";
import { z } from "zod";
import { endpoint } from "./endpoint.ts";
import { FlowRunFilter, RunFilters } from "./filters.ts";
import { StateIn, StateOut, stateToWire } from "./states.ts";
import {
  ById,
  Fields,
  Labels,
  Limit,
  maybe,
  Name,
  Offset,
  otherwise,
  Page,
  pageOf,
  Tags,
  TimestampText,
  text,
  Uuid,
} from "./wire.ts";

export const PolicyIn = z
  .object({
    max_retries: z.int().default(0),
    retry_delay_seconds: z.number().min(0).default(0),
    retries: maybe(z.int()),
    retry_delay: maybe(z.int().min(0)),
    pause_keys: maybe(z.array(Name).max(1000)),
    resuming: maybe(z.boolean()),
    retry_type: maybe(z.enum(["in_process", "reschedule"])),
  })
  .transform(
    (policy): RunPolicy => ({
      retries: policy.retries,
      retryDelay: policy.retry_delay,
      maxRetries: policy.max_retries,
      retryDelaySeconds: policy.retry_delay_seconds,
      pauseKeys: policy.pause_keys ?? [],
      resuming: policy.resuming ?? false,
      retryType: policy.retry_type,
    }),
  );

const PolicyOut = z.object({
  max_retries: z.int(),
  retry_delay_seconds: z.number(),
  retries: z.int().nullable(),
  retry_delay: z.int().nullable(),
  pause_keys: z.array(z.string()),
  resuming: z.boolean(),
  retry_type: z.enum(["in_process", "reschedule"]).nullable(),
});

export const FlowRunOut = z.object({
  id: z.uuid(),
  created: TimestampText,
  updated: TimestampText,
  name: z.string(),
  flow_id: z.uuid(),
  state_id: z.uuid().nullable(),
  deployment_id: z.uuid().nullable(),
  deployment_version: z.string().nullable(),
  // Of the cloud's wire alone: told of runs whose deployment has versions.
  deployment_version_id: z.uuid().optional(),
  work_queue_id: z.uuid().nullable(),
  work_queue_name: z.string().nullable(),
  flow_version: z.string().nullable(),
  parameters: z.record(z.string(), z.unknown()),
  idempotency_key: z.string().nullable(),
  context: z.record(z.string(), z.unknown()),
  empirical_policy: PolicyOut,
  tags: z.array(z.string()),
  labels: z.record(z.string(), z.unknown()),
  parent_task_run_id: z.uuid().nullable(),
  state_type: z.string().nullable(),
  state_name: z.string().nullable(),
  run_count: z.int(),
  expected_start_time: TimestampText.nullable(),
  next_scheduled_start_time: TimestampText.nullable(),
  start_time: TimestampText.nullable(),
  end_time: TimestampText.nullable(),
  total_run_time: z.number(),
  estimated_run_time: z.number(),
  estimated_start_time_delta: z.number(),
  auto_scheduled: z.boolean(),
  infrastructure_document_id: z.uuid().nullable(),
  infrastructure_pid: z.string().nullable(),
  created_by: z.unknown(),
  work_pool_id: z.uuid().nullable(),
  work_pool_name: z.string().nullable(),
  state: StateOut.nullable(),
  job_variables: z.record(z.string(), z.unknown()),
});
export type WireFlowRun = z.output<typeof FlowRunOut>;

/** A flow run as every answer of the wire shows it; estimates are of the moment `now`. */
export function flowRunToWire(run: FlowRun, now: Instant): WireFlowRun {
  return {
    id: run.id,
    created: text(run.created) as string,
    updated: text(run.updated) as string,
    name: run.name,
    flow_id: run.flowId,
    state_id: run.state?.id ?? null,
    deployment_id: run.deploymentId,
    deployment_version: run.deploymentVersion,
    ...(run.deploymentVersionId !== null && { deployment_version_id: run.deploymentVersionId }),
    work_queue_id: run.workQueueId,
    work_queue_name: run.workQueueName,
    flow_version: run.flowVersion,
    parameters: run.parameters,
    idempotency_key: run.idempotencyKey,
    context: run.context,
    empirical_policy: {
      max_retries: run.policy.maxRetries,
      retry_delay_seconds: run.policy.retryDelaySeconds,
      retries: run.policy.retries,
      retry_delay: run.policy.retryDelay,
      pause_keys: run.policy.pauseKeys,
      resuming: run.policy.resuming,
      retry_type: run.policy.retryType,
    },
    tags: run.tags,
    labels: run.labels,
    parent_task_run_id: run.parentTaskRunId,
    state_type: run.state?.type ?? null,
    state_name: run.state?.name ?? null,
    run_count: run.runCount,
    expected_start_time: text(run.expectedStartTime),
    next_scheduled_start_time: text(run.nextScheduledStartTime),
    start_time: text(run.startTime),
    end_time: text(run.endTime),
    total_run_time: run.totalRunTime,
    estimated_run_time: estimatedRunTime(run, now),
    estimated_start_time_delta: estimatedStartTimeDelta(run, now),
    auto_scheduled: run.autoScheduled,
    infrastructure_document_id: run.infrastructureDocumentId,
    infrastructure_pid: run.infrastructurePid,
    created_by: run.createdBy,
    work_pool_id: run.workPoolId,
    work_pool_name: run.workPoolName,
    state: run.state && stateToWire(run.state),
    job_variables: run.jobVariables,
  };
}

const FlowRunCreate = z.strictObject({
  state: maybe(StateIn),
  name: maybe(Name),
  flow_id: Uuid,
  flow_version: maybe(Name),
  parameters: Fields.default({}),
  context: Fields.default({}),
  parent_task_run_id: maybe(Uuid),
  infrastructure_document_id: maybe(Uuid),
  empirical_policy: PolicyIn.optional(),
  tags: Tags.default([]),
  labels: maybe(Labels),
  idempotency_key: maybe(Name),
  work_pool_name: maybe(Name),
  work_queue_name: maybe(Name),
  job_variables: maybe(Fields),
  deployment_id: maybe(Uuid),
});
export type FlowRunCreateBody = z.output<typeof FlowRunCreate>;

const FlowRunUpdate = z.strictObject({
  name: maybe(Name),
  flow_version: Name.nullish(),
  parameters: Fields.optional(),
  empirical_policy: PolicyIn.optional(),
  tags: Tags.optional(),
  infrastructure_pid: Name.nullish(),
  job_variables: maybe(Fields),
});
export type FlowRunUpdateBody = z.output<typeof FlowRunUpdate>;

const Details = z.discriminatedUnion("type", [
  z.object({ type: z.literal("accept_details") }),
  z.object({ type: z.literal("reject_details"), reason: z.string().nullable() }),
  z.object({ type: z.literal("abort_details"), reason: z.string().nullable() }),
  z.object({ type: z.literal("wait_details"), delay_seconds: z.int(), reason: z.string().nullable() }),
]);

/** What became of a proposed state. */
export const Orchestration = z.object({
  state: StateOut.nullable(),
  status: z.enum(["ACCEPT", "REJECT", "ABORT", "WAIT"]),
  details: Details,
});
export type WireOrchestration = z.output<typeof Orchestration>;

/** As much of a verdict as the wire tells. */
export type ToldVerdict =
  | { kind: "accept"; state: State }
  | { kind: "reject"; state: State; reason: string }
  | { kind: "wait"; seconds: number; reason: string }
  | { kind: "abort"; reason: string };

/** A verdict as the wire tells it; `current`: the state in which a refusal left the run. */
export function verdictToWire(verdict: ToldVerdict, current: State | null): WireOrchestration {
  const state = current && stateToWire(current);
  switch (verdict.kind) {
    case "accept":
      return { state: stateToWire(verdict.state), status: "ACCEPT", details: { type: "accept_details" } };
    case "reject":
      return {
        state: stateToWire(verdict.state),
        status: "REJECT",
        details: { type: "reject_details", reason: verdict.reason },
      };
    case "wait":
      return {
        state,
        status: "WAIT",
        details: { type: "wait_details", delay_seconds: verdict.seconds, reason: verdict.reason },
      };
    case "abort":
      return { state, status: "ABORT", details: { type: "abort_details", reason: verdict.reason } };
    default:
      return verdict satisfies never;
  }
}

const ListBody = RunFilters.extend({
  flow_runs: maybe(FlowRunFilter),
  sort: otherwise(z.enum(FLOW_RUN_SORTS), "ID_DESC"),
  limit: Limit,
});

export const flowRuns = {
  create: endpoint({
    method: "POST",
    path: "/flow_runs/",
    scope: "run_flows",
    body: FlowRunCreate,
    status: [201, 200],
    result: FlowRunOut,
    summary: "Creates a flow run, or answers the one that its idempotency key names.",
  }),
  read: endpoint({
    method: "GET",
    path: "/flow_runs/{id}",
    scope: "see_flows",
    params: ById,
    status: 200,
    result: FlowRunOut,
    summary: "Reads a flow run.",
  }),
  update: endpoint({
    method: "PATCH",
    path: "/flow_runs/{id}",
    scope: "run_flows",
    params: ById,
    body: FlowRunUpdate,
    status: 204,
    summary: "Changes a flow run's name, tags, parameters or policy.",
  }),
  remove: endpoint({
    method: "DELETE",
    path: "/flow_runs/{id}",
    scope: "manage_flows",
    params: ById,
    status: 204,
    summary: "Deletes a flow run with its task runs and logs.",
  }),
  setState: endpoint({
    method: "POST",
    path: "/flow_runs/{id}/set_state",
    scope: "run_flows",
    params: ById,
    missing: "exception_message",
    body: z.object({ state: StateIn, force: otherwise(z.boolean(), false) }),
    status: [201, 200],
    result: Orchestration,
    summary: "Proposes a state; the rules accept, replace, postpone or refuse it.",
  }),
  retry: endpoint({
    method: "POST",
    path: "/flow_runs/{id}/retry",
    scope: "run_flows",
    params: ById,
    status: 201,
    result: Orchestration,
    summary: "Schedules an ended run for one more attempt.",
  }),
  states: endpoint({
    method: "GET",
    path: "/flow_runs/{id}/states",
    scope: "see_flows",
    params: ById,
    status: 200,
    result: z.array(StateOut),
    summary: "The states of a run, oldest first.",
  }),
  labels: endpoint({
    method: "PATCH",
    path: "/flow_runs/{id}/labels",
    scope: "run_flows",
    params: ById,
    missing: "exception_message",
    body: Labels,
    status: 204,
    summary: "Adds or changes labels of a run.",
  }),
  filter: endpoint({
    method: "POST",
    path: "/flow_runs/filter",
    scope: "see_flows",
    body: ListBody.extend({ offset: Offset }),
    optionalBody: true,
    status: 200,
    result: z.array(FlowRunOut),
    summary: "Lists flow runs.",
  }),
  paginate: endpoint({
    method: "POST",
    path: "/flow_runs/paginate",
    scope: "see_flows",
    body: ListBody.extend({ page: Page }),
    optionalBody: true,
    status: 200,
    result: pageOf(FlowRunOut),
    summary: "Lists flow runs by pages.",
  }),
  count: endpoint({
    method: "POST",
    path: "/flow_runs/count",
    scope: "see_flows",
    body: RunFilters,
    optionalBody: true,
    status: 200,
    result: z.int(),
    summary: "Counts flow runs.",
  }),
};
