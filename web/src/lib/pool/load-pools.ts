/** What the pages of work pools need. */
import type { WireAgent, WireWorkPool } from "@millrace/contract/work-pools.ts";
import { type Client, type Part, part } from "../api.ts";
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
  status: pool.status,
  limit: pool.concurrency_limit,
  active: pool.active_slots,
});

export interface PoolList {
  query: ListQuery;
  rows: PoolRow[];
}

export async function loadPools(api: Client, query: ListQuery): Promise<PoolList> {
  const work_pools = query.q ? { name: { any_: [query.q] } } : null;
  return { query, rows: (await api("POST /work_pools/filter", { body: { work_pools, ...cut(query) } })).map(poolRow) };
}

export interface AgentRow {
  id: string;
  name: string;
  version: string;
  status: string;
  slots: number;
  running: number;
  seen: number;
}

const agentRow = (agent: WireAgent): AgentRow => ({
  id: agent.id,
  name: agent.name,
  version: agent.version,
  status: agent.status,
  slots: agent.slots,
  running: agent.running,
  seen: milliseconds(agent.last_seen) ?? 0,
});

export interface PoolPageData {
  pool: PoolRow;
  agents: Part<AgentRow[]>;
  deployments: Part<DeploymentRow[]>;
  flows: Names;
  /** Runs that are due and have no agent yet. */
  waiting: Part<number>;
}

export async function loadPool(api: Client, name: string, now: number): Promise<PoolPageData> {
  const pool = await api("GET /work_pools/{name}", { params: { name } });
  const work_pools = { name: { any_: [pool.name] } };
  const due = {
    state: { type: { any_: ["SCHEDULED" as const] } },
    expected_start_time: { before_: new Date(now).toISOString() },
  };
  const [agents, deployments, waiting] = await Promise.all([
    part(api("GET /work_pools/{name}/agents", { params: { name } }).then((all) => all.map(agentRow))),
    part(api("POST /deployments/filter", { body: { work_pools, limit: 200 } }).then((all) => all.map(deploymentRow))),
    part(api("POST /flow_runs/count", { body: { work_pools, flow_runs: due } })),
  ]);
  const flows = await namesOfFlows(api, "value" in deployments ? deployments.value.map(({ flowId }) => flowId) : []);
  return { pool: poolRow(pool), agents, deployments, flows, waiting };
}
