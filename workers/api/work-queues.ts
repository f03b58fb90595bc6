import { FlowRunFilter, WorkQueueFilter } from "@millrace/contract/filters.ts";
import { workPools } from "@millrace/contract/work-pools.ts";
import {
  type WireSlotHolder,
  type WireWorkQueue,
  type WorkQueueCreateBody,
  type WorkQueueUpdateBody,
  workQueues,
} from "@millrace/contract/work-queues.ts";
import { changes, queueEvent } from "@millrace/domain/dispatch/events.ts";
import { freePriority, withPriority } from "@millrace/domain/dispatch/priorities.ts";
import { queueStatus, queueUnserved } from "@millrace/domain/dispatch/signs.ts";
import { fromMilliseconds, parseInstant, SECOND } from "@millrace/domain/time.ts";
import { uuidv7 } from "uuidv7";
import { workPoolAt } from "../../durable-objects/addresses.ts";
import type { Tenant } from "../auth/credential.ts";
import type { Env } from "../env.ts";
import { countFlowRuns } from "./flow-run-lists.ts";
import { pagesOf } from "./pages.ts";
import {
  AGENT_TYPE,
  announce,
  DEFAULT_AGENT_POOL,
  findWorkPool,
  moment,
  named,
  QUEUE_COLUMNS,
  queueById,
  queuesOf,
  queuesToWire,
  readPool,
  tellPool,
  type WorkPool,
  type WorkQueueRow,
  workPoolNow,
} from "./pools.ts";
import { notFound, Refusal } from "./refusal.ts";
import { runsByIds } from "./scheduled-runs.ts";
import { type App, serve } from "./serve.ts";
import { count, select, shardOfTenant } from "./shard.ts";
import { type Condition, combine, queueRowCondition } from "./sql-filter.ts";
import { createPool } from "./work-pools.ts";

const BY_PRIORITY = "q.priority ASC, q.name ASC";
const BY_NAME = "q.name ASC, q.id ASC";
/** What of a queue is told of when it changes. Being paused is told of as its status. */
const TOLD = ["name", "description", "concurrency_limit", "priority"] as const;

/** Queues, of a pool and of all. */
export function serveWorkQueues(app: App): void {
  serve(app, workPools.createQueue, async ({ env, tenant, params, body, afterwards }) => {
    const pool = await workPoolNow(env, tenant, params.work_pool_name);
    return createQueue(env, tenant, pool, body, afterwards);
  });
  serve(app, workPools.filterQueues, async ({ env, tenant, params, body }) => {
    const pool = await workPoolNow(env, tenant, params.work_pool_name);
    return listQueues(env, tenant, inPool(pool, body.work_queues), BY_PRIORITY, body);
  });
  serve(app, workPools.paginateQueues, async ({ env, tenant, params, body }) => {
    const pool = await workPoolNow(env, tenant, params.work_pool_name);
    return pageOfQueues(env, tenant, inPool(pool, body.work_queues), BY_PRIORITY, body);
  });
  serve(app, workPools.readQueue, async ({ env, tenant, params }) =>
    one(env, tenant, await queueOfPool(env, tenant, params)),
  );
  serve(app, workPools.updateQueue, async ({ env, tenant, params, body, afterwards }) =>
    updateQueue(env, tenant, await queueOfPool(env, tenant, params), body, afterwards),
  );
  serve(app, workPools.removeQueue, async ({ env, tenant, params, afterwards }) =>
    removeQueue(env, tenant, await queueOfPool(env, tenant, params), afterwards),
  );

  serve(app, workQueues.create, async ({ env, tenant, body, afterwards }) => {
    const made = await createPool(env, tenant, { name: DEFAULT_AGENT_POOL, type: AGENT_TYPE });
    const pool = made ?? (await workPoolNow(env, tenant, DEFAULT_AGENT_POOL));
    // The pool of a first queue comes with one of this name.
    if (made && body.name === "default") return one(env, tenant, await queueById(env, tenant, made.default_queue_id));
    return createQueue(env, tenant, pool, body, afterwards);
  });
  serve(app, workQueues.filter, ({ env, tenant, body }) =>
    listQueues(env, tenant, everywhere(body.work_queues), BY_NAME, body),
  );
  serve(app, workQueues.paginate, ({ env, tenant, body }) =>
    pageOfQueues(env, tenant, everywhere(body.work_queues), BY_NAME, body),
  );
  serve(app, workQueues.readByName, async ({ env, tenant, params }) => {
    const pool = await findWorkPool(env, tenant, DEFAULT_AGENT_POOL);
    const where: Condition = pool
      ? { sql: "q.name = ? AND q.work_pool_id = ?", values: [params.name, pool.id] }
      : { sql: "q.name = ?", values: [params.name] };
    const [queue] = await listQueues(env, tenant, where, BY_NAME, { limit: 1, offset: 0 });
    return queue ?? notFound("work queue", params.name);
  });
  serve(app, workQueues.read, async ({ env, tenant, params }) =>
    one(env, tenant, await queueById(env, tenant, params.id)),
  );
  serve(app, workQueues.update, async ({ env, tenant, params, body, afterwards }) =>
    updateQueue(env, tenant, await queueById(env, tenant, params.id), body, afterwards),
  );
  serve(app, workQueues.remove, async ({ env, tenant, params, afterwards }) =>
    removeQueue(env, tenant, await queueById(env, tenant, params.id), afterwards),
  );

  serve(app, workQueues.status, async ({ env, tenant, params }) => {
    const queue = await one(env, tenant, await queueById(env, tenant, params.id));
    const late = await countFlowRuns(env, tenant, lateIn(queue.id));
    const polled = queue.last_polled === null ? null : parseInstant(queue.last_polled);
    const served = queueStatus(false, polled && queueUnserved(polled), fromMilliseconds(Date.now())) === "READY";
    return {
      healthy: late <= POLICY.maximum_late_runs && served,
      late_runs_count: late,
      last_polled: queue.last_polled,
      health_check_policy: POLICY,
    };
  });

  serve(app, workQueues.concurrencyStatus, async ({ env, tenant, params, body }) => {
    const queue = await queueById(env, tenant, params.id);
    const held = await holdersOf(env, tenant, queue.work_pool_id);
    const mine = held.filter((holder) => holder.queue === queue.id).map(({ run }) => run);
    const { limit, page } = body;
    return {
      active_slots: mine.length,
      concurrency_limit: queue.concurrency_limit,
      flow_runs: await slotHolders(env, tenant, mine.slice((page - 1) * limit, page * limit)),
      ...pagesOf(mine.length, limit, page),
    };
  });

  serve(app, workPools.concurrencyStatus, async ({ env, tenant, params, body }) => {
    const pool = await workPoolNow(env, tenant, params.name);
    const [queues, held] = [await queuesOf(env, tenant, pool.id), await holdersOf(env, tenant, pool.id)];
    const { limit, page, flow_run_limit: most } = body;
    const shown = await Promise.all(
      queues.slice((page - 1) * limit, page * limit).map(async (queue) => {
        const mine = held.filter((holder) => holder.queue === queue.id).map(({ run }) => run);
        return {
          queue_id: queue.id,
          queue_name: queue.name,
          active_slots: mine.length,
          concurrency_limit: queue.concurrency_limit,
          flow_runs: await slotHolders(env, tenant, mine.slice(0, most)),
          flow_run_count: mine.length,
        };
      }),
    );
    return {
      active_slots: held.length,
      concurrency_limit: pool.concurrency_limit,
      queues: shown,
      ...pagesOf(queues.length, limit, page),
    };
  });
}

/** By which a queue counts as well: Prefect's own numbers. */
const POLICY = { maximum_late_runs: 0, maximum_seconds_since_last_polled: 60 };

/** The queue of a pool by its name, made where it is not there; without a name the pool's own. */
export async function ensureQueue(
  env: Env,
  tenant: Tenant,
  pool: WorkPool,
  name: string | null,
): Promise<{ id: string; name: string }> {
  if (name === null || name === "default") return { id: pool.default_queue_id, name: "default" };
  const known = await findQueue(env, tenant, pool.id, name);
  if (known) return { id: known.id, name: known.name };
  await createQueue(env, tenant, pool, { ...BLANK, name }, () => {}).catch((error: unknown) => {
    // Somebody else was faster.
    if (!(error instanceof Refusal) || error.problem.code !== "already_exists") throw error;
  });
  const { id } = (await findQueue(env, tenant, pool.id, name)) ?? notFound("work queue", name);
  return { id, name };
}

const BLANK: Omit<WorkQueueCreateBody, "name"> = {
  description: "",
  is_paused: false,
  concurrency_limit: null,
  priority: null,
  filter: null,
};

const findQueue = (env: Env, tenant: Tenant, pool: string, name: string): Promise<WorkQueueRow | null> =>
  shardOfTenant(env, tenant)
    .prepare(
      `SELECT ${QUEUE_COLUMNS} FROM work_queues q WHERE q.workspace_id = ?1 AND q.work_pool_id = ?2 AND q.name = ?3`,
    )
    .bind(tenant.workspace, pool, name)
    .first<WorkQueueRow>();

async function queueOfPool(
  env: Env,
  tenant: Tenant,
  { work_pool_name, name }: { work_pool_name: string; name: string },
): Promise<WorkQueueRow> {
  const pool = await workPoolNow(env, tenant, work_pool_name);
  return (await findQueue(env, tenant, pool.id, name)) ?? notFound("work queue", name);
}

/** A queue by its id, as the wire shows it. */
export const readQueue = async (env: Env, tenant: Tenant, id: string): Promise<WireWorkQueue> =>
  one(env, tenant, await queueById(env, tenant, id));

async function one(env: Env, tenant: Tenant, row: WorkQueueRow): Promise<WireWorkQueue> {
  const [queue] = await queuesToWire(env, tenant, [row]);
  return queue as WireWorkQueue;
}

async function createQueue(
  env: Env,
  tenant: Tenant,
  pool: WorkPool,
  body: WorkQueueCreateBody,
  afterwards: (work: Promise<unknown>) => void,
): Promise<WireWorkQueue> {
  const others = await queuesOf(env, tenant, pool.id);
  if (others.some(({ name }) => name === body.name)) alreadyThere(body.name);
  const [id, now] = [uuidv7(), Date.now() * 1000];
  const [mine, ...moved] = withPriority(others, id, body.priority ?? freePriority(others));
  const shard = shardOfTenant(env, tenant);
  const [made] = await shard.batch([
    shard
      .prepare(
        `INSERT INTO work_queues (workspace_id, id, work_pool_id, name, description, is_paused, concurrency_limit, priority, filter, created, updated)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10) ON CONFLICT (workspace_id, work_pool_id, name) DO NOTHING`,
      )
      .bind(
        tenant.workspace,
        id,
        pool.id,
        body.name,
        body.description,
        body.is_paused ? 1 : 0,
        body.concurrency_limit,
        mine?.priority ?? 1,
        body.filter && JSON.stringify(body.filter),
        now,
      ),
    ...moved.map((other) => setPriority(shard, tenant, other)),
    revised(shard, tenant, pool.id),
  ]);
  if (made?.meta.changes === 0) alreadyThere(body.name);
  await tellPool(env, tenant, pool.id);
  afterwards(announce(env, tenant, [queueEvent("created", { id, name: body.name }, named(pool), moment())]));
  return one(env, tenant, await queueById(env, tenant, id));
}

function alreadyThere(name: string): never {
  throw new Refusal({ code: "already_exists", what: "work queue", name });
}

async function updateQueue(
  env: Env,
  tenant: Tenant,
  before: WorkQueueRow,
  body: WorkQueueUpdateBody,
  afterwards: (work: Promise<unknown>) => void,
): Promise<void> {
  const pool = (await readPool(env, tenant, "id", before.work_pool_id)) ?? notFound("work queue", before.id);
  const others = await queuesOf(env, tenant, pool.id);
  const name = body.name ?? before.name;
  if (others.some((other) => other.name === name && other.id !== before.id)) alreadyThere(name);
  if (name !== before.name && before.id === pool.default_queue_id)
    throw new Refusal({ code: "invalid", field: "name", message: "The default queue of a pool keeps its name." });
  const after: WorkQueueRow = {
    ...before,
    name,
    description: body.description === undefined ? before.description : body.description,
    is_paused: body.is_paused === undefined || body.is_paused === null ? before.is_paused : body.is_paused ? 1 : 0,
    concurrency_limit: body.concurrency_limit === undefined ? before.concurrency_limit : body.concurrency_limit,
    priority: body.priority ?? before.priority,
    filter: body.filter === undefined ? before.filter : body.filter && JSON.stringify(body.filter),
  };
  const moved = withPriority(others, before.id, after.priority).filter(({ id }) => id !== before.id);
  const shard = shardOfTenant(env, tenant);
  await shard.batch([
    shard
      .prepare(
        `UPDATE work_queues SET name = ?3, description = ?4, is_paused = ?5, concurrency_limit = ?6, priority = ?7, filter = ?8, updated = ?9
         WHERE workspace_id = ?1 AND id = ?2`,
      )
      .bind(
        tenant.workspace,
        before.id,
        after.name,
        after.description,
        after.is_paused,
        after.concurrency_limit,
        after.priority,
        after.filter,
        Date.now() * 1000,
      ),
    // A deployment keeps its queue when that is called otherwise.
    shard
      .prepare(
        "UPDATE deployments SET work_queue_name = ?4, revision = revision + 1 WHERE workspace_id = ?1 AND work_pool_id = ?2 AND work_queue_name = ?3 AND ?3 <> ?4",
      )
      .bind(tenant.workspace, pool.id, before.name, after.name),
    ...moved.map((other) => setPriority(shard, tenant, other)),
    revised(shard, tenant, pool.id),
  ]);
  await tellPool(env, tenant, pool.id);
  const changed = changes(before as never, after as never, TOLD);
  if (changed) afterwards(announce(env, tenant, [queueEvent("updated", after, named(pool), moment(), changed)]));
}

async function removeQueue(
  env: Env,
  tenant: Tenant,
  queue: WorkQueueRow,
  afterwards: (work: Promise<unknown>) => void,
): Promise<void> {
  const pool = (await readPool(env, tenant, "id", queue.work_pool_id)) ?? notFound("work queue", queue.id);
  if (queue.id === pool.default_queue_id) {
    const must = "Delete the pool instead, or pause the queue.";
    throw new Refusal({ code: "conflict", what: "work queue", is: "the default queue of its pool", must });
  }
  const shard = shardOfTenant(env, tenant);
  await shard.batch([
    shard.prepare("DELETE FROM work_queues WHERE workspace_id = ?1 AND id = ?2").bind(tenant.workspace, queue.id),
    // Its deployments go on in the pool's default queue, as its runs do.
    shard
      .prepare(
        "UPDATE deployments SET work_queue_name = NULL, revision = revision + 1 WHERE workspace_id = ?1 AND work_pool_id = ?2 AND work_queue_name = ?3",
      )
      .bind(tenant.workspace, pool.id, queue.name),
    revised(shard, tenant, pool.id),
  ]);
  await tellPool(env, tenant, pool.id);
  afterwards(announce(env, tenant, [queueEvent("deleted", queue, named(pool), moment())]));
}

const setPriority = (shard: D1Database, tenant: Tenant, { id, priority }: { id: string; priority: number }) =>
  shard
    .prepare("UPDATE work_queues SET priority = ?3 WHERE workspace_id = ?1 AND id = ?2")
    .bind(tenant.workspace, id, priority);

/** What the pool's object is told next is newer than what it knows. */
const revised = (shard: D1Database, tenant: Tenant, pool: string) =>
  shard
    .prepare("UPDATE work_pools SET revision = revision + 1 WHERE workspace_id = ?1 AND id = ?2")
    .bind(tenant.workspace, pool);

type Filter = Parameters<typeof queueRowCondition>[0] | null;
const everywhere = (filter: Filter): Condition => combine("and_", [filter && queueRowCondition(filter)]);
const inPool = ({ id }: WorkPool, filter: Filter): Condition =>
  combine("and_", [{ sql: "q.work_pool_id = ?", values: [id] }, filter && queueRowCondition(filter)]);

const TABLE = { columns: QUEUE_COLUMNS, table: "work_queues", alias: "q" };

async function listQueues(
  env: Env,
  tenant: Tenant,
  where: Condition,
  order: string,
  { limit, offset }: { limit: number; offset: number },
): Promise<WireWorkQueue[]> {
  return queuesToWire(env, tenant, await select<WorkQueueRow>(env, tenant, { ...TABLE, where, order, limit, offset }));
}

async function pageOfQueues(
  env: Env,
  tenant: Tenant,
  where: Condition,
  order: string,
  { limit, page }: { limit: number; page: number },
) {
  const [results, total] = await Promise.all([
    listQueues(env, tenant, where, order, { limit, offset: (page - 1) * limit }),
    count(env, tenant, { ...TABLE, where }),
  ]);
  return { results, ...pagesOf(total, limit, page) };
}

const holdersOf = (env: Env, tenant: Tenant, pool: string) => workPoolAt(env, tenant.workspace, pool).holders(tenant);

/** Runs that hold slots, as the wire sums them up. */
async function slotHolders(env: Env, tenant: Tenant, ids: readonly string[]): Promise<WireSlotHolder[]> {
  const now = fromMilliseconds(Date.now());
  return (await runsByIds(env, tenant, ids)).map(({ id, name, state, start_time }) => {
    const since = state && parseInstant(state.timestamp);
    return {
      id,
      name,
      state_type: state?.type ?? null,
      state_name: state?.name ?? null,
      start_time,
      state_timestamp: state?.timestamp ?? null,
      time_in_current_state: since === null ? null : Math.max(0, (now - since) / SECOND),
    };
  });
}

const lateIn = (queue: string): Parameters<typeof countFlowRuns>[2] => ({
  ...{ flows: null, task_runs: null, deployments: null, work_pools: null },
  flow_runs: FlowRunFilter.parse({ state: { name: { any_: ["Late"] } } }),
  work_pool_queues: WorkQueueFilter.parse({ id: { any_: [queue] } }),
});
