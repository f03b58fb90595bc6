/**
 * What workers ask for: runs that they may take.
 *
 * AP71 A poll is answered by the pool's object, and reads no database unless it asks for more than the next seconds, or finds runs.
 *      It promises nothing: a worker takes a run by PENDING, and of many one gets it.
 */
import { FlowRunFilter } from "@millrace/contract/filters.ts";
import type { WireFlowRun } from "@millrace/contract/flow-runs.ts";
import { type WireScheduledRun, workPools } from "@millrace/contract/work-pools.ts";
import { workQueues } from "@millrace/contract/work-queues.ts";
import { wishesOf } from "@millrace/domain/dispatch/wishes.ts";
import { restoredRun, type StoredRun } from "@millrace/domain/flow-run/stored.ts";
import type { StateType } from "@millrace/domain/state.ts";
import { fromMilliseconds, plusSeconds } from "@millrace/domain/time.ts";
import { eventHubAt, workPoolAt } from "../../durable-objects/addresses.ts";
import type { Offer, Poll, PollAnswer } from "../../durable-objects/work-pool/rpc.ts";
import type { Tenant } from "../auth/credential.ts";
import type { Env } from "../env.ts";
import { listFlowRuns } from "./flow-run-lists.ts";
import { madeLately } from "./lately.ts";
import { findPoolId, forgetPool, queueById, tellPool } from "./pools.ts";
import { notFound } from "./refusal.ts";
import { type App, serve } from "./serve.ts";
import { select } from "./shard.ts";

/** Seconds ahead of which a pool's object knows its runs. */
const KNOWN_AHEAD = 15;
/** Runs due later that one poll looks through. */
const MOST_LATER = 500;

/** How often a poll is made anew because what it found has begun meanwhile. */
const MOST_TRIES = 3;

type Wish = Omit<Poll, "more" | "before" | "except"> & { before: number | null };

/** The polls of workers. */
export function serveScheduledRuns(app: App): void {
  serve(app, workPools.scheduledRuns, async ({ env, tenant, params, body }) => {
    const { work_queue_names: names, scheduled_before: before, scheduled_after: after, limit } = body;
    const wish = { queues: names && names.length > 0 ? names : null, before, after, limit };
    return waiting(
      env,
      tenant,
      (except) => pollByName(env, tenant, params.name, wish, except),
      ({ pool, queue, run }) => {
        const { work_pool_id: _, work_pool_name: __, ...flow_run } = run;
        return { work_pool_id: pool, work_queue_id: queue, flow_run } satisfies WireScheduledRun;
      },
    );
  });

  serve(app, workQueues.runs, async ({ env, tenant, params, body, request }) => {
    const queue = await queueById(env, tenant, params.id);
    // Prefect's own pages look at queues by this call, and are no workers.
    const silent = request.headers.get("x-prefect-ui")?.toLowerCase() === "true";
    const wish = { queues: [queue.name], before: body.scheduled_before, after: null, limit: body.limit, silent };
    const ask = async (except: string[]) => {
      const answer = await poll(env, tenant, queue.work_pool_id, wish, except);
      return { pool: queue.work_pool_id, found: answer.kind === "runs" ? answer.runs : [] };
    };
    return waiting(env, tenant, ask, ({ run }) => run);
  });
}

interface Found {
  pool: string;
  found: { run: string; queue: string }[];
}

/** What a poll finds, without what has begun meanwhile: its room is another run's, which is asked for then. */
async function waiting<T>(
  env: Env,
  tenant: Tenant,
  ask: (except: string[]) => Promise<Found>,
  shown: (one: { pool: string; queue: string; run: WireFlowRun }) => T,
): Promise<T[]> {
  const except: string[] = [];
  for (let tries = 1; ; tries++) {
    const { pool, found } = await ask(except);
    const queueOf = new Map(found.map(({ run, queue }) => [run, queue]));
    const runs = await runsByIds(env, tenant, [...queueOf.keys()], ["SCHEDULED"]);
    if (runs.length === found.length || tries === MOST_TRIES)
      return runs.map((run) => shown({ pool, queue: queueOf.get(run.id) ?? "", run }));
    const there = new Set(runs.map(({ id }) => id));
    except.push(...[...queueOf.keys()].filter((id) => !there.has(id)));
  }
}

/** Runs by their ids, in that order; those of other types than `types` are left out. */
export async function runsByIds(
  env: Env,
  tenant: Tenant,
  ids: readonly string[],
  types: StateType[] | null = null,
): Promise<WireFlowRun[]> {
  if (ids.length === 0) return [];
  const state = types && { type: { any_: types } };
  const filter = FlowRunFilter.parse({ id: { any_: ids }, ...(state && { state }) });
  const filters = { ...NOTHING_ELSE, flow_runs: filter };
  const { text } = await listFlowRuns(env, tenant, filters, { sort: "ID_DESC", limit: ids.length, offset: 0 });
  const runs = new Map((JSON.parse(text) as WireFlowRun[]).map((run) => [run.id, run]));
  return ids.flatMap((id) => runs.get(id) ?? []);
}

const NOTHING_ELSE = { flows: null, task_runs: null, deployments: null, work_pools: null, work_pool_queues: null };

/** Polls the pool of a name; one whose id is remembered may have been deleted, and made anew. */
async function pollByName(env: Env, tenant: Tenant, name: string, wish: Wish, except: string[]): Promise<Found> {
  for (let tries = 0; ; tries++) {
    const pool = (await findPoolId(env, tenant, name)) ?? notFound("work pool", name);
    const answer = await poll(env, tenant, pool, wish, except);
    if (answer.kind === "runs") return { pool, found: answer.runs };
    if (tries > 0) return answer.kind === "gone" ? { pool, found: [] } : notFound("work queue", answer.name);
    forgetPool(tenant, name);
    const now = (await findPoolId(env, tenant, name)) ?? notFound("work pool", name);
    await tellPool(env, tenant, now);
  }
}

async function poll(
  env: Env,
  tenant: Tenant,
  pool: string,
  { before, ...wish }: Wish,
  except: string[],
): Promise<PollAnswer> {
  const ahead = plusSeconds(fromMilliseconds(Date.now()), KNOWN_AHEAD);
  const later = before === null || before > ahead ? await dueLater(env, tenant, pool, ahead, before) : [];
  const more = [...madeLately(pool), ...later];
  const until = before ?? Number.MAX_SAFE_INTEGER;
  return workPoolAt(env, tenant.workspace, pool).poll(tenant, { ...wish, before: until, more, except });
}

interface Row {
  id: string;
  work_queue_id: string | null;
  due: number;
  body: string;
}

/** Runs that are due after what the pool's object knows, out of the index. */
async function dueLater(
  env: Env,
  tenant: Tenant,
  pool: string,
  after: number,
  before: number | null,
): Promise<Offer[]> {
  await eventHubAt(env, tenant.workspace).settle();
  const rows = await select<Row>(env, tenant, {
    columns: "r.id, r.work_queue_id, r.next_scheduled_start_time AS due, r.body",
    table: "flow_runs",
    alias: "r",
    where: {
      sql: "r.work_pool_id = ? AND r.state_type = 'SCHEDULED' AND r.expected_start_time > ? AND r.next_scheduled_start_time <= ?",
      values: [pool, after, before ?? Number.MAX_SAFE_INTEGER],
    },
    order: "r.expected_start_time ASC",
    limit: MOST_LATER,
    offset: 0,
  });
  return rows.map(({ id, work_queue_id: queue, due, body }) => {
    const { jobVariables } = body === "" ? { jobVariables: null } : restoredRun(JSON.parse(body) as StoredRun);
    const { priority, key, weight } = wishesOf(jobVariables);
    return { run: id, queue, due, priority, ...(key !== "" && { key, weight }) };
  });
}
