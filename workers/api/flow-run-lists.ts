/**
 * Lists and counts of flow runs, out of the index.
 *
 * AP6  A list shows every change that was answered before it was asked for: what waits in the hub is stored first, and a filter
 *      that names a few ids is answered by the runs themselves.
 */
import type { RunFiltersInput } from "@millrace/contract/filters.ts";
import { flowRunToWire } from "@millrace/contract/flow-runs.ts";
import { matchesFlowRun } from "@millrace/domain/filter/flow-runs.ts";
import { type FlowRunSort, flowRunOrder } from "@millrace/domain/filter/order.ts";
import { fromMilliseconds } from "@millrace/domain/time.ts";
import { eventHubAt, flowRunAt } from "../../durable-objects/addresses.ts";
import type { Record } from "../../durable-objects/flow-run/rpc.ts";
import type { Tenant } from "../auth/credential.ts";
import type { Env } from "../env.ts";
import { JsonText } from "./refusal.ts";
import { isRunId } from "./run-ids.ts";
import { count, select } from "./shard.ts";
import { aroundFlowRun } from "./sql-filter.ts";
import { FLOW_RUN_ORDERS } from "./sql-order.ts";

/** A filter that names at most this many runs is answered by their objects. */
const FEW = 20;

export interface Page {
  sort: FlowRunSort;
  limit: number;
  offset: number;
}

/** Runs as a JSON list. */
export async function listFlowRuns(
  env: Env,
  tenant: Tenant,
  filters: RunFiltersInput,
  { sort, limit, offset }: Page,
): Promise<JsonText> {
  const named = namedRuns(filters);
  if (named) return new JsonText(await fromObjects(env, tenant, filters, named, { sort, limit, offset }));
  await eventHubAt(env, tenant.workspace).settle();
  const rows = await select<{ id: string; body: string; state_type: string | null }>(env, tenant, {
    columns: "r.id, r.body, r.state_type",
    table: "flow_runs",
    alias: "r",
    where: aroundFlowRun(filters),
    order: FLOW_RUN_ORDERS[sort],
    limit,
    offset,
  });
  const bodies = await Promise.all(rows.map((row) => bodyOf(env, tenant, row)));
  return new JsonText(`[${bodies.filter((body) => body !== null).join(",")}]`);
}

/** How many runs a filter means. */
export async function countFlowRuns(env: Env, tenant: Tenant, filters: RunFiltersInput): Promise<number> {
  const named = namedRuns(filters);
  if (named) return (await readFew(env, tenant, filters, named)).length;
  await eventHubAt(env, tenant.workspace).settle();
  return count(env, tenant, { table: "flow_runs", alias: "r", where: aroundFlowRun(filters) });
}

/** Terminal runs are shown as they were stored; estimates of others are made now, and large runs are read from their objects. */
async function bodyOf(
  env: Env,
  tenant: Tenant,
  { id, body, state_type }: { id: string; body: string; state_type: string | null },
): Promise<string | null> {
  if (body === "") return flowRunAt(env, tenant.workspace, id).read(tenant);
  if (state_type !== "RUNNING" && state_type !== "SCHEDULED" && state_type !== "PENDING") return body;
  const run = JSON.parse(body) as ReturnType<typeof flowRunToWire>;
  const now = Date.now();
  if (state_type === "RUNNING" && run.state) {
    run.estimated_run_time = rounded(run.total_run_time + (now - Date.parse(run.state.timestamp)) / 1000);
  } else if (run.start_time === null && run.expected_start_time !== null) {
    run.estimated_start_time_delta = rounded(Math.max(0, (now - Date.parse(run.expected_start_time)) / 1000));
  }
  return JSON.stringify(run);
}

const rounded = (seconds: number): number => Math.round(seconds * 1e6) / 1e6;

/** The ids of a filter that names a few runs and asks nothing about what surrounds them. */
function namedRuns({
  flows,
  flow_runs,
  task_runs,
  deployments,
  work_pools,
  work_pool_queues,
}: RunFiltersInput): readonly string[] | null {
  if (flows || task_runs || deployments || work_pools || work_pool_queues || flow_runs?.operator !== "and_")
    return null;
  const ids = flow_runs.id?.any_;
  return ids && ids.length <= FEW ? [...new Set(ids)] : null;
}

async function readFew(env: Env, tenant: Tenant, filters: RunFiltersInput, ids: readonly string[]): Promise<Record[]> {
  const ours = ids.filter((id) => isRunId(id, env.KEY_PEPPER, tenant.workspace));
  const records = await Promise.all(ours.map((id) => flowRunAt(env, tenant.workspace, id).record(tenant)));
  return records.filter(
    (record) => record !== null && matchesFlowRun(filters.flow_runs ?? {}, record.run, record),
  ) as Record[];
}

async function fromObjects(
  env: Env,
  tenant: Tenant,
  filters: RunFiltersInput,
  ids: readonly string[],
  { sort, limit, offset }: Page,
): Promise<string> {
  const records = await readFew(env, tenant, filters, ids);
  const order = flowRunOrder(sort);
  const now = fromMilliseconds(Date.now());
  return JSON.stringify(
    records
      .map(({ run }) => run)
      .sort(order)
      .slice(offset, offset + limit)
      .map((run) => flowRunToWire(run, now)),
  );
}
