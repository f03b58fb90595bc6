/** Deployments: a flow, its parameters and the place where it runs. */
import { z } from "zod";
import { endpoint } from "./endpoint.ts";
import { DeploymentFilter, RunFilters } from "./filters.ts";
import {
  DeploymentScheduleCreate,
  DeploymentScheduleOut,
  DeploymentScheduleUpdate,
  MOST_SCHEDULES,
  ScheduleOut,
} from "./schedules.ts";
import {
  ById,
  Fields,
  Labels,
  Limit,
  maybe,
  Name,
  Offset,
  otherwise,
  PathName,
  Tags,
  TimestampText,
  Uuid,
} from "./wire.ts";
import { WorkQueueOut } from "./work-queues.ts";

const ConcurrencyOptions = z.object({
  collision_strategy: z.enum(["ENQUEUE", "CANCEL_NEW"]),
  grace_period_seconds: maybe(z.int().min(60).max(86_400)),
});

/** What a version is called by whoever made it, with whatever that one adds. */
export const VersionInfo = z.looseObject({ type: Name, version: Name });

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

export const DeploymentUpdate = z
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

/** Deployments that one call may delete. */
const MOST_DELETED = 50;

const ListBody = RunFilters.extend({ sort: otherwise(z.enum(DEPLOYMENT_SORTS), "NAME_ASC"), limit: Limit });

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
};
