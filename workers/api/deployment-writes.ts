/** Deployments on their way into the shard: the columns that a request says, and the statements that store them. */
import type { DeploymentCreateBody, DeploymentUpdateBody } from "@millrace/contract/deployments.ts";
import { instant } from "@millrace/domain/time.ts";
import { uuidv7 } from "uuidv7";
import type { Tenant } from "../auth/credential.ts";
import type { Env } from "../env.ts";
import { type DeploymentRow, deploymentNow, forgetDeployment, planDeployment, readRow } from "./deployment-records.ts";
import { keepVersion } from "./deployment-versions.ts";
import { changeLimit, findLimit, limitAt } from "./limits.ts";
import { notFound } from "./refusal.ts";
import { shardOfTenant } from "./shard.ts";

/** The schema of a flow without parameters. */
const NO_PARAMETERS = '{"type":"object","properties":{}}';

export type Cell = string | number | null;

/** Columns for the fields that were said. */
export function columnsOf(body: DeploymentCreateBody | DeploymentUpdateBody): Record<string, Cell> {
  const json = (value: unknown): Cell | undefined =>
    value === undefined ? undefined : value === null ? null : JSON.stringify(value);
  const always = (value: unknown): Cell | undefined => (value === null ? undefined : json(value));
  const flag = (value: boolean | null | undefined): Cell | undefined =>
    value === undefined || value === null ? undefined : value ? 1 : 0;
  const cells: Record<string, Cell | undefined> = {
    // Whoever names a version by its description alone means that one.
    version: body.version ?? body.version_info?.version ?? body.version,
    version_info: json(body.version_info),
    description: body.description,
    path: body.path,
    entrypoint: body.entrypoint,
    pull_steps: json(body.pull_steps),
    parameters: always(body.parameters),
    parameter_schema: json(body.parameter_openapi_schema),
    enforce_parameter_schema: flag(body.enforce_parameter_schema),
    job_variables: always(body.job_variables),
    tags: json(body.tags),
    paused: flag(body.paused),
    concurrency_options: json(body.concurrency_options),
    storage_document_id: body.storage_document_id,
    infrastructure_document_id: body.infrastructure_document_id,
  };
  return Object.fromEntries(Object.entries(cells).filter(([, cell]) => cell !== undefined)) as Record<string, Cell>;
}

/**
 * Columns of the pool and queue in which a deployment's runs are to wait. A pool without a queue means its default one, and a queue
 * that is null says nothing by itself. `pool`: null, there is to be none; `undefined`, nothing was said.
 */
export function placeOf(
  { work_queue_name: queue }: Pick<DeploymentCreateBody, "work_queue_name">,
  pool: { id: string } | null | undefined,
): Record<string, Cell> {
  if (pool) return { work_pool_id: pool.id, work_queue_name: queue ?? null };
  const named: Record<string, Cell> =
    queue === undefined || (queue === null && pool === undefined) ? {} : { work_queue_name: queue };
  return pool === null ? { work_pool_id: null, ...named } : named;
}

/** Columns of the line of branches that a deployment belongs to. */
export const lineOf = ({ branch, base, root }: Pick<DeploymentCreateBody, "branch" | "base" | "root">) =>
  Object.fromEntries(Object.entries({ branch, base, root }).filter(([, cell]) => cell !== undefined)) as Record<
    string,
    Cell
  >;

const AT_BIRTH: Record<string, Cell> = {
  parameters: "{}",
  parameter_schema: NO_PARAMETERS,
  enforce_parameter_schema: 1,
  job_variables: "{}",
  tags: "[]",
};

/** Makes a deployment, or changes the one of that flow and name where `cells` say something. */
export async function write(
  env: Env,
  tenant: Tenant,
  { id, flow_id, name }: Pick<DeploymentRow, "id" | "flow_id" | "name">,
  cells: Record<string, Cell>,
): Promise<DeploymentRow> {
  const now = Date.now() * 1000;
  const key = { workspace_id: tenant.workspace, id, flow_id, name, created: now, updated: now, revision: 1 };
  const all = { ...AT_BIRTH, ...cells, ...key };
  const columns = Object.keys(all);
  const changed = [...Object.keys(cells), "updated"].map((column) => `${column} = excluded.${column}`);
  const shard = shardOfTenant(env, tenant);
  await shard.batch([
    shard
      .prepare(
        `INSERT INTO deployments (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})
         ON CONFLICT (workspace_id, flow_id, name) DO UPDATE SET ${changed.join(", ")}, revision = deployments.revision + 1`,
      )
      .bind(...Object.values(all)),
    ...(cells.version_info ? keepVersion(shard, tenant, { flow_id, name }) : []),
  ]);
  const row = await readRow(env, tenant, "d.flow_id = ?2 AND d.name = ?3", flow_id, name);
  if (row) forgetDeployment(tenant, row.id);
  return row ?? notFound("deployment");
}

/** Changes these columns of a deployment, and tells its object. Answers the deployment as it is then. */
export async function change(
  env: Env,
  tenant: Tenant,
  id: string,
  cells: Record<string, Cell>,
): Promise<DeploymentRow> {
  const columns = Object.keys(cells);
  const set = columns.map((column) => `${column} = ?, `).join("");
  const shard = shardOfTenant(env, tenant);
  const [changed] = await shard.batch([
    shard
      .prepare(`UPDATE deployments SET ${set}updated = ?, revision = revision + 1 WHERE workspace_id = ? AND id = ?`)
      .bind(...Object.values(cells), Date.now() * 1000, tenant.workspace, id),
    ...(cells.version_info ? keepVersion(shard, tenant, { id }) : []),
  ]);
  if (changed?.meta.changes === 0) notFound("deployment", id);
  return planAnew(env, tenant, id);
}

/** The row of a deployment changed: its object is told, and the row read again. */
export async function planAnew(env: Env, tenant: Tenant, id: string): Promise<DeploymentRow> {
  forgetDeployment(tenant, id);
  const row = await deploymentNow(env, tenant, id);
  await planDeployment(env, tenant, row);
  return row;
}

/** The concurrency limit that a deployment is to have: its own, another one, none (null), or nothing said (`undefined`). */
export async function limitOf(
  env: Env,
  tenant: Tenant,
  id: string,
  body: Pick<DeploymentCreateBody, "concurrency_limit" | "global_concurrency_limit_id">,
): Promise<string | null | undefined> {
  const { concurrency_limit: limit, global_concurrency_limit_id: other } = body;
  const shard = shardOfTenant(env, tenant);
  if (other) {
    const found = await shard
      .prepare("SELECT id FROM concurrency_limits WHERE workspace_id = ?1 AND id = ?2")
      .bind(tenant.workspace, other)
      .first<{ id: string }>();
    return found?.id ?? notFound("concurrency limit", other);
  }
  if (limit === undefined) return other;
  const name = `deployment:${id}`;
  const known = await findLimit(env, tenant, { name });
  if (limit === null) {
    if (!known) return null;
    await shard
      .prepare("DELETE FROM concurrency_limits WHERE workspace_id = ?1 AND id = ?2")
      .bind(tenant.workspace, known.id)
      .run();
    // Runs that began under it ask its object.
    const updated = instant(Math.max(Date.now() * 1000, known.updated + 1));
    await limitAt(env, tenant, known).configure(tenant, { ...known, active: false, updated });
    return null;
  }
  if (known) {
    if (known.limit === limit) return known.id;
    await changeLimit(env, tenant, known, { name: null, limit, active: null, decay: null });
    return known.id;
  }
  const row = await shard
    .prepare(
      `INSERT INTO concurrency_limits (workspace_id, id, name, "limit", active, decay, created, updated) VALUES (?1, ?2, ?3, ?4, 1, 0, ?5, ?5)
       ON CONFLICT (workspace_id, name) DO UPDATE SET "limit" = excluded."limit", updated = max(excluded.updated, updated + 1) RETURNING id`,
    )
    .bind(tenant.workspace, uuidv7(), name, limit, Date.now() * 1000)
    .first<{ id: string }>();
  return row?.id;
}
