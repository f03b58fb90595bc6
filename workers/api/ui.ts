import { DASHBOARD_STEPS, ui } from "@millrace/contract/ui.ts";
import { STATE_TYPES, type StateType } from "@millrace/domain/state.ts";
import { formatInstant, type Instant, instant, SECOND } from "@millrace/domain/time.ts";
import { eventHubAt, flowRunAt } from "../../durable-objects/addresses.ts";
import { unpack } from "../../durable-objects/kit/packed.ts";
import { askedOfRuns } from "./asked-of-task-runs.ts";
import { offsetOf, pagesOf } from "./pages.ts";
import { notFound, Refusal } from "./refusal.ts";
import { isRunId } from "./run-ids.ts";
import { type App, serve } from "./serve.ts";
import { count, select, shardOfTenant } from "./shard.ts";
import { aroundFlowRun, NO_FILTERS } from "./sql-filter.ts";
import { FLOW_RUN_ORDERS } from "./sql-order.ts";
import { lateness, runTime } from "./sql-times.ts";
import { figuresOf, readTaskRun, toWire } from "./task-runs.ts";

const TERMINAL: readonly StateType[] = ["COMPLETED", "FAILED", "CANCELLED", "CRASHED"];
const MINUTE = 60_000_000;

/** Figures for pages. */
export function serveUi(app: App): void {
  serve(app, ui.countDeployments, async ({ env, tenant, body }) => {
    const { results } = await shardOfTenant(env, tenant)
      .prepare(
        `SELECT wanted.value AS id, (SELECT count(*) FROM deployments d WHERE d.workspace_id = ?1 AND d.flow_id = wanted.value) AS count
         FROM json_each(?2) wanted`,
      )
      .bind(tenant.workspace, JSON.stringify(body.flow_ids))
      .all<{ id: string; count: number }>();
    return Object.fromEntries(results.map(({ id, count }) => [id, count]));
  });

  serve(app, ui.nextRuns, async ({ env, tenant, body }) => {
    await eventHubAt(env, tenant.workspace).settle();
    const { results } = await shardOfTenant(env, tenant)
      .prepare(
        `SELECT r.id, r.flow_id, r.name, r.state_name, r.state_type, min(r.next_scheduled_start_time) AS due
         FROM flow_runs r WHERE r.workspace_id = ?1 AND r.state_type = 'SCHEDULED'
           AND r.next_scheduled_start_time IS NOT NULL AND r.flow_id IN (SELECT value FROM json_each(?2))
         GROUP BY r.flow_id`,
      )
      .bind(tenant.workspace, JSON.stringify(body.flow_ids))
      .all<{ id: string; flow_id: string; name: string; state_name: string; state_type: StateType; due: number }>();
    const next = new Map(
      results.map(({ due, ...run }) => [run.flow_id, { ...run, next_scheduled_start_time: time(due) }]),
    );
    return Object.fromEntries(body.flow_ids.map((id) => [id, next.get(id) ?? null]));
  });

  serve(app, ui.flowRunHistory, async ({ env, tenant, body }) => {
    await eventHubAt(env, tenant.workspace).settle();
    const where = aroundFlowRun(await askedOfRuns(env, tenant, body));
    const now = Date.now() * 1000;
    const { results } = await shardOfTenant(env, tenant)
      .prepare(
        `SELECT r.id, r.state_type, coalesce(r.start_time, r.expected_start_time) AS at, ${runTime(now)} AS duration,
           ${lateness(now)} AS lateness
         FROM flow_runs r WHERE r.workspace_id = ? AND r.state_type IS NOT NULL AND ${where.sql}
         ORDER BY ${FLOW_RUN_ORDERS[body.sort]} LIMIT ? OFFSET ?`,
      )
      .bind(tenant.workspace, ...where.values, body.limit, body.offset)
      .all<{ id: string; state_type: StateType; at: number; duration: number; lateness: number }>();
    return results.map(({ at, ...run }) => ({ ...run, timestamp: time(at) }));
  });

  serve(app, ui.flowRunPages, async ({ env, tenant, body }) => {
    await eventHubAt(env, tenant.workspace).settle();
    const shown = aroundFlowRun(await askedOfRuns(env, tenant, body));
    const where = { ...shown, sql: `r.state_type IS NOT NULL AND ${shown.sql}` };
    const table = { table: "flow_runs", alias: "r", where };
    const [rows, total] = await Promise.all([
      select<{ id: string; state: StateType; at: number | null; duration: number; deployment: string | null }>(
        env,
        tenant,
        {
          ...table,
          columns: `r.id, r.state_type AS state, r.start_or_expected AS at, ${runTime(Date.now() * 1000)} AS duration,
          r.deployment_id AS deployment`,
          order: FLOW_RUN_ORDERS[body.sort],
          limit: body.limit,
          offset: offsetOf(body),
        },
      ),
      count(env, tenant, table),
    ]);
    const results = rows.map(({ at, ...run }) => ({ ...run, timestamp: Math.floor((at ?? 0) / SECOND) }));
    return { results, ...pagesOf(total, body.limit, body.page) };
  });

  serve(app, ui.countRunsOfPools, async ({ env, tenant, body }) => {
    await eventHubAt(env, tenant.workspace).settle();
    const where = aroundFlowRun({ ...NO_FILTERS, flow_runs: body.flow_runs });
    const { results } = await shardOfTenant(env, tenant)
      .prepare(
        `SELECT r.work_pool_id AS id, count(*) AS count FROM flow_runs r
         WHERE r.workspace_id = ? AND r.work_pool_id IN (SELECT value FROM json_each(?)) AND ${where.sql} GROUP BY r.work_pool_id`,
      )
      .bind(tenant.workspace, JSON.stringify(body.work_pool_ids), ...where.values)
      .all<{ id: string; count: number }>();
    const counts = new Map(results.map(({ id, count: runs }) => [id, runs]));
    return Object.fromEntries(body.work_pool_ids.map((id) => [id, counts.get(id) ?? 0]));
  });

  serve(app, ui.countTaskRuns, async ({ env, tenant, body }) => {
    const filter = { subflow_runs: { exists_: false } };
    const counts = body.flow_run_ids.map(async (id) => {
      const ours = isRunId(id, env.KEY_PEPPER, tenant.workspace);
      return [id, ours ? await flowRunAt(env, tenant.workspace, id).countTaskRuns(tenant, filter) : 0] as const;
    });
    return Object.fromEntries(await Promise.all(counts));
  });

  serve(app, ui.dashboardTaskRuns, async ({ env, tenant, body }) => {
    const { after_: after, before_: before } = body.task_runs.start_time ?? { after_: null, before_: null };
    if (after === null) {
      const field = "task_runs.start_time.after_";
      throw new Refusal({ code: "invalid", field, message: "This is required: it says where the steps begin." });
    }
    const state = { operator: "and_" as const, type: { any_: [...TERMINAL] }, name: null };
    const figures = await figuresOf(env, tenant, {
      ...body,
      work_pool_queues: body.work_queues,
      task_runs: { ...body.task_runs, state },
    });
    const end = endOfMinute(before ?? instant(Date.now() * 1000));
    return steps(figures, instant(after - (after % MINUTE)), end);
  });

  serve(app, ui.taskRunsByState, async ({ env, tenant, body }) => {
    const counts = Object.fromEntries(STATE_TYPES.map((type) => [type, 0])) as Record<StateType, number>;
    for (const { stateType } of await figuresOf(env, tenant, body)) if (stateType) counts[stateType] += 1;
    return counts;
  });

  serve(app, ui.taskRun, async ({ env, tenant, params }) => {
    const taskRun = (await readTaskRun(env, tenant, params.id)) ?? notFound("task run", params.id);
    const flowRun = taskRun.flowRunId && (await flowRunAt(env, tenant.workspace, taskRun.flowRunId).read(tenant));
    return { ...toWire(taskRun), flow_run_name: flowRun ? unpack(flowRun).name : null };
  });
}

const time = (at: number): string => formatInstant(instant(at));
const endOfMinute = (at: Instant): Instant => instant(at - (at % MINUTE) + MINUTE - 1);

/** How many ended well, and how many did not, in each of the steps between two moments. */
function steps(
  runs: readonly { stateType: StateType | null; startTime: Instant | null }[],
  start: Instant,
  end: Instant,
): { completed: number; failed: number }[] {
  const counted = Array.from({ length: DASHBOARD_STEPS }, () => ({ completed: 0, failed: 0 }));
  for (const { stateType, startTime } of runs) {
    if (startTime === null) continue;
    const step = counted[Math.floor(((startTime - start) / (end - start)) * DASHBOARD_STEPS)];
    if (step) step[stateType === "FAILED" || stateType === "CRASHED" ? "failed" : "completed"] += 1;
  }
  return counted;
}
