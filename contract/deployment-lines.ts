/** Versions and branches of deployments, and whether one may have runs at all. */
import { z } from "zod";
import { DeploymentOut, DeploymentUpdate, VersionInfo } from "./deployments.ts";
import { endpoint } from "./endpoint.ts";
import { ById, Limit, maybe, Name, otherwise, Page, pageOf, TimestampText, Uuid } from "./wire.ts";

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

export const deploymentLines = {
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
