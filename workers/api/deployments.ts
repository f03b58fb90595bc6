import {
  type DeploymentCreateBody,
  type DeploymentUpdateBody,
  deployments,
  type WireDeployment,
} from "@millrace/contract/deployments.ts";
import type { RunFiltersInput } from "@millrace/contract/filters.ts";
import { wantedSchedule } from "@millrace/contract/schedules.ts";
import type { JsonObject } from "@millrace/domain/json.ts";
import { type DeploymentSchedule, redeployed } from "@millrace/domain/schedule/deployment-schedule.ts";
import { fromMilliseconds } from "@millrace/domain/time.ts";
import { uuidv7 } from "uuidv7";
import { deploymentAt, flowRunAt } from "../../durable-objects/addresses.ts";
import type { Tenant } from "../auth/credential.ts";
import type { Env } from "../env.ts";
import {
  COLUMNS,
  type DeploymentRow,
  deploymentNow,
  deploymentsToWire,
  deploymentToWire,
  forgetDeployment,
  planDeployment,
  readRow,
  schedulesOf,
  schemaOf,
} from "./deployment-records.ts";
import { fitJobVariables, fitParameters } from "./fitting.ts";
import { findFlow } from "./flows.ts";
import { notFound, Refusal } from "./refusal.ts";
import { changeSchedules, checkSlugs } from "./schedule-changes.ts";
import { type App, serve } from "./serve.ts";
import { count, select, shardOfTenant } from "./shard.ts";
import { aroundDeployment } from "./sql-filter.ts";
import { findWorkPool, type WorkPool } from "./work-pools.ts";
import { ensureQueue } from "./work-queues.ts";

const ORDERS = {
  CREATED_DESC: "d.created DESC",
  UPDATED_DESC: "d.updated DESC",
  NAME_ASC: "d.name ASC",
  NAME_DESC: "d.name DESC",
} as const;

/** The schema of a flow without parameters. */
const NO_PARAMETERS = '{"type":"object","properties":{}}';

/** Deployments: made, read, changed and deleted. */
export function serveDeployments(app: App): void {
  serve(app, deployments.create, async ({ env, tenant, body }) => {
    const flow = (await findFlow(env, tenant, body.flow_id)) ?? notFound("flow", body.flow_id);
    const known = await readRow(env, tenant, "d.flow_id = ?2 AND d.name = ?3", flow.id, body.name);
    const pool = await poolOf(env, tenant, body.work_pool_name);
    fitsAtBirth(body, known, pool ?? null);
    if (pool) await ensureQueue(env, tenant, pool, body.work_queue_name ?? null);
    const id = known?.id ?? uuidv7();
    const limit = await limitOf(env, tenant, id, body);
    const schedules = redeployed(known ? schedulesOf(known) : [], body.schedules.map(wantedSchedule), moment());
    checkSlugs(schedules);
    // Labels of the flow are the deployment's too, and so become those of its runs.
    const labels = { ...flow.labels, "prefect.flow.id": flow.id, ...body.labels } as JsonObject;
    const row = await write(env, tenant, id, body, {
      ...columnsOf(body),
      ...(pool !== undefined && { work_pool_id: pool?.id ?? null }),
      ...(limit !== undefined && { concurrency_limit_id: limit }),
      labels: JSON.stringify(labels),
      schedules: JSON.stringify(schedules),
    });
    await planDeployment(env, tenant, row);
    return { status: known ? 200 : 201, result: await deploymentToWire(env, tenant, row) };
  });

  serve(app, deployments.update, async ({ env, tenant, params, body }) => {
    const known = await deploymentNow(env, tenant, params.id);
    const pool = await poolOf(env, tenant, body.work_pool_name);
    fitsNow(body, known, pool ?? null);
    if (pool) await ensureQueue(env, tenant, pool, body.work_queue_name ?? null);
    const limit = await limitOf(env, tenant, known.id, body);
    const schedules = body.schedules ? changedSchedules(schedulesOf(known), body.schedules) : null;
    if (schedules) checkSlugs(schedules);
    await change(env, tenant, known.id, {
      ...columnsOf(body),
      ...(pool !== undefined && { work_pool_id: pool?.id ?? null }),
      ...(limit !== undefined && { concurrency_limit_id: limit }),
      ...(schedules && { schedules: JSON.stringify(schedules) }),
    });
  });

  serve(app, deployments.read, async ({ env, tenant, params }) =>
    deploymentToWire(env, tenant, await deploymentNow(env, tenant, params.id)),
  );

  serve(app, deployments.readByName, async ({ env, tenant, params }) => {
    const condition =
      "d.name = ?3 AND d.flow_id = (SELECT f.id FROM flows f WHERE f.workspace_id = ?1 AND f.name = ?2)";
    const row = await readRow(env, tenant, condition, params.flow_name, params.deployment_name);
    return deploymentToWire(
      env,
      tenant,
      row ?? notFound("deployment", `${params.flow_name}/${params.deployment_name}`),
    );
  });

  serve(app, deployments.filter, ({ env, tenant, body }) => list(env, tenant, body, body));
  serve(app, deployments.count, ({ env, tenant, body }) => countOf(env, tenant, body));
  serve(app, deployments.paginate, async ({ env, tenant, body }) => {
    const { sort, limit, page } = body;
    const [results, total] = await Promise.all([
      list(env, tenant, body, { sort, limit, offset: (page - 1) * limit }),
      countOf(env, tenant, body),
    ]);
    return { results, count: total, limit, pages: limit === 0 ? 0 : Math.ceil(total / limit), page };
  });

  serve(app, deployments.remove, async ({ env, tenant, params }) => {
    await remove(env, tenant, await deploymentNow(env, tenant, params.id));
  });
  serve(app, deployments.bulkDelete, async ({ env, tenant, body }) => {
    const rows = await listRows(
      env,
      tenant,
      { ...NO_FILTERS, deployments: body.deployments },
      "NAME_ASC",
      body.limit,
      0,
    );
    for (const row of rows) await remove(env, tenant, row);
    return { deleted: rows.map(({ id }) => id) };
  });

  serve(app, deployments.workQueueCheck, async ({ env, tenant, params }) => {
    await deploymentNow(env, tenant, params.id);
    return [];
  });
}

/** A deployment of the tenant by its id, as the wire shows it. */
export async function readDeployment(env: Env, tenant: Tenant, id: string): Promise<WireDeployment | null> {
  const row = await readRow(env, tenant, "d.id = ?2", id);
  return row && deploymentToWire(env, tenant, row);
}

const NO_FILTERS: RunFiltersInput = {
  flows: null,
  flow_runs: null,
  task_runs: null,
  deployments: null,
  work_pools: null,
  work_pool_queues: null,
};

const moment = () => ({ now: fromMilliseconds(Date.now()), newId: uuidv7 });

type Sort = keyof typeof ORDERS;

const listRows = (
  env: Env,
  tenant: Tenant,
  filters: RunFiltersInput,
  sort: Sort,
  limit: number,
  offset: number,
): Promise<DeploymentRow[]> =>
  select<DeploymentRow>(env, tenant, {
    columns: COLUMNS,
    table: "deployments",
    alias: "d",
    where: aroundDeployment(filters),
    order: `${ORDERS[sort]}, d.id DESC`,
    limit,
    offset,
  });

const list = async (
  env: Env,
  tenant: Tenant,
  filters: RunFiltersInput,
  { sort, limit, offset }: { sort: Sort; limit: number; offset: number },
) => deploymentsToWire(env, tenant, await listRows(env, tenant, filters, sort, limit, offset));

const countOf = (env: Env, tenant: Tenant, filters: RunFiltersInput): Promise<number> =>
  count(env, tenant, { table: "deployments", alias: "d", where: aroundDeployment(filters) });

/** `undefined`: nothing was said of the pool; null: there is to be none. */
async function poolOf(env: Env, tenant: Tenant, name: string | null | undefined): Promise<WorkPool | null | undefined> {
  if (name === undefined || name === null) return name;
  return (await findWorkPool(env, tenant, name)) ?? notFound("work pool", name);
}

/** What a first deployment holds has to fit as far as it is said. */
function fitsAtBirth(body: DeploymentCreateBody, known: DeploymentRow | null, pool: WorkPool | null): void {
  if (pool && body.job_variables)
    fitJobVariables(pool.base_job_template as JsonObject, body.job_variables, {
      doing: "creating deployment",
      partly: true,
    });
  const enforced = body.enforce_parameter_schema ?? (known ? known.enforce_parameter_schema === 1 : true);
  const schema = body.parameter_openapi_schema ?? (known && schemaOf(known));
  try {
    fitParameters(body.parameters ?? {}, schema, { doing: "creating deployment", partly: true, enforced });
  } catch (error) {
    // A body that does not fit by itself is malformed; only what is there already makes a conflict.
    if (!(error instanceof Refusal) || error.problem.code !== "unfit") throw error;
    const { field, message } = error.problem;
    throw new Refusal({ code: "invalid", field: ["parameters", field].filter(Boolean).join("."), message });
  }
}

function fitsNow(body: DeploymentUpdateBody, known: DeploymentRow, pool: WorkPool | null): void {
  const doing = "updating deployment";
  if (pool && body.job_variables)
    fitJobVariables(pool.base_job_template as JsonObject, body.job_variables, { doing, partly: true });
  const enforced = body.enforce_parameter_schema ?? known.enforce_parameter_schema === 1;
  const parameters = body.parameters ?? (JSON.parse(known.parameters) as JsonObject);
  fitParameters(parameters, body.parameter_openapi_schema ?? schemaOf(known), { doing, partly: true, enforced });
}

type Cell = string | number | null;

/** Columns for the fields that were said. */
function columnsOf(body: DeploymentCreateBody | DeploymentUpdateBody): Record<string, Cell> {
  const json = (value: unknown): Cell | undefined =>
    value === undefined ? undefined : value === null ? null : JSON.stringify(value);
  const always = (value: unknown): Cell | undefined => (value === null ? undefined : json(value));
  const flag = (value: boolean | null | undefined): Cell | undefined =>
    value === undefined || value === null ? undefined : value ? 1 : 0;
  const cells: Record<string, Cell | undefined> = {
    version: body.version,
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
    work_queue_name: body.work_queue_name,
    paused: flag(body.paused),
    concurrency_options: json(body.concurrency_options),
    storage_document_id: body.storage_document_id,
    infrastructure_document_id: body.infrastructure_document_id,
  };
  return Object.fromEntries(Object.entries(cells).filter(([, cell]) => cell !== undefined)) as Record<string, Cell>;
}

const AT_BIRTH: Record<string, Cell> = {
  parameters: "{}",
  parameter_schema: NO_PARAMETERS,
  enforce_parameter_schema: 1,
  job_variables: "{}",
  tags: "[]",
};

/** Makes a deployment, or changes the one of that flow and name where `cells` say something. */
async function write(
  env: Env,
  tenant: Tenant,
  id: string,
  { flow_id, name }: DeploymentCreateBody,
  cells: Record<string, Cell>,
): Promise<DeploymentRow> {
  const now = Date.now() * 1000;
  const key = { workspace_id: tenant.workspace, id, flow_id, name, created: now, updated: now, revision: 1 };
  const all = { ...AT_BIRTH, ...cells, ...key };
  const columns = Object.keys(all);
  const changed = [...Object.keys(cells), "updated"].map((column) => `${column} = excluded.${column}`);
  await shardOfTenant(env, tenant)
    .prepare(
      `INSERT INTO deployments (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})
       ON CONFLICT (workspace_id, flow_id, name) DO UPDATE SET ${changed.join(", ")}, revision = deployments.revision + 1`,
    )
    .bind(...Object.values(all))
    .run();
  const row = await readRow(env, tenant, "d.flow_id = ?2 AND d.name = ?3", flow_id, name);
  if (row) forgetDeployment(tenant, row.id);
  return row ?? notFound("deployment");
}

/** Changes these columns of a deployment, and tells its object. */
export async function change(env: Env, tenant: Tenant, id: string, cells: Record<string, Cell>): Promise<void> {
  const columns = Object.keys(cells);
  const set = columns.map((column) => `${column} = ?, `).join("");
  const { meta } = await shardOfTenant(env, tenant)
    .prepare(`UPDATE deployments SET ${set}updated = ?, revision = revision + 1 WHERE workspace_id = ? AND id = ?`)
    .bind(...Object.values(cells), Date.now() * 1000, tenant.workspace, id)
    .run();
  if (meta.changes === 0) notFound("deployment", id);
  forgetDeployment(tenant, id);
  await planDeployment(env, tenant, await deploymentNow(env, tenant, id));
}

/** The concurrency limit that a deployment is to have: its own, another one, none (null), or nothing said (`undefined`). */
async function limitOf(
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
  if (limit === null) {
    await shard
      .prepare("DELETE FROM concurrency_limits WHERE workspace_id = ?1 AND name = ?2")
      .bind(tenant.workspace, name)
      .run();
    return null;
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

/** The schedules of a deployment after an update that names some: by their slugs where all have one, otherwise in their place. */
function changedSchedules(
  known: readonly DeploymentSchedule[],
  given: NonNullable<DeploymentUpdateBody["schedules"]>,
): DeploymentSchedule[] {
  const bySlug = known.length > 0 && known.every(({ slug }) => slug !== null);
  if (!bySlug || given.length === 0) {
    if (bySlug && given.length === 0) return [...known];
    const wanted = given.flatMap((one) =>
      one.schedule
        ? [
            wantedSchedule({
              ...one,
              schedule: one.schedule,
              active: one.active ?? true,
              parameters: one.parameters ?? {},
            }),
          ]
        : [],
    );
    return redeployed(known, wanted, moment());
  }
  if (given.some(({ slug }) => slug === null))
    throw new Refusal({
      code: "invalid",
      field: "schedules",
      message: "Please provide a slug for each schedule in your request to ensure schedules are updated correctly.",
    });
  return changeSchedules(known, given, moment());
}

/** Deletes a deployment with what it planned, and with runs of it that nobody has begun. */
async function remove(env: Env, tenant: Tenant, row: DeploymentRow): Promise<void> {
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
