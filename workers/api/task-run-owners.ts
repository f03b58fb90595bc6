/** Which object owns a task run: that of its flow run, or that of the workspace's background tasks. */
import type { RunFiltersInput } from "@millrace/contract/filters.ts";
import { backgroundTasksAt, eventHubAt, flowRunAt, type Remote } from "../../durable-objects/addresses.ts";
import type { Reporter } from "../../durable-objects/flow-run/rpc.ts";
import type { TaskRunsRpc } from "../../durable-objects/kit/task-runs-rpc.ts";
import type { Tenant } from "../auth/credential.ts";
import type { Env } from "../env.ts";
import { isRunId } from "./run-ids.ts";
import { shardOfTenant } from "./shard.ts";
import { anyOf, aroundFlowRun, combine } from "./sql-filter.ts";

export type TaskRunOwner = Remote<TaskRunsRpc<Reporter>>;

/** Rows of the index that are looked through, the newest. */
const MOST_ROWS = 20_000;
/** Live runs that are asked one by one whether a task run is theirs; a request may ask 1,000 objects. */
const MOST_ASKED = 500;

/** The object that has a task run; null where none is known to. */
export async function ownerOf(env: Env, tenant: Tenant, taskRun: string): Promise<TaskRunOwner | null> {
  const remembered = await eventHubAt(env, tenant.workspace).locate(taskRun);
  if (remembered) return flowRunAt(env, tenant.workspace, remembered);
  const background = backgroundTasksAt(env, tenant.workspace);
  if ((await background.known(tenant, [taskRun])).length > 0) return background;
  const flowRun = await flowRunInIndex(env, tenant, taskRun);
  return flowRun ? flowRunAt(env, tenant.workspace, flowRun) : null;
}

/** The flow run of a task run; null where it has none, or nobody knows it. */
export async function flowRunOf(env: Env, tenant: Tenant, taskRun: string): Promise<string | null> {
  const remembered = await eventHubAt(env, tenant.workspace).locate(taskRun);
  return remembered ?? flowRunInIndex(env, tenant, taskRun);
}

/**
 * The index knows the task runs of rows told since they were made; what it does not know can only be one that is new while the hub
 * forgot, so the newest live runs are asked.
 */
async function flowRunInIndex(env: Env, tenant: Tenant, taskRun: string): Promise<string | null> {
  const shard = shardOfTenant(env, tenant);
  const [known, live] = await shard.batch<{ id: string }>([
    shard
      .prepare(
        `SELECT id FROM (SELECT id, task_run_ids FROM flow_runs WHERE workspace_id = ?1 ORDER BY id DESC LIMIT ?3)
         WHERE instr(task_run_ids, ?2) > 0 LIMIT 1`,
      )
      .bind(tenant.workspace, taskRun, MOST_ROWS),
    shard
      .prepare(
        `SELECT id FROM flow_runs WHERE workspace_id = ?1
         AND state_type IN ('SCHEDULED','PENDING','RUNNING','PAUSED','CANCELLING') ORDER BY id DESC LIMIT ?2`,
      )
      .bind(tenant.workspace, MOST_ASKED),
  ]);
  const id = known?.results[0]?.id;
  if (id) return id;
  const asked = (live?.results ?? []).map(async (row) => ({
    ...row,
    taskRun: await flowRunAt(env, tenant.workspace, row.id).taskRun(tenant, taskRun),
  }));
  return (await Promise.all(asked)).find((one) => one.taskRun !== null)?.id ?? null;
}

/** Flow runs whose task runs one list looks through. */
const MOST_FLOW_RUNS = 500;
/** Microseconds by which the clocks of clients may differ, and task runs outlive their flow run. */
const SLACK = 3_600_000_000;

/** The ids that a filter names, where it asks for nothing else. */
function idsAlone({ operator, id, ...others }: NonNullable<RunFiltersInput["flow_runs"]>): readonly string[] | null {
  const alone = operator === "and_" && Object.values(others).every((asked) => asked === null) && !id?.not_any_;
  return alone ? (id?.any_ ?? null) : null;
}

/** Where the task runs are that a filter means. */
export interface Places {
  flowRuns: string[];
  background: boolean;
}

/** The objects among whose task runs those that a filter means are: see `placesToAsk`. */
export async function ownersToAsk(env: Env, tenant: Tenant, filters: RunFiltersInput): Promise<TaskRunOwner[]> {
  const { flowRuns, background } = await placesToAsk(env, tenant, filters);
  const owners: TaskRunOwner[] = flowRuns.map((id) => flowRunAt(env, tenant.workspace, id));
  return background ? [...owners, backgroundTasksAt(env, tenant.workspace)] : owners;
}

/**
 * The flow runs among whose task runs those that a filter means are: those that it names, otherwise those that it means and that
 * began last, and the background tasks unless it asks about flow runs.
 */
export async function placesToAsk(env: Env, tenant: Tenant, filters: RunFiltersInput): Promise<Places> {
  const { flows, flow_runs, deployments, work_pools, work_pool_queues, task_runs } = filters;
  const surrounded = flows || deployments || work_pools || work_pool_queues;
  const ofNoRun = task_runs?.operator === "and_" && task_runs.flow_run_id?.is_null_ === true;
  if (ofNoRun) return { flowRuns: [], background: !(surrounded || flow_runs) };
  const named = flow_runs ? idsAlone(flow_runs) : task_runs?.flow_run_id?.any_;
  if (named && !surrounded && task_runs?.operator !== "or_") {
    const ours = named.filter((id) => isRunId(id, env.KEY_PEPPER, tenant.workspace));
    return { flowRuns: [...new Set(ours)].slice(0, MOST_FLOW_RUNS), background: false };
  }
  const ids = task_runs?.operator === "or_" ? null : task_runs?.id?.any_;
  const of = ids ? await placesOf(env, tenant, ids) : null;
  if (of && !surrounded && !flow_runs) return of;
  await eventHubAt(env, tenant.workspace).settle();
  const where = combine("and_", [aroundFlowRun({ ...filters, task_runs: null }), anyOf("r.id", of?.flowRuns)]);
  const { since, until } = timesOf(task_runs);
  // A run that has not begun has no task runs, unless somebody made one for it over the API.
  const { results } = await shardOfTenant(env, tenant)
    .prepare(
      `SELECT r.id FROM flow_runs r WHERE r.workspace_id = ? AND ${where.sql}
       AND (r.start_time <= ? OR r.task_run_ids <> '') AND (r.end_time IS NULL OR r.end_time >= ?)
       ORDER BY r.start_or_expected DESC LIMIT ?`,
    )
    .bind(tenant.workspace, ...where.values, until, since, MOST_FLOW_RUNS)
    .all<{ id: string }>();
  const flowRuns = results.map(({ id }) => id);
  return { flowRuns, background: !(surrounded || flow_runs || task_runs?.flow_run_id) };
}

/** Where these task runs are. */
async function placesOf(env: Env, tenant: Tenant, taskRuns: readonly string[]): Promise<Places> {
  const here = await backgroundTasksAt(env, tenant.workspace).known(tenant, taskRuns);
  const others = taskRuns.filter((id) => !here.includes(id)).slice(0, MOST_FLOW_RUNS);
  const found = await Promise.all(others.map((id) => flowRunOf(env, tenant, id)));
  return { flowRuns: [...new Set(found.filter((id) => id !== null))], background: here.length > 0 };
}

/** Between which times flow runs were at work whose task runs a filter may mean. */
function timesOf(filter: RunFiltersInput["task_runs"]): { since: number; until: number } {
  const begun = filter?.operator === "or_" ? null : filter?.start_time;
  const { after_: after, before_: before } = begun ?? {};
  return { since: (after ?? 0) - SLACK, until: (before ?? Number.MAX_SAFE_INTEGER - SLACK) + SLACK };
}
