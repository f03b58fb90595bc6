/** Deployments: a flow, its parameters and the place where it runs. */
import { z } from "zod";
import { endpoint } from "./endpoint.ts";
import { DeploymentFilter, RunFilters } from "./filters.ts";
import { FlowRunOut, PolicyIn } from "./flow-runs.ts";
import {
  DeploymentScheduleCreate,
  DeploymentScheduleOut,
  DeploymentScheduleUpdate,
  MOST_SCHEDULES,
  ScheduleIn,
  ScheduleOut,
} from "./schedules.ts";
import { StateIn } from "./states.ts";
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
  PathName,
  pageOf,
  Tags,
  Timestamp,
  TimestampText,
  Uuid,
} from "./wire.ts";
import { WorkQueueOut } from "./work-queues.ts";

const ConcurrencyOptions = z.object({
  collision_strategy: z.enum(["ENQUEUE", "CANCEL_NEW"]),
  grace_period_seconds: maybe(z.int().min(60).max(86_400)),
});

/** What a version is called by whoever made it, with whatever that one adds. */
const VersionInfo = z.looseObject({ type: Name, version: Name });

export const DeploymentOut = z.object({
  id: z.uuid(),
  created: TimestampText,
  updated: TimestampText,
  name: z.string(),
  version: z.string().nullable(),
  description: z.string().nullable(),
  flow_id: z.uuid(),
  paused: z.boolean(),
  schedules: z.array(DeploymentScheduleOut),
  concurrency_limit: z.int().nullable(),
  global_concurrency_limit: z
    .object({
      id: z.uuid(),
      created: TimestampText,
      updated: TimestampText,
      active: z.boolean(),
      name: z.string(),
      limit: z.int(),
      active_slots: z.int(),
      slot_decay_per_second: z.number(),
    })
    .nullable(),
  concurrency_options: ConcurrencyOptions.nullable(),
  job_variables: z.record(z.string(), z.unknown()),
  parameters: z.record(z.string(), z.unknown()),
  tags: z.array(z.string()),
  labels: z.record(z.string(), z.unknown()),
  work_queue_name: z.string().nullable(),
  work_queue_id: z.uuid().nullable(),
  last_polled: TimestampText.nullable(),
  parameter_openapi_schema: z.record(z.string(), z.unknown()).nullable(),
  path: z.string().nullable(),
  pull_steps: z.array(z.record(z.string(), z.unknown())).nullable(),
  entrypoint: z.string().nullable(),
  storage_document_id: z.uuid().nullable(),
  infrastructure_document_id: z.uuid().nullable(),
  created_by: z.unknown(),
  updated_by: z.unknown(),
  work_pool_name: z.string().nullable(),
  status: z.enum(["READY", "NOT_READY", "DISABLED"]),
  enforce_parameter_schema: z.boolean(),
  // Of the cloud's wire alone: told under the cloud's paths.
  version_id: z.uuid().nullable().optional(),
  version_info: VersionInfo.nullable().optional(),
  branch: z.string().nullable().optional(),
  base: z.uuid().nullable().optional(),
  root: z.uuid().nullable().optional(),
  disabled: z.boolean().optional(),
  is_schedule_active: z.boolean().optional(),
  schedule: ScheduleOut.nullable().optional(),
  infra_overrides: z.record(z.string(), z.unknown()).optional(),
  manifest_path: z.string().nullable().optional(),
});
export type WireDeployment = z.output<typeof DeploymentOut>;

/** Fields that a deployment's create and update share; one that is left out is left as it is. */
const Settings = {
  concurrency_limit: z.int().positive().nullish(),
  concurrency_options: ConcurrencyOptions.nullish(),
  global_concurrency_limit_id: Uuid.nullish(),
  paused: z.boolean().optional(),
  tags: Tags.optional(),
  pull_steps: z.array(Fields).max(100).nullish(),
  work_queue_name: Name.nullish(),
  work_pool_name: Name.nullish(),
  storage_document_id: Uuid.nullish(),
  infrastructure_document_id: Uuid.nullish(),
  description: z.string().max(100_000).nullish(),
  path: Name.nullish(),
  version: Name.nullish(),
  entrypoint: Name.nullish(),
  version_info: VersionInfo.nullish(),
};

/** A deployment has slots of its own or another limit's, not both. */
const oneLimit = (
  body: { concurrency_limit?: number | null | undefined; global_concurrency_limit_id?: string | null | undefined },
  context: z.RefinementCtx,
): void => {
  if (!body.concurrency_limit || !body.global_concurrency_limit_id) return;
  context.addIssue({
    code: "custom",
    path: ["concurrency_limit"],
    message: "A deployment cannot have both a concurrency limit and a global concurrency limit.",
  });
};

const DeploymentCreate = z
  .strictObject({
    name: PathName,
    flow_id: Uuid,
    ...Settings,
    schedules: z.array(DeploymentScheduleCreate).max(MOST_SCHEDULES).default([]),
    enforce_parameter_schema: z.boolean().optional(),
    parameter_openapi_schema: Fields.nullish(),
    parameters: Fields.optional(),
    labels: Labels.nullish(),
    job_variables: Fields.optional(),
    branch: Name.nullish(),
    base: Uuid.nullish(),
    root: Uuid.nullish(),
  })
  .superRefine(oneLimit);
export type DeploymentCreateBody = z.output<typeof DeploymentCreate>;

const DeploymentUpdate = z
  .strictObject({
    ...Settings,
    schedules: z.array(DeploymentScheduleUpdate).max(MOST_SCHEDULES).optional(),
    enforce_parameter_schema: z.boolean().nullish(),
    parameter_openapi_schema: Fields.nullish(),
    parameters: Fields.nullish(),
    job_variables: Fields.nullish(),
  })
  .superRefine(oneLimit);
export type DeploymentUpdateBody = z.output<typeof DeploymentUpdate>;

export const DEPLOYMENT_SORTS = ["CREATED_DESC", "UPDATED_DESC", "NAME_ASC", "NAME_DESC"] as const;

const DeploymentRunCreate = z.strictObject({
  state: maybe(StateIn),
  name: maybe(Name),
  parameters: Fields.default({}),
  enforce_parameter_schema: maybe(z.boolean()),
  context: Fields.default({}),
  infrastructure_document_id: maybe(Uuid),
  empirical_policy: PolicyIn.optional(),
  tags: Tags.default([]),
  idempotency_key: maybe(Name),
  labels: maybe(Labels),
  parent_task_run_id: maybe(Uuid),
  work_queue_name: maybe(Name),
  job_variables: maybe(Fields),
});
export type DeploymentRunCreateBody = z.output<typeof DeploymentRunCreate>;

/** Runs that one call may begin. */
const MOST_RUNS_AT_ONCE = 1_000;
/** Deployments that one call may delete. */
const MOST_DELETED = 50;

const ListBody = RunFilters.extend({ sort: otherwise(z.enum(DEPLOYMENT_SORTS), "NAME_ASC"), limit: Limit });
const OfSchedule = z.object({ id: Uuid, schedule_id: Uuid });

const OfVersion = z.object({ id: Uuid, version_id: Uuid });

/** What becomes of schedules when a deployment is branched. */
export const SCHEDULE_HANDLINGS = ["keep", "remove", "inactive"] as const;

const actor = z.object({ id: z.string(), type: z.string(), display_value: z.string().nullable() }).nullable();
export const DeploymentVersionOut = z.object({
  id: z.uuid(),
  created: TimestampText,
  updated: TimestampText,
  deployment_id: z.uuid(),
  version_info: VersionInfo,
  description: z.string().nullable(),
  tags: z.array(z.string()),
  labels: z.record(z.string(), z.unknown()),
  entrypoint: z.string().nullable(),
  pull_steps: z.array(z.record(z.string(), z.unknown())).nullable(),
  parameters: z.record(z.string(), z.unknown()),
  parameter_openapi_schema: z.record(z.string(), z.unknown()).nullable(),
  enforce_parameter_schema: z.boolean(),
  work_pool_name: z.string().nullable(),
  work_queue_id: z.uuid().nullable(),
  work_queue_name: z.string().nullable(),
  job_variables: z.record(z.string(), z.unknown()),
  infra_overrides: z.record(z.string(), z.unknown()),
  last_active: TimestampText,
  created_by: actor,
  updated_by: actor,
});
export type WireDeploymentVersion = z.output<typeof DeploymentVersionOut>;

export const PreviewOut = z.array(
  z.object({
    /** In the schedule's zone, with its offset. */
    local: z.string(),
    utc: TimestampText,
    /** What a change of clocks does to it. */
    warning: z.string().nullable(),
  }),
);

export const deployments = {
  create: endpoint({
    method: "POST",
    path: "/deployments/",
    scope: "write_deployments",
    body: DeploymentCreate,
    status: [201, 200],
    result: DeploymentOut,
    summary: "Creates a deployment, or brings the one of that flow and name up to date.",
  }),
  read: endpoint({
    method: "GET",
    path: "/deployments/{id}",
    scope: "see_deployments",
    params: ById,
    status: 200,
    result: DeploymentOut,
    summary: "Reads a deployment.",
  }),
  readByName: endpoint({
    method: "GET",
    path: "/deployments/name/{flow_name}/{deployment_name}",
    scope: "see_deployments",
    params: z.object({ flow_name: Name, deployment_name: Name }),
    status: 200,
    result: DeploymentOut,
    summary: "Reads a deployment by the names of its flow and its own.",
  }),
  filter: endpoint({
    method: "POST",
    path: "/deployments/filter",
    scope: "see_deployments",
    body: ListBody.extend({ offset: Offset }),
    optionalBody: true,
    status: 200,
    result: z.array(DeploymentOut),
    summary: "Lists deployments.",
  }),
  count: endpoint({
    method: "POST",
    path: "/deployments/count",
    scope: "see_deployments",
    body: RunFilters,
    optionalBody: true,
    status: 200,
    result: z.int(),
    summary: "Counts deployments.",
  }),
  remove: endpoint({
    method: "DELETE",
    path: "/deployments/{id}",
    scope: "manage_deployments",
    params: ById,
    status: 204,
    summary: "Deletes a deployment; its runs stay.",
  }),
  update: endpoint({
    method: "PATCH",
    path: "/deployments/{id}",
    scope: "write_deployments",
    params: ById,
    body: DeploymentUpdate,
    status: 204,
    summary: "Changes a deployment; what is left out stays.",
  }),
  paginate: endpoint({
    method: "POST",
    path: "/deployments/paginate",
    scope: "see_deployments",
    body: ListBody.extend({ page: otherwise(z.int().min(1), 1) }),
    optionalBody: true,
    status: 200,
    result: z.object({
      results: z.array(DeploymentOut),
      count: z.int(),
      limit: z.int(),
      pages: z.int(),
      page: z.int(),
    }),
    summary: "Lists deployments by pages.",
  }),
  bulkDelete: endpoint({
    method: "POST",
    path: "/deployments/bulk_delete",
    scope: "manage_deployments",
    body: z.object({
      deployments: maybe(DeploymentFilter),
      limit: otherwise(z.int().min(1).max(MOST_DELETED), MOST_DELETED),
    }),
    optionalBody: true,
    status: 200,
    result: z.object({ deleted: z.array(z.uuid()) }),
    summary: "Deletes the deployments that a filter means.",
  }),
  scheduledRuns: endpoint({
    method: "POST",
    path: "/deployments/get_scheduled_flow_runs",
    scope: "see_deployments",
    body: z.object({
      deployment_ids: z.array(Uuid).max(1_000),
      scheduled_before: maybe(Timestamp),
      limit: Limit,
    }),
    status: 200,
    result: z.array(FlowRunOut),
    summary:
      "Runs of deployments that are due before a time, the earliest first. It counts as a sign of life of who starts them.",
  }),
  schedule: endpoint({
    method: "POST",
    path: "/deployments/{id}/schedule",
    scope: "write_deployments",
    params: ById,
    body: z.object({
      start_time: maybe(Timestamp),
      end_time: maybe(Timestamp),
      min_time: maybe(z.number().min(0).max(1e10)),
      min_runs: maybe(z.int().min(0).max(MOST_RUNS_AT_ONCE)),
      max_runs: maybe(z.int().min(0).max(MOST_RUNS_AT_ONCE)),
    }),
    optionalBody: true,
    status: 200,
    result: z.null(),
    summary: "Makes the runs of a deployment's schedules in a span of time, also of the past.",
  }),
  pause: endpoint({
    method: "POST",
    path: "/deployments/{id}/pause_deployment",
    scope: "write_deployments",
    params: ById,
    status: 200,
    result: z.null(),
    summary: "Stops a deployment's schedules; what they planned is deleted.",
  }),
  resume: endpoint({
    method: "POST",
    path: "/deployments/{id}/resume_deployment",
    scope: "write_deployments",
    params: ById,
    status: 200,
    result: z.null(),
    summary: "Lets a deployment's schedules go on from now.",
  }),
  workQueueCheck: endpoint({
    method: "GET",
    path: "/deployments/{id}/work_queue_check",
    scope: "see_deployments",
    params: ById,
    status: 200,
    result: z.array(WorkQueueOut.omit({ work_pool_name: true, status: true, active_slots: true })),
    summary:
      "Queues that choose runs by tags and would take this deployment's: there are none, pools took their place.",
  }),
  schedules: endpoint({
    method: "GET",
    path: "/deployments/{id}/schedules",
    scope: "see_deployments",
    params: ById,
    status: 200,
    result: z.array(DeploymentScheduleOut),
    summary: "The schedules of a deployment.",
  }),
  createSchedules: endpoint({
    method: "POST",
    path: "/deployments/{id}/schedules",
    scope: "write_deployments",
    params: ById,
    body: z.array(DeploymentScheduleCreate).max(MOST_SCHEDULES),
    status: 201,
    result: z.array(DeploymentScheduleOut),
    summary: "Adds schedules to a deployment.",
  }),
  previewSchedules: endpoint({
    method: "POST",
    path: "/deployments/{id}/schedules/preview",
    scope: "see_deployments",
    params: ById,
    body: z.strictObject({
      schedule: ScheduleIn,
      after: maybe(Timestamp),
      limit: otherwise(z.int().min(1).max(200), 10),
    }),
    status: 200,
    result: PreviewOut,
    summary: "The next times of a schedule, with a warning where a change of clocks moves, skips or repeats one.",
  }),
  updateSchedule: endpoint({
    method: "PATCH",
    path: "/deployments/{id}/schedules/{schedule_id}",
    scope: "write_deployments",
    params: OfSchedule,
    body: DeploymentScheduleUpdate,
    status: 204,
    summary: "Changes a schedule.",
  }),
  removeSchedule: endpoint({
    method: "DELETE",
    path: "/deployments/{id}/schedules/{schedule_id}",
    scope: "write_deployments",
    params: OfSchedule,
    status: 204,
    summary: "Deletes a schedule; what it planned is deleted too.",
  }),
  createFlowRuns: endpoint({
    method: "POST",
    path: "/deployments/{id}/create_flow_run/bulk",
    scope: "run_deployments",
    params: ById,
    body: z.array(DeploymentRunCreate).max(MOST_RUNS_AT_ONCE),
    status: 200,
    result: z.object({
      results: z.array(
        z.object({
          flow_run_id: z.uuid().nullable(),
          status: z.enum(["CREATED", "FAILED"]),
          error: z.string().nullable(),
        }),
      ),
    }),
    summary: "Starts many runs of a deployment; each is told of for itself.",
  }),
  createFlowRun: endpoint({
    method: "POST",
    path: "/deployments/{id}/create_flow_run",
    scope: "run_deployments",
    params: ById,
    body: DeploymentRunCreate,
    optionalBody: true,
    status: [201, 200],
    result: FlowRunOut,
    summary: "Starts a run of a deployment.",
  }),
  enable: endpoint({
    method: "POST",
    path: "/deployments/{id}/enable",
    scope: "write_deployments",
    params: ById,
    status: 200,
    result: z.null(),
    summary: "Lets a disabled deployment have runs again.",
  }),
  disable: endpoint({
    method: "POST",
    path: "/deployments/{id}/disable",
    scope: "write_deployments",
    params: ById,
    status: 200,
    result: z.null(),
    summary: "Takes back what a deployment's schedules planned, and refuses new runs of it.",
  }),
  activateSchedules: endpoint({
    method: "POST",
    path: "/deployments/{id}/set_schedule_active",
    scope: "write_deployments",
    params: ById,
    status: 200,
    result: z.null(),
    summary: "An older name of resume_deployment.",
  }),
  deactivateSchedules: endpoint({
    method: "POST",
    path: "/deployments/{id}/set_schedule_inactive",
    scope: "write_deployments",
    params: ById,
    status: 200,
    result: z.null(),
    summary: "An older name of pause_deployment.",
  }),
  branch: endpoint({
    method: "POST",
    path: "/deployments/{id}/branch",
    scope: "write_deployments",
    params: ById,
    body: z.strictObject({
      branch: Name.regex(/\S/, "Branch name cannot be empty or contain only whitespace"),
      options: otherwise(z.strictObject({ schedule_handling: otherwise(z.enum(SCHEDULE_HANDLINGS), "remove") }), {
        schedule_handling: "remove",
      }),
      overrides: maybe(DeploymentUpdate),
    }),
    status: 200,
    result: DeploymentOut,
    summary: "Makes a deployment of its own like this one, for a branch of its code.",
  }),
  versions: endpoint({
    method: "POST",
    path: "/deployments/{id}/versions/paginate",
    scope: "see_deployments",
    params: ById,
    body: z.object({ page: Page, limit: Limit }),
    optionalBody: true,
    status: 200,
    result: pageOf(DeploymentVersionOut),
    summary: "Lists the versions of a deployment, the newest first.",
  }),
  readVersion: endpoint({
    method: "GET",
    path: "/deployments/{id}/versions/{version_id}",
    scope: "see_deployments",
    params: OfVersion,
    status: 200,
    result: DeploymentVersionOut,
    summary: "Reads a version of a deployment.",
  }),
  removeVersion: endpoint({
    method: "DELETE",
    path: "/deployments/{id}/versions/{version_id}",
    scope: "manage_deployments",
    params: OfVersion,
    status: 204,
    summary: "Deletes a version that the deployment is not.",
  }),
  promoteVersion: endpoint({
    method: "POST",
    path: "/deployments/{id}/versions/{version_id}/promote",
    scope: "manage_deployments",
    params: OfVersion,
    body: z.object({ reason: maybe(z.string().max(5_000)) }),
    optionalBody: true,
    status: 200,
    result: z.literal(true),
    summary: "Makes a deployment what it was in this version.",
  }),
};
