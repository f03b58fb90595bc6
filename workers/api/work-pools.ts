import { type WireWorkPool, workPools } from "@millrace/contract/work-pools.ts";
import type { JsonObject } from "@millrace/domain/json.ts";
import { formatInstant, instant } from "@millrace/domain/time.ts";
import { uuidv7 } from "uuidv7";
import { workPoolAt } from "../../durable-objects/addresses.ts";
import type { Tenant } from "../auth/credential.ts";
import type { Env } from "../env.ts";
import { Remembered } from "../../durable-objects/kit/remembered.ts";
import { notFound, Refusal } from "./refusal.ts";
import { type App, serve } from "./serve.ts";
import { select, shardOfTenant } from "./shard.ts";
import { combine, workPoolCondition } from "./sql-filter.ts";

interface WorkPoolRow {
  id: string;
  name: string;
  description: string | null;
  type: string;
  base_job_template: string;
  is_paused: number;
  concurrency_limit: number | null;
  default_queue_id: string;
  created: number;
  updated: number;
}

/** A pool as the shard knows it; whether agents are there is the pool's object's to say. */
export type WorkPool = Omit<WireWorkPool, "status" | "active_slots">;

const COLUMNS =
  "p.id, p.name, p.description, p.type, p.base_job_template, p.is_paused, p.concurrency_limit, p.default_queue_id, p.created, p.updated";

const poolsByName = new Remembered<WorkPool>();

/** A pool of the tenant by its name; null where there is none. On a run's way, so it is remembered. */
export const findWorkPool = (env: Env, tenant: Tenant, name: string): WorkPool | Promise<WorkPool | null> =>
  poolsByName.get(`${tenant.workspace}/${name}`, async () => {
    const row = await shardOfTenant(env, tenant)
      .prepare(`SELECT ${COLUMNS} FROM work_pools p WHERE p.workspace_id = ?1 AND p.name = ?2`)
      .bind(tenant.workspace, name)
      .first<WorkPoolRow>();
    return row && poolOf(row);
  });

/** Work pools. */
export function serveWorkPools(app: App): void {
  serve(app, workPools.create, async ({ env, tenant, body }) => {
    const [id, queue, now] = [uuidv7(), uuidv7(), Date.now() * 1000];
    const { meta } = await shardOfTenant(env, tenant)
      .prepare(
        `INSERT INTO work_pools (workspace_id, id, name, description, type, base_job_template, is_paused, concurrency_limit, default_queue_id, created, updated)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10) ON CONFLICT (workspace_id, name) DO NOTHING`,
      )
      .bind(
        tenant.workspace,
        id,
        body.name,
        body.description,
        body.type,
        JSON.stringify(body.base_job_template),
        body.is_paused ? 1 : 0,
        body.concurrency_limit,
        queue,
        now,
      )
      .run();
    if (meta.changes === 0) throw new Refusal({ code: "already_exists", what: "work pool", name: body.name });
    const settings = { name: body.name, paused: body.is_paused, limit: body.concurrency_limit };
    await workPoolAt(env, tenant.workspace, id).configure(tenant, settings);
    return withStatus(env, tenant, (await findWorkPool(env, tenant, body.name)) ?? notFound("work pool"));
  });
  serve(app, workPools.read, async ({ env, tenant, params }) =>
    withStatus(env, tenant, (await findWorkPool(env, tenant, params.name)) ?? notFound("work pool", params.name)),
  );
  serve(app, workPools.filter, async ({ env, tenant, body }) => {
    const { limit, offset } = body;
    const where = combine("and_", [body.work_pools && workPoolCondition(body.work_pools)]);
    const rows = await select<WorkPoolRow>(env, tenant, {
      columns: COLUMNS,
      table: "work_pools",
      alias: "p",
      where,
      order: "p.name ASC",
      limit,
      offset,
    });
    return Promise.all(rows.map((row) => withStatus(env, tenant, poolOf(row))));
  });
  serve(app, workPools.agents, async ({ env, tenant, params }) => {
    const pool = (await findWorkPool(env, tenant, params.name)) ?? notFound("work pool", params.name);
    return workPoolAt(env, tenant.workspace, pool.id).agents(tenant);
  });
}

async function withStatus(env: Env, tenant: Tenant, pool: WorkPool): Promise<WireWorkPool> {
  const agents = await workPoolAt(env, tenant.workspace, pool.id).agents(tenant);
  const online = agents.some(({ status }) => status === "ONLINE");
  const running = agents.reduce((sum, agent) => sum + agent.running, 0);
  return { ...pool, status: pool.is_paused ? "PAUSED" : online ? "READY" : "NOT_READY", active_slots: running };
}

const poolOf = (row: WorkPoolRow): WorkPool => ({
  id: row.id,
  created: formatInstant(instant(row.created)),
  updated: formatInstant(instant(row.updated)),
  name: row.name,
  description: row.description,
  type: row.type,
  base_job_template: JSON.parse(row.base_job_template) as JsonObject,
  is_paused: row.is_paused === 1,
  concurrency_limit: row.concurrency_limit,
  default_queue_id: row.default_queue_id,
  storage_configuration: {
    bundle_upload_step: null,
    bundle_execution_step: null,
    default_result_storage_block_id: null,
  },
});
