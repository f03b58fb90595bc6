/** Runs that a deployment begins. */
import { z } from "zod";
import { endpoint } from "./endpoint.ts";
import { FlowRunOut, PolicyIn } from "./flow-runs.ts";
import { StateIn } from "./states.ts";
import { ById, Fields, Labels, Limit, maybe, Name, Tags, Timestamp, Uuid } from "./wire.ts";

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
export const MOST_RUNS_AT_ONCE = 1_000;

export const deploymentRuns = {
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
};
