/** Deployments on their way out, and the runs that they planned. */
import { deploymentAt, flowRunAt } from "../../durable-objects/addresses.ts";
import type { Tenant } from "../auth/credential.ts";
import type { Env } from "../env.ts";
import { type DeploymentRow, forgetDeployment } from "./deployment-records.ts";
import { shardOfTenant } from "./shard.ts";

/** Deletes a deployment with what it planned, and with runs of it that nobody has begun. */
export async function removeDeployment(env: Env, tenant: Tenant, row: DeploymentRow): Promise<void> {
  const shard = shardOfTenant(env, tenant);
  // Should the rest fail, the sweep finds a plan that its object does not know, and the deployment goes on.
  await shard
    .prepare("UPDATE deployments SET revision = revision + 1 WHERE workspace_id = ?1 AND id = ?2")
    .bind(tenant.workspace, row.id)
    .run();
  if (row.planned > 0 || row.schedules !== "[]") await deploymentAt(env, tenant.workspace, row.id).dismantle(tenant);
  await discardRuns(env, tenant, row.id, { all: true });
  await shard.batch([
    shard
      .prepare("DELETE FROM concurrency_limits WHERE workspace_id = ?1 AND name = ?2")
      .bind(tenant.workspace, `deployment:${row.id}`),
    shard
      .prepare("DELETE FROM deployment_versions WHERE workspace_id = ?1 AND deployment_id = ?2")
      .bind(tenant.workspace, row.id),
    shard.prepare("DELETE FROM deployments WHERE workspace_id = ?1 AND id = ?2").bind(tenant.workspace, row.id),
  ]);
  forgetDeployment(tenant, row.id);
}

/** Runs that are asked at once. */
const AT_ONCE = 20;

/** Deletes runs of a deployment that nobody has begun: those of its schedules, or `all`. */
export async function discardRuns(
  env: Env,
  tenant: Tenant,
  deployment: string,
  { all }: { all: boolean },
): Promise<void> {
  const { results } = await shardOfTenant(env, tenant)
    .prepare(
      `SELECT id FROM flow_runs WHERE workspace_id = ?1 AND deployment_id = ?2 AND state_type = 'SCHEDULED' AND version > 0
       ${all ? "" : "AND idempotency_key LIKE 'scheduled %'"}`,
    )
    .bind(tenant.workspace, deployment)
    .all<{ id: string }>();
  for (let at = 0; at < results.length; at += AT_ONCE)
    await Promise.all(
      results.slice(at, at + AT_ONCE).map(({ id }) => flowRunAt(env, tenant.workspace, id).discard(tenant, id)),
    );
}
