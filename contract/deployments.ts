/** Deployments: a flow, its parameters and the place where it runs. */
import { z } from "zod";
import { endpoint } from "./endpoint.ts";
import { RunFilters } from "./filters.ts";
import { FlowRunOut, PolicyIn } from "./flow-runs.ts";
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
  PathName,
  Tags,
  TimestampText,
  Uuid,
} from "./wire.ts";

export const DeploymentOut = z.object({
  id: z.uuid(),
  created: TimestampText,
  updated: TimestampText,
  name: z.string(),
  version: z.string().nullable(),
  description: z.string().nullable(),
  flow_id: z.uuid(),
  paused: z.boolean(),
  schedules: z.array(z.unknown()),
  concurrency_limit: z.int().nullable(),
  global_concurrency_limit: z.unknown(),
  concurrency_options: z.unknown(),
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
  status: z.enum(["READY", "NOT_READY"]),
  enforce_parameter_schema: z.boolean(),
});
export type WireDeployment = z.output<typeof DeploymentOut>;

const DeploymentCreate = z.strictObject({
  name: PathName,
  flow_id: Uuid,
  enforce_parameter_schema: z.boolean().default(true),
  parameter_openapi_schema: maybe(Fields),
  parameters: Fields.default({}),
  tags: Tags.default([]),
  labels: maybe(Labels),
  pull_steps: maybe(z.array(Fields).max(100)),
  work_queue_name: maybe(Name),
  work_pool_name: maybe(Name),
  description: maybe(z.string().max(100_000)),
  path: maybe(Name),
  version: maybe(Name),
  entrypoint: maybe(Name),
  job_variables: Fields.default({}),
});
export type DeploymentCreateBody = z.output<typeof DeploymentCreate>;

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
    body: RunFilters.extend({ sort: otherwise(z.enum(DEPLOYMENT_SORTS), "NAME_ASC"), limit: Limit, offset: Offset }),
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
};
