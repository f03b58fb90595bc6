import type { RunFiltersInput } from "@millrace/contract/filters.ts";
import { taskRuns, taskRunToWire, type WireTaskRun } from "@millrace/contract/task-runs.ts";
import { type TaskRunSort, taskRunOrder } from "@millrace/domain/filter/order.ts";
import { matchesTaskRun } from "@millrace/domain/filter/task-runs.ts";
import type { TaskRun } from "@millrace/domain/task-run/run.ts";
import { fromMilliseconds } from "@millrace/domain/time.ts";
import { eventHubAt, flowRunAt } from "../../durable-objects/addresses.ts";
import { isProblem } from "../../durable-objects/flow-run/rpc.ts";
import { reporterOf, type Tenant } from "../auth/credential.ts";
import type { Env } from "../env.ts";
import { orchestration, runAt } from "./flow-runs.ts";
import { notFound, Refusal } from "./refusal.ts";
import { isRunId } from "./run-ids.ts";
import { type App, serve } from "./serve.ts";
import { shardOfTenant } from "./shard.ts";
import { aroundFlowRun } from "./sql-filter.ts";

/** Task runs. Those of a flow run are read from its object. */
export function serveTaskRuns(app: App): void {
  serve(app, taskRuns.create, async ({ env, tenant, body, credential }) => {
    const flowRun = body.flow_run_id;
    if (flowRun === null) {
      throw new Refusal({
        code: "invalid",
        field: "flow_run_id",
        message: "A task run must belong to a flow run: background tasks are not served.",
      });
    }
    const input = {
      id: body.id,
      state: body.state,
      name: body.name,
      offeredName: `${body.task_key.split("-")[0]}-${body.dynamic_key.slice(0, 3)}`,
      flowRunId: flowRun,
      taskKey: body.task_key,
      dynamicKey: body.dynamic_key,
      cacheKey: body.cache_key,
      cacheExpiration: body.cache_expiration,
      taskVersion: body.task_version,
      policy: body.empirical_policy,
      tags: body.tags,
      labels: body.labels,
      taskInputs: body.task_inputs,
    };
    const created = await runAt(env, tenant, flowRun).createTaskRun(tenant, flowRun, input, reporterOf(credential));
    if (isProblem(created)) throw new Refusal(created);
    return { status: created.kind === "created" ? 201 : 200, result: toWire(created.taskRun) };
  });

  serve(app, taskRuns.read, async ({ env, tenant, params }) => {
    return toWire((await readTaskRun(env, tenant, params.id)) ?? notFound("task run", params.id));
  });

  serve(app, taskRuns.setState, async ({ env, tenant, params, body, credential }) => {
    const flowRun = (await flowRunOf(env, tenant, params.id)) ?? notFound("task run", params.id);
    const object = flowRunAt(env, tenant.workspace, flowRun);
    const how = { force: body.force, reporter: reporterOf(credential) };
    const answer =
      (await object.setTaskRunState(tenant, params.id, body.state, how)) ?? notFound("task run", params.id);
    return orchestration(answer);
  });

  serve(app, taskRuns.filter, async ({ env, tenant, body }) => {
    const { sort, limit, offset } = body;
    const found = await findTaskRuns(env, tenant, body);
    const order = taskRunOrder(sort as TaskRunSort, fromMilliseconds(Date.now()));
    return found
      .sort(order)
      .slice(offset, offset + limit)
      .map(toWire);
  });

  serve(app, taskRuns.count, async ({ env, tenant, body }) => (await findTaskRuns(env, tenant, body)).length);
}

const toWire = (taskRun: TaskRun): WireTaskRun => taskRunToWire(taskRun, fromMilliseconds(Date.now()));

/** Rows of the index that are looked through, the newest. */
const MOST_ROWS = 20_000;
/** Live runs that are asked one by one whether a task run is theirs; a request may ask 1,000 objects. */
const MOST_ASKED = 500;

/**
 * The flow run of a task run: the hub remembers those of late, the index knows those of rows told since; what neither knows can only
 * be one that is new while the hub forgot, so the newest live runs are asked.
 */
export async function flowRunOf(env: Env, tenant: Tenant, taskRun: string): Promise<string | null> {
  const remembered = await eventHubAt(env, tenant.workspace).locate(taskRun);
  if (remembered) return remembered;
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

async function readTaskRun(env: Env, tenant: Tenant, id: string): Promise<TaskRun | null> {
  const flowRun = await flowRunOf(env, tenant, id);
  return flowRun ? flowRunAt(env, tenant.workspace, flowRun).taskRun(tenant, id) : null;
}

/** Flow runs whose task runs one list looks through. */
const MOST_FLOW_RUNS = 200;

/**
 * The task runs that a filter means, out of the objects of their flow runs: of those that the filter names, otherwise of the newest
 * ones that it means.
 */
async function findTaskRuns(env: Env, tenant: Tenant, filters: RunFiltersInput): Promise<TaskRun[]> {
  const flowRuns = await flowRunsToLookAt(env, tenant, filters);
  const filter = filters.task_runs ?? {};
  const lists = await Promise.all(flowRuns.map((id) => flowRunAt(env, tenant.workspace, id).taskRuns(tenant)));
  return lists.flatMap((list) => (list ?? []).filter((taskRun) => matchesTaskRun(filter, taskRun)));
}

async function flowRunsToLookAt(env: Env, tenant: Tenant, filters: RunFiltersInput): Promise<string[]> {
  const named = filters.task_runs?.flow_run_id?.any_ ?? filters.flow_runs?.id?.any_;
  const surrounded = filters.flows || filters.deployments || filters.work_pools || filters.work_pool_queues;
  if (named && !surrounded) {
    return [...new Set(named)].filter((id) => isRunId(id, env.KEY_PEPPER, tenant.workspace)).slice(0, MOST_FLOW_RUNS);
  }
  const ids = filters.task_runs?.id?.any_;
  if (ids) {
    const owners = await Promise.all(ids.slice(0, MOST_FLOW_RUNS).map((id) => flowRunOf(env, tenant, id)));
    return [...new Set(owners.filter((owner) => owner !== null))];
  }
  await eventHubAt(env, tenant.workspace).settle();
  const where = aroundFlowRun({ ...filters, task_runs: null });
  const { results } = await shardOfTenant(env, tenant)
    .prepare(`SELECT r.id FROM flow_runs r WHERE r.workspace_id = ? AND ${where.sql} ORDER BY r.id DESC LIMIT ?`)
    .bind(tenant.workspace, ...where.values, MOST_FLOW_RUNS)
    .all<{ id: string }>();
  return results.map(({ id }) => id);
}
