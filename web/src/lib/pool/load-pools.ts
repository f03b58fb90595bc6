/** What the pages of work pools need. */
import type { WireAgent, WireDispatch, WireWorker, WireWorkPool } from "@millrace/contract/work-pools.ts";
import type { WireWorkQueue } from "@millrace/contract/work-queues.ts";
import { type Client, type Part, part, valueIn } from "../api.ts";
import { type DeploymentRow, deploymentRow } from "../deployment/deployment-row.ts";
import { cut, type ListQuery } from "../list/list-query.ts";
import { type Names, namesOfFlows } from "../run/load-runs.ts";
import { milliseconds } from "../time/tell.ts";

/** What a load of pools depends on. */
export const POOLS_LOADED = "millrace:pools";
/** Events after which a pool may stand otherwise. */
export const POOL_EVENTS = ["prefect.work-pool.", "prefect.work-queue.", "prefect.worker.", "prefect.flow-run."];

export interface PoolRow {
  id: string;
  name: string;
  type: string;
  description: string | null;
  status: string;
  paused: boolean;
  /** Runs at once; null: as many as there are slots. */
  limit: number | null;
  /** Runs that have a slot now. */
  active: number | null;
}

const poolRow = (pool: WireWorkPool): PoolRow => ({
  id: pool.id,
  name: pool.name,
  type: pool.type,
  description: pool.description,
  status: pool.status ?? "NOT_READY",
  paused: pool.is_paused,
  limit: pool.concurrency_limit,
  active: pool.active_slots,
});

/** «3: 2 no agent has a free slot, 1 next in turn». */
export function tellWaiting({ count, reasons }: Waiting): string {
  const [first, ...others] = reasons;
  if (!first) return count.toLocaleString("en");
  const why = others.length === 0 ? first[0] : reasons.map(([reason, of]) => `${of} ${reason}`).join(", ");
  return `${count.toLocaleString("en")}: ${why}`;
}

export interface PoolList {
  query: ListQuery;
  rows: PoolRow[];
}

export async function loadPools(api: Client, query: ListQuery): Promise<PoolList> {
  const work_pools = query.q ? { name: { any_: [query.q] } } : null;
  return { query, rows: (await api("POST /work_pools/filter", { body: { work_pools, ...cut(query) } })).map(poolRow) };
}

/** Whoever takes runs of a pool: an agent of ours, or a worker of Prefect's. */
export interface AgentRow {
  id: string;
  name: string;
  /** An agent of ours is there while it is connected; a worker of Prefect's can be forgotten by hand. */
  kind: "agent" | "worker";
  /** What it is, in words. */
  what: string;
  status: string;
  /** How busy it is; null: it does not say. */
  slots: { busy: number; all: number } | null;
  seen: number | null;
}

const agentRow = (agent: WireAgent): AgentRow => ({
  id: agent.id,
  name: agent.name,
  kind: "agent",
  what: `agent ${agent.version}`,
  status: agent.status,
  slots: { busy: agent.running, all: agent.slots },
  seen: milliseconds(agent.last_seen),
});

const workerRow = (worker: WireWorker): AgentRow => ({
  id: worker.id,
  name: worker.name,
  kind: "worker",
  what: "Prefect worker",
  status: worker.status,
  slots: null,
  seen: milliseconds(worker.last_heartbeat_time),
});

export interface QueueRow {
  id: string;
  name: string;
  description: string | null;
  priority: number;
  limit: number | null;
  active: number;
  status: string;
}

const queueRow = (queue: WireWorkQueue): QueueRow => ({
  id: queue.id,
  name: queue.name,
  description: queue.description || null,
  priority: queue.priority,
  limit: queue.concurrency_limit,
  active: queue.active_slots ?? 0,
  status: queue.is_paused ? "PAUSED" : (queue.status ?? "NOT_READY"),
});

/** Why runs wait, for people, and what the pool calls it. */
type Reason = WireDispatch["waiting"][number]["reason"];
const REASONS: Record<Reason, string> = {
  next: "next in turn",
  no_free_agent: "no agent has a free slot",
  not_due: "not due yet",
  pool_paused: "the pool is paused",
  queue_paused: "their queue is paused",
  pool_limit: "the pool's limit is reached",
  queue_limit: "their queue's limit is reached",
};

export const wordsOf = (reason: Reason): string => REASONS[reason];

/** A run that nobody has taken yet. */
export interface WaitingRun {
  id: string;
  /** From 1; null: it is not its turn at all. */
  place: number | null;
  reason: Reason;
  queue: string | null;
  priority: number;
  due: number;
}

export interface Waiting {
  count: number;
  /** How many wait for which reason, most first. */
  reasons: [reason: string, count: number][];
}

export function waitingOf({ count, waiting }: Pick<WireDispatch, "count" | "waiting">): Waiting {
  const reasons = new Map<string, number>();
  for (const { reason } of waiting) reasons.set(REASONS[reason], (reasons.get(REASONS[reason]) ?? 0) + 1);
  return { count, reasons: [...reasons].sort(([, a], [, b]) => b - a) };
}

export interface PoolPageData {
  pool: PoolRow;
  agents: Part<AgentRow[]>;
  deployments: Part<DeploymentRow[]>;
  flows: Names;
  queues: Part<QueueRow[]>;
  /** Runs that nobody has taken yet, and why. */
  waiting: Part<Waiting>;
  /** The first of them, in the order in which they will be given out. */
  first: WaitingRun[];
  /** Their names, as far as they could be had. */
  names: Names;
}

/** Waiting runs that a page shows. */
const MOST_WAITING = 50;

const waitingRun = (run: WireDispatch["waiting"][number]): WaitingRun => ({
  id: run.flow_run_id,
  place: run.place,
  reason: run.reason,
  queue: run.work_queue_id,
  priority: run.priority,
  due: milliseconds(run.due) ?? 0,
});

async function namesOfRuns(api: Client, ids: readonly string[]): Promise<Names> {
  if (ids.length === 0) return {};
  const body = { flow_runs: { id: { any_: [...ids] } }, limit: MOST_WAITING };
  const found = await part(api("POST /flow_runs/filter", { body }));
  return Object.fromEntries(valueIn(found, []).map(({ id, name }) => [id, name]));
}

export async function loadPool(api: Client, name: string): Promise<PoolPageData> {
  const pool = await api("GET /work_pools/{name}", { params: { name } });
  const work_pools = { name: { any_: [pool.name] } };
  const params = { work_pool_name: name };
  const [agents, queues, deployments, waiting] = await Promise.all([
    part(
      Promise.all([
        api("GET /work_pools/{name}/agents", { params: { name } }),
        api("POST /work_pools/{work_pool_name}/workers/filter", { params, body: {} }),
      ]).then(([ours, theirs]) => [...ours.map(agentRow), ...theirs.map(workerRow)]),
    ),
    part(api("POST /work_pools/{work_pool_name}/queues/filter", { params, body: {} }).then((all) => all.map(queueRow))),
    part(api("POST /deployments/filter", { body: { work_pools, limit: 200 } }).then((all) => all.map(deploymentRow))),
    part(api("GET /work_pools/{name}/dispatch", { params: { name } })),
  ]);
  const first = valueIn(waiting, { waiting: [] }).waiting.slice(0, MOST_WAITING).map(waitingRun);
  const [flows, names] = await Promise.all([
    namesOfFlows(
      api,
      valueIn(deployments, []).map(({ flowId }) => flowId),
    ),
    namesOfRuns(
      api,
      first.map(({ id }) => id),
    ),
  ]);
  const told = "value" in waiting ? { value: waitingOf(waiting.value) } : waiting;
  return { pool: poolRow(pool), agents, queues, deployments, flows, waiting: told, first, names };
}
