/** What the workspace is told of deployments: `prefect.deployment.created` and so on. */
import { changes, type DeploymentNamed, deploymentEvent } from "@millrace/domain/dispatch/events.ts";
import { isObject, type JsonObject } from "@millrace/domain/json.ts";
import { deploymentNamed } from "../../durable-objects/deployments-told.ts";
import type { Tenant } from "../auth/credential.ts";
import type { Env } from "../env.ts";
import type { DeploymentRow } from "./deployment-records.ts";
import { announce, moment } from "./pools.ts";
import { shardOfTenant } from "./shard.ts";

/** Tells what became of a deployment that is there. */
export async function announceDeployment(
  env: Env,
  tenant: Tenant,
  what: "created" | "updated" | "disabled",
  { id }: Pick<DeploymentRow, "id">,
  payload: JsonObject = {},
): Promise<void> {
  const named = await nameDeployment(env, tenant, id);
  if (named) await announce(env, tenant, [deploymentEvent(what, named, moment(), payload)]);
}

/** A deployment as its events name it: asked before it is deleted. */
export const nameDeployment = (env: Env, tenant: Tenant, id: string): Promise<DeploymentNamed | null> =>
  deploymentNamed(shardOfTenant(env, tenant), tenant.workspace, id);

/** Tells that a deployment is gone. */
export const announceEnd = (env: Env, tenant: Tenant, named: DeploymentNamed | null): Promise<void> =>
  announce(env, tenant, named ? [deploymentEvent("deleted", named, moment())] : []);

/** Fields whose change is told. */
const TOLD = [
  "description",
  "tags",
  "parameters",
  "parameter_openapi_schema",
  "enforce_parameter_schema",
  "entrypoint",
  "path",
  "pull_steps",
  "work_queue_id",
  "infra_overrides",
  "paused",
  "labels",
  "version",
  "concurrency_limit_id",
  "concurrency_options",
];

/** Tells what an update changed, if it did. */
export async function announceChange(
  env: Env,
  tenant: Tenant,
  before: DeploymentRow,
  after: DeploymentRow,
): Promise<void> {
  const changed = changes(fieldsOf(before), fieldsOf(after), TOLD);
  if (changed) await announceDeployment(env, tenant, "updated", after, changed);
}

function fieldsOf(row: DeploymentRow): JsonObject {
  const json = (text: string | null): JsonObject[string] => {
    const value: unknown = text === null ? null : JSON.parse(text);
    return isObject(value) || Array.isArray(value) ? (value as JsonObject[string]) : null;
  };
  return {
    description: row.description,
    tags: json(row.tags),
    parameters: json(row.parameters),
    parameter_openapi_schema: json(row.parameter_schema),
    enforce_parameter_schema: row.enforce_parameter_schema === 1,
    entrypoint: row.entrypoint,
    path: row.path,
    pull_steps: json(row.pull_steps),
    work_queue_id: row.queue_id,
    infra_overrides: json(row.job_variables),
    paused: row.paused === 1,
    labels: json(row.labels),
    version: row.version,
    concurrency_limit_id: row.limit_id,
    concurrency_options: json(row.concurrency_options),
  };
}
