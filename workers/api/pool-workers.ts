import type { WorkerFilterInput } from "@millrace/contract/filters.ts";
import { type WireWorker, workPools } from "@millrace/contract/work-pools.ts";
import type { JsonObject } from "@millrace/domain/json.ts";
import { formatInstant } from "@millrace/domain/time.ts";
import { workPoolAt } from "../../durable-objects/addresses.ts";
import type { Worker } from "../../durable-objects/work-pool/rpc.ts";
import type { Tenant } from "../auth/credential.ts";
import type { Env } from "../env.ts";
import { pagesOf } from "./pages.ts";
import { findPoolId, forgetPool, tellPool, workPoolNow } from "./pools.ts";
import { notFound } from "./refusal.ts";
import { type App, serve } from "./serve.ts";

/** Prefect's workers, as their pool's object knows them. */
export function servePoolWorkers(app: App): void {
  serve(app, workPools.heartbeat, async ({ env, tenant, params, body, request }) => {
    const beat = {
      name: body.name,
      interval: body.heartbeat_interval_seconds,
      version: /^prefect\/(\S+)/.exec(request.headers.get("user-agent") ?? "")?.[1] ?? null,
      metadata: body.metadata as JsonObject | null,
    };
    const id = await heartbeat(env, tenant, params.work_pool_name, beat);
    // As text without quotes: so Prefect's client reads it.
    if (body.return_id)
      return new Response(id, { headers: { "content-type": "text/plain", "cache-control": "no-store" } });
  });

  serve(app, workPools.filterWorkers, async ({ env, tenant, params, body }) => {
    const all = await workersOf(env, tenant, params.work_pool_name, body.workers);
    return all
      .sort(ORDERS.LAST_HEARTBEAT_DESC)
      .slice(body.offset, body.offset + body.limit)
      .map(workerToWire);
  });

  serve(app, workPools.paginateWorkers, async ({ env, tenant, params, body }) => {
    const all = await workersOf(env, tenant, params.work_pool_name, body.workers);
    const { limit, page, sort } = body;
    const results = all.sort(ORDERS[sort]).slice((page - 1) * limit, page * limit);
    return { results: results.map(workerToWire), ...pagesOf(all.length, limit, page) };
  });

  serve(app, workPools.readWorker, async ({ env, tenant, params }) => {
    const all = await workersOf(env, tenant, params.work_pool_name, null);
    const worker = all.find(({ id }) => id === params.worker_id);
    return worker ? workerToWire(worker) : notFound("worker", params.worker_id);
  });

  serve(app, workPools.removeWorker, async ({ env, tenant, params }) => {
    const pool = await workPoolNow(env, tenant, params.work_pool_name);
    const removed = await workPoolAt(env, tenant.workspace, pool.id).removeWorker(tenant, params.name);
    if (!removed) notFound("worker", params.name);
  });
}

type Beat = Parameters<ReturnType<typeof workPoolAt>["heartbeat"]>[1];

/** Tells the pool of a name that a worker lives; answers the worker's id. Reads no database while the pool is known. */
async function heartbeat(env: Env, tenant: Tenant, name: string, beat: Beat): Promise<string> {
  const known = (await findPoolId(env, tenant, name)) ?? notFound("work pool", name);
  const id = await workPoolAt(env, tenant.workspace, known).heartbeat(tenant, beat);
  if (id !== null) return id;
  // It was deleted, and perhaps made anew.
  forgetPool(tenant, name);
  const now = (await findPoolId(env, tenant, name)) ?? notFound("work pool", name);
  await tellPool(env, tenant, now);
  return (await workPoolAt(env, tenant.workspace, now).heartbeat(tenant, beat)) ?? notFound("work pool", name);
}

interface PoolWorker extends Worker {
  pool: string;
}

async function workersOf(
  env: Env,
  tenant: Tenant,
  name: string,
  filter: WorkerFilterInput | null,
): Promise<PoolWorker[]> {
  const pool = await workPoolNow(env, tenant, name);
  const workers = await workPoolAt(env, tenant.workspace, pool.id).workers(tenant);
  return workers.filter((worker) => matches(worker, filter)).map((worker) => ({ ...worker, pool: pool.id }));
}

/** There are few workers in a pool, and its object knows them all: no index is asked. */
function matches({ name, heard, status }: Worker, filter: WorkerFilterInput | null): boolean {
  if (!filter) return true;
  const parts = [
    filter.name?.any_?.includes(name),
    filter.name?.not_any_ && !filter.name.not_any_.includes(name),
    filter.name?.like_ && name.toLowerCase().includes(filter.name.like_.toLowerCase()),
    filter.status?.any_?.includes(status),
    filter.status?.not_any_ && !filter.status.not_any_.includes(status),
    filter.last_heartbeat_time?.before_ && heard <= filter.last_heartbeat_time.before_,
    filter.last_heartbeat_time?.after_ && heard >= filter.last_heartbeat_time.after_,
  ].filter((part) => typeof part === "boolean");
  return filter.operator === "or_" && parts.length > 0 ? parts.some(Boolean) : parts.every(Boolean);
}

const by =
  (value: (worker: Worker) => string | number, sign: 1 | -1) =>
  (one: Worker, other: Worker): number => {
    const [a, b] = [value(one), value(other)];
    return sign * (a < b ? -1 : a > b ? 1 : 0) || (one.name < other.name ? -1 : 1);
  };

const ORDERS = {
  NAME_ASC: by(({ name }) => name, 1),
  NAME_DESC: by(({ name }) => name, -1),
  LAST_HEARTBEAT_ASC: by(({ heard }) => heard, 1),
  LAST_HEARTBEAT_DESC: by(({ heard }) => heard, -1),
  STATUS_ASC: by(({ status }) => status, 1),
  STATUS_DESC: by(({ status }) => status, -1),
  CLIENT_VERSION_ASC: by(({ version }) => version ?? "", 1),
  CLIENT_VERSION_DESC: by(({ version }) => version ?? "", -1),
} as const;

const workerToWire = (worker: PoolWorker): WireWorker => ({
  id: worker.id,
  created: formatInstant(worker.created),
  updated: formatInstant(worker.updated),
  name: worker.name,
  work_pool_id: worker.pool,
  last_heartbeat_time: formatInstant(worker.heard),
  heartbeat_interval_seconds: worker.interval,
  status: worker.status,
});
