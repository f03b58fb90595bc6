/**
 * Lists and counts of flow runs, out of the index.
 *
 * AP6  A list shows every run whose beginning or end was answered before it was asked for: what waits in the hub is stored first. A
 *      filter that names a few ids is answered by the runs themselves, and so are live runs of a page that has few of them. What else
 *      a list says of a live run may be two seconds old.
 */
import type { RunFiltersInput } from "@millrace/contract/filters.ts";
import { flowRunToWire } from "@millrace/contract/flow-runs.ts";
import { matchesFlowRun } from "@millrace/domain/filter/flow-runs.ts";
import { type FlowRunSort, flowRunOrder } from "@millrace/domain/filter/order.ts";
import { restoredRun, type StoredRun } from "@millrace/domain/flow-run/stored.ts";
import { isTerminal, type StateType } from "@millrace/domain/state.ts";
import { fromMilliseconds, type Instant } from "@millrace/domain/time.ts";
import { eventHubAt, flowRunAt } from "../../durable-objects/addresses.ts";
import { PLANNED_VERSION } from "../../durable-objects/deployment/rpc.ts";
import type { Record } from "../../durable-objects/flow-run/rpc.ts";
import type { Tenant } from "../auth/credential.ts";
import type { Env } from "../env.ts";
import { JsonText } from "./refusal.ts";
import { runAt } from "./run-at.ts";
import { isRunId } from "./run-ids.ts";
import { count, select, shardOfTenant } from "./shard.ts";
import { type Asked, aroundFlowRun } from "./sql-filter.ts";
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
  filters: Asked<RunFiltersInput>,
  { sort, limit, offset }: Page,
): Promise<JsonText> {
  const named = namedRuns(filters);
  if (named) return new JsonText(await fromObjects(env, tenant, filters, named, { sort, limit, offset }));
  await eventHubAt(env, tenant.workspace).settle();
  const rows = await select<Row>(env, tenant, {
    columns: "r.id, r.state_type, r.version, r.body",
    table: "flow_runs",
    alias: "r",
    where: aroundFlowRun(filters),
    order: FLOW_RUN_ORDERS[sort],
    limit,
    offset,
  });
  const now = fromMilliseconds(Date.now());
  const fresh = rows.filter(hasObject).length <= FEW;
  const bodies = await Promise.all(
    rows.map((row) =>
      fresh && hasObject(row) ? currentBody(env, tenant, row, filters, now) : bodyOf(env, tenant, row, now),
    ),
  );
  return new JsonText(`[${bodies.filter((body) => body !== null).join(",")}]`);
}

/** How many runs a filter means. */
export async function countFlowRuns(env: Env, tenant: Tenant, filters: Asked<RunFiltersInput>): Promise<number> {
  const named = namedRuns(filters);
  if (named) return (await readFew(env, tenant, filters, named)).length;
  await eventHubAt(env, tenant.workspace).settle();
  return count(env, tenant, { table: "flow_runs", alias: "r", where: aroundFlowRun(filters) });
}

interface Row {
  version: number;
  id: string;
  state_type: StateType | null;
  body: string;
}

/** Whether a run's object may know more of it than its row. A run that is only planned has none yet. */
const hasObject = ({ state_type, version }: Row): boolean =>
  version !== PLANNED_VERSION && (state_type === null || !isTerminal(state_type));

/** The run itself, where the filter still means it; null where it changed meanwhile. */
async function currentBody(
  env: Env,
  tenant: Tenant,
  { id }: Row,
  filters: Asked<RunFiltersInput>,
  now: Instant,
): Promise<string | null> {
  const record = await flowRunAt(env, tenant.workspace, id).record(tenant);
  const meant = record && matchesFlowRun(filters.flow_runs ?? {}, record.run, record);
  return meant ? JSON.stringify(flowRunToWire(record.run, now)) : null;
}

/** A row's run as the wire shows it now; one that is too large for the index is read from its object. */
async function bodyOf(env: Env, tenant: Tenant, { id, body }: Row, now: Instant): Promise<string | null> {
  if (body === "") return runAt(env, tenant, id).read(tenant);
  return JSON.stringify(flowRunToWire(restoredRun(JSON.parse(body) as StoredRun), now));
}

/** The ids of a filter that names a few runs and asks nothing about what surrounds them. */
function namedRuns({
  flows,
  flow_runs,
  task_runs,
  deployments,
  work_pools,
  work_pool_queues,
}: Asked<RunFiltersInput>): readonly string[] | null {
  if (flows || task_runs || deployments || work_pools || work_pool_queues || flow_runs?.operator !== "and_")
    return null;
  const ids = flow_runs.id?.any_;
  return ids && ids.length <= FEW ? [...new Set(ids)] : null;
}

async function readFew(
  env: Env,
  tenant: Tenant,
  filters: Asked<RunFiltersInput>,
  ids: readonly string[],
): Promise<Record[]> {
  const ours = ids.filter((id) => isRunId(id, env.KEY_PEPPER, tenant.workspace));
  const records = await Promise.all(ours.map((id) => flowRunAt(env, tenant.workspace, id).record(tenant)));
  const missing = ours.filter((_, at) => records[at] === null);
  if (missing.length > 0) records.push(...(await readPlanned(env, tenant, missing)));
  return records.filter(
    (record) => record !== null && matchesFlowRun(filters.flow_runs ?? {}, record.run, record),
  ) as Record[];
}

/** Runs that are only planned: what the index says of them is all there is. */
async function readPlanned(env: Env, tenant: Tenant, ids: readonly string[]): Promise<Record[]> {
  const { results } = await shardOfTenant(env, tenant)
    .prepare(
      `SELECT body FROM flow_runs WHERE workspace_id = ?1 AND version = ${PLANNED_VERSION} AND id IN (SELECT value FROM json_each(?2))`,
    )
    .bind(tenant.workspace, JSON.stringify(ids))
    .all<{ body: string }>();
  return results.flatMap(({ body }) =>
    body === "" ? [] : [{ run: restoredRun(JSON.parse(body) as StoredRun), parentFlowRunId: null }],
  );
}

async function fromObjects(
  env: Env,
  tenant: Tenant,
  filters: Asked<RunFiltersInput>,
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
