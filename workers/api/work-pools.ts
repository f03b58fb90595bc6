import { isReserved, workPools } from "@millrace/contract/work-pools.ts";
import { changes, poolEvent, poolStatusEvent, queueEvent } from "@millrace/domain/dispatch/events.ts";
import { jobOf, templateProblem } from "@millrace/domain/dispatch/job-template.ts";
import type { JsonObject } from "@millrace/domain/json.ts";
import { formatInstant, instant } from "@millrace/domain/time.ts";
import { uuidv7 } from "uuidv7";
import { workPoolAt } from "../../durable-objects/addresses.ts";
import type { Tenant } from "../auth/credential.ts";
import type { Env } from "../env.ts";
import { fitDefaults } from "./fitting.ts";
import { pagesOf } from "./pages.ts";
import {
  announce,
  forgetPool,
  moment,
  named,
  POOL_COLUMNS,
  poolOf,
  queuesOf,
  tellPool,
  type WorkPool,
  type WorkPoolRow,
  withStanding,
  workPoolNow,
} from "./pools.ts";
import { Refusal } from "./refusal.ts";
import { type App, serve } from "./serve.ts";
import { count, select, shardOfTenant } from "./shard.ts";
import { combine, workPoolCondition } from "./sql-filter.ts";

export { findWorkPool, type WorkPool } from "./pools.ts";

const ORDERS = { NAME_ASC: "p.name ASC", NAME_DESC: "p.name DESC" } as const;
/** What of a pool is told of when it changes. Being paused is told of as its status. */
const TOLD = ["description", "base_job_template", "concurrency_limit", "storage_configuration"] as const;

/** Work pools. */
export function serveWorkPools(app: App): void {
  serve(app, workPools.create, async ({ env, tenant, body, afterwards }) => {
    if (isReserved(body.name)) {
      const message = "Work pools starting with 'Prefect' are reserved for internal use.";
      throw new Refusal({ code: "refused", message });
    }
    refuseTemplate(body.base_job_template);
    const pool = await createPool(env, tenant, { ...body, base_job_template: body.base_job_template });
    if (!pool) throw new Refusal({ code: "already_exists", what: "work pool", name: body.name });
    afterwards(announceBirth(env, tenant, pool));
    return withStanding(env, tenant, pool);
  });

  serve(app, workPools.read, async ({ env, tenant, params }) =>
    withStanding(env, tenant, await workPoolNow(env, tenant, params.name)),
  );

  serve(app, workPools.filter, async ({ env, tenant, body }) => {
    const { limit, offset } = body;
    const pools = await listPools(env, tenant, body.work_pools, { order: ORDERS.NAME_ASC, limit, offset });
    return Promise.all(pools.map((pool) => withStanding(env, tenant, pool)));
  });
  serve(app, workPools.count, ({ env, tenant, body }) => countPools(env, tenant, body.work_pools));
  serve(app, workPools.paginate, async ({ env, tenant, body }) => {
    const { limit, page, sort } = body;
    const [pools, total] = await Promise.all([
      listPools(env, tenant, body.work_pools, { order: ORDERS[sort], limit, offset: (page - 1) * limit }),
      countPools(env, tenant, body.work_pools),
    ]);
    const shown = await Promise.all(pools.map((pool) => withStanding(env, tenant, pool)));
    const results = body.include_base_job_template ? shown : shown.map((pool) => ({ ...pool, base_job_template: {} }));
    return { results, ...pagesOf(total, limit, page) };
  });

  serve(app, workPools.preview, ({ body }) => {
    refuseTemplate(body.base_job_template);
    return jobOf(body.base_job_template);
  });

  serve(app, workPools.update, async ({ env, tenant, params, body, afterwards }) => {
    const before = await workPoolNow(env, tenant, params.name);
    const foreign = Object.keys(body).some((field) => field !== "is_paused" && field !== "concurrency_limit");
    if (isReserved(params.name) && foreign) {
      const message = "Work pools starting with 'Prefect' can only be paused, or given a concurrency limit.";
      throw new Refusal({ code: "refused", message });
    }
    if (body.base_job_template) refuseTemplate(body.base_job_template);
    const values: Record<string, string | number | null> = {};
    if (body.description !== undefined) values.description = body.description;
    if (body.is_paused !== undefined && body.is_paused !== null) values.is_paused = body.is_paused ? 1 : 0;
    if (body.base_job_template) values.base_job_template = JSON.stringify(body.base_job_template);
    if (body.concurrency_limit !== undefined) values.concurrency_limit = body.concurrency_limit;
    if (body.storage_configuration) values.storage_configuration = JSON.stringify(body.storage_configuration);
    const after = await updatePool(env, tenant, before, values);
    const changed = changes(before as never, after as never, TOLD);
    if (changed) afterwards(announce(env, tenant, [poolEvent("updated", named(after), moment(), changed)]));
  });

  serve(app, workPools.remove, async ({ env, tenant, params, afterwards }) => {
    const pool = await workPoolNow(env, tenant, params.name);
    if (isReserved(pool.name)) {
      const message = "Work pools starting with 'Prefect' are reserved for internal use and can not be deleted.";
      throw new Refusal({ code: "refused", message });
    }
    const queues = await queuesOf(env, tenant, pool.id);
    // First nothing is given out any more; a pool that is still there is deleted by the next try.
    await workPoolAt(env, tenant.workspace, pool.id).close(tenant);
    const shard = shardOfTenant(env, tenant);
    await shard.batch(
      [
        "UPDATE deployments SET work_pool_id = NULL, revision = revision + 1 WHERE workspace_id = ?1 AND work_pool_id = ?2",
        "DELETE FROM work_queues WHERE workspace_id = ?1 AND work_pool_id = ?2",
        "DELETE FROM work_pools WHERE workspace_id = ?1 AND id = ?2",
      ].map((sql) => shard.prepare(sql).bind(tenant.workspace, pool.id)),
    );
    forgetPool(tenant, pool.name);
    const gone = queues.map((queue) => queueEvent("deleted", queue, named(pool), moment()));
    const last = poolEvent("deleted", { ...named(pool), defaultQueue: pool.default_queue_id }, moment());
    afterwards(announce(env, tenant, [...gone, last]));
  });

  serve(app, workPools.agents, async ({ env, tenant, params }) => {
    const pool = await workPoolNow(env, tenant, params.name);
    return workPoolAt(env, tenant.workspace, pool.id).agents(tenant);
  });

  serve(app, workPools.dispatch, async ({ env, tenant, params }) => {
    const pool = await workPoolNow(env, tenant, params.name);
    const { paused, limit, taken, slots, waiting } = await workPoolAt(env, tenant.workspace, pool.id).explain(tenant);
    return {
      is_paused: paused,
      concurrency_limit: limit,
      active_slots: taken,
      free_agent_slots: slots,
      count: waiting.length,
      waiting: waiting.slice(0, MOST_EXPLAINED).map((one) => ({
        flow_run_id: one.run,
        place: one.place,
        reason: one.reason,
        work_queue_id: one.queue,
        priority: one.priority,
        due: formatInstant(instant(one.due)),
        fairness_key: one.key ?? null,
        fairness_weight: one.weight ?? 1,
      })),
    };
  });
}

/** Runs whose waiting one answer explains. */
const MOST_EXPLAINED = 1000;

interface NewPool {
  name: string;
  type: string;
  description?: string | null;
  base_job_template?: JsonObject;
  is_paused?: boolean;
  concurrency_limit?: number | null;
  storage_configuration?: object | null;
}

/** Makes a pool with its queue; null where its name is taken. */
export async function createPool(env: Env, tenant: Tenant, pool: NewPool): Promise<WorkPool | null> {
  const [id, queue, now] = [uuidv7(), uuidv7(), Date.now() * 1000];
  const shard = shardOfTenant(env, tenant);
  const [made] = await shard.batch([
    shard
      .prepare(
        `INSERT INTO work_pools (workspace_id, id, name, description, type, base_job_template, is_paused, concurrency_limit,
           default_queue_id, storage_configuration, revision, created, updated)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 1, ?11, ?11) ON CONFLICT (workspace_id, name) DO NOTHING`,
      )
      .bind(
        tenant.workspace,
        id,
        pool.name,
        pool.description ?? null,
        pool.type,
        JSON.stringify(pool.base_job_template ?? {}),
        pool.is_paused ? 1 : 0,
        pool.concurrency_limit ?? null,
        queue,
        pool.storage_configuration ? JSON.stringify(pool.storage_configuration) : null,
        now,
      ),
    shard
      .prepare(
        `INSERT INTO work_queues (workspace_id, id, work_pool_id, name, description, is_paused, priority, created, updated)
         SELECT p.workspace_id, ?3, p.id, 'default', 'The work pool''s default queue.', 0, 1, ?4, ?4
         FROM work_pools p WHERE p.workspace_id = ?1 AND p.id = ?2`,
      )
      .bind(tenant.workspace, id, queue, now),
  ]);
  if (made?.meta.changes === 0) return null;
  forgetPool(tenant, pool.name);
  await tellPool(env, tenant, id);
  return workPoolNow(env, tenant, pool.name);
}

/** What happened when a pool was made. */
export async function announceBirth(env: Env, tenant: Tenant, pool: WorkPool): Promise<void> {
  const queue = { id: pool.default_queue_id, name: "default" };
  await announce(env, tenant, [
    poolEvent("created", { ...named(pool), defaultQueue: queue.id }, moment()),
    queueEvent("created", queue, named(pool), moment()),
    // Nobody serves it yet. Pools of Prefect's old agents have no such status.
    ...(pool.type === "prefect-agent" ? [] : [poolStatusEvent("not-ready", named(pool), moment())]),
  ]);
}

/** Changes columns of a pool; answers it as it is then. */
export async function updatePool(
  env: Env,
  tenant: Tenant,
  { id, name }: WorkPool,
  values: Readonly<Record<string, string | number | null>>,
): Promise<WorkPool> {
  const columns = Object.keys(values).map((column, at) => `${column} = ?${at + 4}, `);
  await shardOfTenant(env, tenant)
    .prepare(
      `UPDATE work_pools SET ${columns.join("")}updated = ?3, revision = revision + 1 WHERE workspace_id = ?1 AND id = ?2`,
    )
    .bind(tenant.workspace, id, Date.now() * 1000, ...Object.values(values))
    .run();
  await tellPool(env, tenant, id);
  return workPoolNow(env, tenant, name);
}

export function refuseTemplate(template: JsonObject): void {
  const message = templateProblem(template);
  if (message) throw new Refusal({ code: "invalid", field: "base_job_template", message });
  fitDefaults(template);
}

type Filter = Parameters<typeof workPoolCondition>[0] | null;
const whereOf = (filter: Filter) => combine("and_", [filter && workPoolCondition(filter)]);

async function listPools(
  env: Env,
  tenant: Tenant,
  filter: Filter,
  page: { order: string; limit: number; offset: number },
): Promise<WorkPool[]> {
  const table = { columns: POOL_COLUMNS, table: "work_pools", alias: "p", where: whereOf(filter) };
  return (await select<WorkPoolRow>(env, tenant, { ...table, ...page })).map(poolOf);
}

const countPools = (env: Env, tenant: Tenant, filter: Filter): Promise<number> =>
  count(env, tenant, { table: "work_pools", alias: "p", where: whereOf(filter) });
