/**
 * Pools and their queues as the shard has them, and what their objects are told.
 *
 * AP70 What the shard says of a pool its object works by: each change is told at once, with a number by which an older one that comes
 *      late is known; what was not heard is told by the next reading of the pool.
 */
import type { WireEvent } from "@millrace/contract/events.ts";
import type { StorageConfiguration, WireWorkPool } from "@millrace/contract/work-pools.ts";
import type { WireWorkQueue } from "@millrace/contract/work-queues.ts";
import type { Queue } from "@millrace/domain/dispatch/backlog.ts";
import type { PoolNamed } from "@millrace/domain/dispatch/events.ts";
import type { JsonObject } from "@millrace/domain/json.ts";
import { formatInstant, fromMilliseconds, instant } from "@millrace/domain/time.ts";
import { uuidv7 } from "uuidv7";
import { eventHubAt, workPoolAt } from "../../durable-objects/addresses.ts";
import { pack } from "../../durable-objects/kit/packed.ts";
import { Remembered } from "../../durable-objects/kit/remembered.ts";
import type { Standing } from "../../durable-objects/work-pool/rpc.ts";
import type { Tenant } from "../auth/credential.ts";
import type { Env } from "../env.ts";
import { notFound } from "./refusal.ts";
import { shardOfTenant } from "./shard.ts";

export interface WorkPoolRow {
  id: string;
  name: string;
  description: string | null;
  type: string;
  base_job_template: string;
  is_paused: number;
  concurrency_limit: number | null;
  default_queue_id: string;
  storage_configuration: string | null;
  revision: number;
  created: number;
  updated: number;
}

export interface WorkQueueRow {
  id: string;
  work_pool_id: string;
  pool_name: string;
  name: string;
  description: string | null;
  is_paused: number;
  concurrency_limit: number | null;
  priority: number;
  filter: string | null;
  created: number;
  updated: number;
}

/** A pool as the shard knows it; whether agents are there is the pool's object's to say. */
export type WorkPool = Omit<WireWorkPool, "status" | "active_slots"> & { revision: number };

export const POOL_COLUMNS = `p.id, p.name, p.description, p.type, p.base_job_template, p.is_paused, p.concurrency_limit, p.default_queue_id,
  p.storage_configuration, p.revision, p.created, p.updated`;
export const QUEUE_COLUMNS = `q.id, q.work_pool_id, q.name, q.description, q.is_paused, q.concurrency_limit, q.priority, q.filter, q.created,
  q.updated, (SELECT p.name FROM work_pools p WHERE p.workspace_id = q.workspace_id AND p.id = q.work_pool_id) AS pool_name`;

/** Pools of the oldest kind, whose queues are used without a pool's name. */
export const AGENT_TYPE = "prefect-agent";
export const DEFAULT_AGENT_POOL = "default-agent-pool";

const poolsByName = new Remembered<WorkPool>();
/** Ids change only when a pool is deleted, which its object says: they are good for as long as that says nothing. */
const idsByName = new Remembered<string>(24 * 3_600_000);

const keyOf = (tenant: Tenant, name: string): string => `${tenant.workspace}/${name}`;

/** A pool of the tenant by its name; null where there is none. On a run's way, so it is remembered. */
export const findWorkPool = (env: Env, tenant: Tenant, name: string): WorkPool | Promise<WorkPool | null> =>
  poolsByName.get(keyOf(tenant, name), () => readPool(env, tenant, "name", name));

/** The same, as it is now. */
export async function workPoolNow(env: Env, tenant: Tenant, name: string): Promise<WorkPool> {
  return (await readPool(env, tenant, "name", name)) ?? notFound("work pool", name);
}

/** The id of a pool, for those who ask its object next; it may have been deleted. */
export const findPoolId = (env: Env, tenant: Tenant, name: string): string | Promise<string | null> =>
  idsByName.get(keyOf(tenant, name), async () => (await readPool(env, tenant, "name", name))?.id ?? null);

export async function readPool(env: Env, tenant: Tenant, by: "id" | "name", value: string): Promise<WorkPool | null> {
  const row = await shardOfTenant(env, tenant)
    .prepare(`SELECT ${POOL_COLUMNS} FROM work_pools p WHERE p.workspace_id = ?1 AND p.${by} = ?2`)
    .bind(tenant.workspace, value)
    .first<WorkPoolRow>();
  return row && poolOf(row);
}

export async function queuesOf(env: Env, tenant: Tenant, pool: string): Promise<WorkQueueRow[]> {
  const { results } = await shardOfTenant(env, tenant)
    .prepare(
      `SELECT ${QUEUE_COLUMNS} FROM work_queues q WHERE q.workspace_id = ?1 AND q.work_pool_id = ?2 ORDER BY q.priority, q.name`,
    )
    .bind(tenant.workspace, pool)
    .all<WorkQueueRow>();
  return results;
}

/** A queue of the tenant. */
export async function queueById(env: Env, tenant: Tenant, id: string): Promise<WorkQueueRow> {
  const row = await shardOfTenant(env, tenant)
    .prepare(`SELECT ${QUEUE_COLUMNS} FROM work_queues q WHERE q.workspace_id = ?1 AND q.id = ?2`)
    .bind(tenant.workspace, id)
    .first<WorkQueueRow>();
  return row ?? notFound("work queue", id);
}

export function forgetPool(tenant: Tenant, name: string): void {
  poolsByName.forget(keyOf(tenant, name));
  idsByName.forget(keyOf(tenant, name));
}

/** Tells the object of a pool what the shard says of it. */
export async function tellPool(env: Env, tenant: Tenant, id: string): Promise<void> {
  const pool = await readPool(env, tenant, "id", id);
  if (!pool) return;
  const queues = await queuesOf(env, tenant, id);
  forgetPool(tenant, pool.name);
  const { revision, ...snapshot } = pool;
  await workPoolAt(env, tenant.workspace, id).configure(
    { workspace: tenant.workspace, shard: tenant.shard },
    {
      id,
      name: pool.name,
      type: pool.type,
      paused: pool.is_paused,
      limit: pool.concurrency_limit,
      queues: queues.map(queueOf),
      own: pool.default_queue_id,
      revision,
      snapshot: pack(snapshot as unknown as JsonObject),
    },
  );
}

/** How a pool stands, as its object says; one that works by older settings is told the newer ones. */
export async function standingOf(env: Env, tenant: Tenant, { id, revision }: WorkPool): Promise<Standing> {
  const object = workPoolAt(env, tenant.workspace, id);
  const standing = await object.standing(tenant);
  if (standing.revision >= revision) return standing;
  await tellPool(env, tenant, id);
  return object.standing(tenant);
}

/** A pool with what its object says of it. */
export async function withStanding(env: Env, tenant: Tenant, pool: WorkPool): Promise<WireWorkPool> {
  const { status, taken } = await standingOf(env, tenant, pool);
  const { revision: _, ...shown } = pool;
  return {
    ...shown,
    status: pool.type === AGENT_TYPE ? null : status,
    active_slots: pool.concurrency_limit === null ? null : taken,
  };
}

/** Queues, each with what its pool's object says of it. */
export async function queuesToWire(env: Env, tenant: Tenant, rows: readonly WorkQueueRow[]): Promise<WireWorkQueue[]> {
  const pools = [...new Set(rows.map((row) => row.work_pool_id))];
  const standings = new Map(
    await Promise.all(
      pools.map(async (id) => {
        const standing = await workPoolAt(env, tenant.workspace, id).standing(tenant);
        return [id, new Map(standing.queues.map((queue) => [queue.id, queue]))] as const;
      }),
    ),
  );
  return rows.map((row) => queueToWire(row, standings.get(row.work_pool_id)?.get(row.id)));
}

const queueOf = (row: WorkQueueRow): Queue => ({
  id: row.id,
  name: row.name,
  priority: row.priority,
  paused: row.is_paused === 1,
  limit: row.concurrency_limit,
});

export const named = ({ id, name, type }: WorkPool): PoolNamed => ({ id, name, type });

/** Tells the workspace that something happened. */
export async function announce(env: Env, { workspace, shard }: Tenant, events: readonly JsonObject[]): Promise<void> {
  if (events.length === 0) return;
  const received = formatInstant(fromMilliseconds(Date.now()));
  const wire = events.map((event) => ({ ...event, received }) as unknown as WireEvent);
  await eventHubAt(env, workspace).announce({ workspace, shard }, pack([{ events: wire }]), false);
}

/** The moment of an event that is told now. */
export const moment = (): { id: string; at: ReturnType<typeof fromMilliseconds> } => ({
  id: uuidv7(),
  at: fromMilliseconds(Date.now()),
});

const NO_STORAGE: StorageConfiguration = {
  bundle_upload_step: null,
  bundle_execution_step: null,
  default_result_storage_block_id: null,
};

export const poolOf = (row: WorkPoolRow): WorkPool => ({
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
  storage_configuration: row.storage_configuration
    ? (JSON.parse(row.storage_configuration) as StorageConfiguration)
    : NO_STORAGE,
  revision: row.revision,
});

const queueToWire = (row: WorkQueueRow, standing: Standing["queues"][number] | undefined): WireWorkQueue => ({
  id: row.id,
  created: formatInstant(instant(row.created)),
  updated: formatInstant(instant(row.updated)),
  name: row.name,
  description: row.description,
  is_paused: row.is_paused === 1,
  concurrency_limit: row.concurrency_limit,
  priority: row.priority,
  work_pool_id: row.work_pool_id,
  filter: row.filter === null ? null : (JSON.parse(row.filter) as JsonObject),
  last_polled: standing?.polled ? formatInstant(standing.polled) : null,
  work_pool_name: row.pool_name,
  status: standing?.status ?? (row.is_paused === 1 ? "PAUSED" : "NOT_READY"),
  active_slots: row.concurrency_limit === null ? null : (standing?.taken ?? 0),
});
