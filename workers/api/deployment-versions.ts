/**
 * Versions of deployments: what a deployment was when it was given a description of its version.
 *
 * AP131 A version is kept in the transaction that makes the deployment it; promoting an older one is one statement, so that a deployment
 *      is never half of each.
 */
import type { WireDeploymentVersion } from "@millrace/contract/deployment-lines.ts";
import { formatInstant, instant } from "@millrace/domain/time.ts";
import { uuidv7 } from "uuidv7";
import type { Tenant } from "../auth/credential.ts";
import type { Env } from "../env.ts";
import { deploymentNow } from "./deployment-records.ts";
import { offsetOf, pagesOf } from "./pages.ts";
import { notFound } from "./refusal.ts";
import { count, select, shardOfTenant } from "./shard.ts";
import type { Condition } from "./sql-filter.ts";

/** What of a deployment says what it runs and how: a version keeps it, a branch begins with it. */
export const DESCRIBED = [
  "version",
  "version_info",
  "description",
  "path",
  "entrypoint",
  "pull_steps",
  "parameters",
  "parameter_schema",
  "enforce_parameter_schema",
  "job_variables",
  "tags",
  "labels",
  "work_queue_name",
] as const;
/** What of a deployment a version keeps. */
const KEPT = [...DESCRIBED, "work_pool_id"];
const kept = (alias: string): string => KEPT.map((column) => `${alias}.${column}`).join(", ");

/** Statements that keep the deployment as it is now, unless its version is that already. */
export function keepVersion(
  shard: D1Database,
  tenant: Tenant,
  key: { id: string } | { flow_id: string; name: string },
): D1PreparedStatement[] {
  const is = "id" in key ? "d.id = ?4" : "d.flow_id = ?4 AND d.name = ?5";
  const values = [tenant.workspace, uuidv7(), Date.now() * 1000, ...Object.values(key)];
  return [
    shard
      .prepare(
        `INSERT INTO deployment_versions (workspace_id, deployment_id, id, created, last_active, ${KEPT.join(", ")})
         SELECT d.workspace_id, d.id, ?2, ?3, ?3, ${kept("d")} FROM deployments d WHERE d.workspace_id = ?1 AND ${is}
         AND NOT EXISTS (SELECT 1 FROM deployment_versions v WHERE v.workspace_id = d.workspace_id AND v.deployment_id = d.id
           AND v.id = d.version_id AND (${kept("v")}) IS (${kept("d")}))`,
      )
      .bind(...values),
    ...switchTo(
      shard,
      `workspace_id = ?1 AND id = (SELECT d.id FROM deployments d WHERE d.workspace_id = ?1 AND ${is})`,
      values,
    ),
  ];
}

/** Statements that make version `?2` the deployment's, at the time `?3`, where it is there. */
const switchTo = (shard: D1Database, is: string, values: readonly (string | number)[]): D1PreparedStatement[] =>
  [
    `UPDATE deployment_versions SET last_active = ?3 WHERE workspace_id = ?1
       AND (deployment_id, id) IN (SELECT id, version_id FROM deployments WHERE ${is})
       AND EXISTS (SELECT 1 FROM deployment_versions n WHERE n.workspace_id = ?1 AND n.deployment_id = deployment_versions.deployment_id AND n.id = ?2)`,
    `UPDATE deployments SET version_id = ?2 WHERE ${is}
       AND EXISTS (SELECT 1 FROM deployment_versions n WHERE n.workspace_id = ?1 AND n.deployment_id = deployments.id AND n.id = ?2)`,
  ].map((sql) => shard.prepare(sql).bind(...values));

/** Makes the deployment what it was in a version; of a pool that is gone nothing is left. False where there is no such version. */
export async function promote(env: Env, tenant: Tenant, deployment: string, version: string): Promise<boolean> {
  const shard = shardOfTenant(env, tenant);
  const now = Date.now() * 1000;
  const columns = kept("v").replace(
    "v.work_pool_id",
    "(SELECT p.id FROM work_pools p WHERE p.workspace_id = v.workspace_id AND p.id = v.work_pool_id)",
  );
  const [promoted] = await shard.batch([
    shard
      .prepare(
        `UPDATE deployments SET (${KEPT.join(", ")}) = (SELECT ${columns} FROM deployment_versions v
           WHERE v.workspace_id = ?1 AND v.deployment_id = ?4 AND v.id = ?2), updated = ?3, revision = revision + 1
         WHERE workspace_id = ?1 AND id = ?4
           AND EXISTS (SELECT 1 FROM deployment_versions v WHERE v.workspace_id = ?1 AND v.deployment_id = ?4 AND v.id = ?2)`,
      )
      .bind(tenant.workspace, version, now, deployment),
    ...switchTo(shard, "workspace_id = ?1 AND id = ?4", [tenant.workspace, version, now, deployment]),
    shard
      .prepare(
        "UPDATE deployment_versions SET last_active = ?3 WHERE workspace_id = ?1 AND deployment_id = ?4 AND id = ?2",
      )
      .bind(tenant.workspace, version, now, deployment),
  ]);
  return promoted?.meta.changes !== 0;
}

interface VersionRow {
  id: string;
  deployment_id: string;
  version_info: string | null;
  description: string | null;
  entrypoint: string | null;
  pull_steps: string | null;
  parameters: string;
  parameter_schema: string | null;
  enforce_parameter_schema: number;
  job_variables: string;
  tags: string;
  labels: string;
  work_queue_name: string | null;
  pool_name: string | null;
  queue_id: string | null;
  created: number;
  last_active: number;
}

const POOL = "work_pools p WHERE p.workspace_id = v.workspace_id AND p.id = v.work_pool_id";
const COLUMNS = `v.id, v.deployment_id, v.created, v.last_active, ${kept("v")}, (SELECT p.name FROM ${POOL}) AS pool_name,
  (SELECT q.id FROM work_queues q WHERE q.workspace_id = v.workspace_id AND q.work_pool_id = v.work_pool_id
     AND q.name = coalesce(v.work_queue_name, 'default')) AS queue_id`;

/** The versions of a deployment, a page of them, the newest first. */
export async function listVersions(
  env: Env,
  tenant: Tenant,
  deployment: string,
  page: { limit: number; page: number },
): Promise<{ results: WireDeploymentVersion[] } & ReturnType<typeof pagesOf>> {
  const { id } = await deploymentNow(env, tenant, deployment);
  const where: Condition = { sql: "v.deployment_id = ?", values: [id] };
  const table = { table: "deployment_versions", alias: "v", where };
  const [rows, total] = await Promise.all([
    select<VersionRow>(env, tenant, {
      ...table,
      columns: COLUMNS,
      order: "v.id DESC",
      limit: page.limit,
      offset: offsetOf(page),
    }),
    count(env, tenant, table),
  ]);
  return { results: rows.map(versionToWire), ...pagesOf(total, page.limit, page.page) };
}

/** A version of a deployment; a refusal where there is none. */
export async function readVersion(
  env: Env,
  tenant: Tenant,
  { id, version_id }: { id: string; version_id: string },
): Promise<WireDeploymentVersion> {
  const row = await shardOfTenant(env, tenant)
    .prepare(
      `SELECT ${COLUMNS} FROM deployment_versions v WHERE v.workspace_id = ?1 AND v.deployment_id = ?2 AND v.id = ?3`,
    )
    .bind(tenant.workspace, id, version_id)
    .first<VersionRow>();
  return row ? versionToWire(row) : notFound("deployment version", version_id);
}

/** Deletes a version that its deployment is not. False where the deployment is it. */
export async function removeVersion(
  env: Env,
  tenant: Tenant,
  { id, version_id }: { id: string; version_id: string },
): Promise<boolean> {
  const { meta } = await shardOfTenant(env, tenant)
    .prepare(
      `DELETE FROM deployment_versions WHERE workspace_id = ?1 AND deployment_id = ?2 AND id = ?3
         AND NOT EXISTS (SELECT 1 FROM deployments d WHERE d.workspace_id = ?1 AND d.id = ?2 AND d.version_id = ?3)`,
    )
    .bind(tenant.workspace, id, version_id)
    .run();
  return meta.changes > 0;
}

const record = (text: string) => JSON.parse(text) as Record<string, unknown>;

function versionToWire(row: VersionRow): WireDeploymentVersion {
  const jobVariables = record(row.job_variables);
  const created = formatInstant(instant(row.created));
  return {
    id: row.id,
    created,
    // What a version is, does not change.
    updated: created,
    deployment_id: row.deployment_id,
    version_info: row.version_info === null ? { type: "", version: "" } : JSON.parse(row.version_info),
    description: row.description,
    tags: JSON.parse(row.tags) as string[],
    labels: record(row.labels),
    entrypoint: row.entrypoint,
    pull_steps: row.pull_steps === null ? [] : (JSON.parse(row.pull_steps) as Record<string, unknown>[]),
    parameters: record(row.parameters),
    parameter_openapi_schema: row.parameter_schema === null ? {} : record(row.parameter_schema),
    enforce_parameter_schema: row.enforce_parameter_schema === 1,
    work_pool_name: row.pool_name,
    work_queue_id: row.queue_id,
    work_queue_name: row.pool_name === null ? row.work_queue_name : (row.work_queue_name ?? "default"),
    job_variables: jobVariables,
    infra_overrides: jobVariables,
    last_active: formatInstant(instant(row.last_active)),
    created_by: null,
    updated_by: null,
  };
}
