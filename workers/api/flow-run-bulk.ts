import type { FlowRunFilterInput, RunFiltersInput } from "@millrace/contract/filters.ts";
import { flowRunBulk } from "@millrace/contract/flow-run-bulk.ts";
import type { WireFlowRun, WireOrchestration } from "@millrace/contract/flow-runs.ts";
import { historyToWire, spanOf } from "@millrace/contract/history.ts";
import { type HistoryEntry, intervalCount, intervals, lastEnd, type Span } from "@millrace/domain/history.ts";
import { sentence } from "@millrace/domain/problem.ts";
import type { StateInput, StateType } from "@millrace/domain/state.ts";
import { formatInstant } from "@millrace/domain/time.ts";
import { eventHubAt } from "../../durable-objects/addresses.ts";
import { isProblem } from "../../durable-objects/flow-run/rpc.ts";
import { pack, unpack } from "../../durable-objects/kit/packed.ts";
import { reporterOf, type Tenant } from "../auth/credential.ts";
import type { Env } from "../env.ts";
import { askedOfRuns } from "./asked-of-task-runs.ts";
import { listFlowRuns } from "./flow-run-lists.ts";
import { runAt } from "./flow-runs.ts";
import { notFound } from "./refusal.ts";
import { type App, serve } from "./serve.ts";
import { shardOfTenant } from "./shard.ts";
import { aroundFlowRun, NO_FILTERS } from "./sql-filter.ts";
import { lateness, runTime } from "./sql-times.ts";

/** What is asked of many flow runs at once, and of one run's whole log. */
export function serveFlowRunBulk(app: App): void {
  serve(app, flowRunBulk.lateness, async ({ env, tenant, body }) => {
    await eventHubAt(env, tenant.workspace).settle();
    const where = aroundFlowRun(await askedOfRuns(env, tenant, body));
    const late = lateness(Date.now() * 1000);
    const row = await shardOfTenant(env, tenant)
      .prepare(`SELECT avg(${late}) AS late FROM flow_runs r WHERE r.workspace_id = ? AND ${where.sql}`)
      .bind(tenant.workspace, ...where.values)
      .first<{ late: number | null }>();
    return row?.late ?? null;
  });

  serve(app, flowRunBulk.history, async ({ env, tenant, body }) => {
    const span = spanOf(body);
    const filters = { ...body, work_pool_queues: body.work_queues };
    const entries = intervalCount(span) === 0 ? [] : await historyEntries(env, tenant, span, filters);
    return historyToWire(intervals(span, entries));
  });

  serve(app, flowRunBulk.bulkDelete, async ({ env, tenant, body }) => {
    const ids = await meantBy(env, tenant, body.flow_runs, body.limit);
    const removed = await Promise.all(ids.map((id) => runAt(env, tenant, id).remove(tenant, id)));
    return { deleted: ids.filter((_, at) => removed[at] === "done") };
  });

  serve(app, flowRunBulk.bulkSetState, async ({ env, tenant, body, credential }) => {
    const ids = await meantBy(env, tenant, body.flow_runs, body.limit);
    const how = { force: body.force, reporter: reporterOf(credential) };
    const state = pack<StateInput>(body.state);
    const results = ids.map(async (id) => {
      const answer = await runAt(env, tenant, id).propose(tenant, id, state, how);
      const refused = (reason: string): WireOrchestration => ({
        state: null,
        status: "ABORT",
        details: { type: "abort_details", reason },
      });
      return { flow_run_id: id, ...(isProblem(answer) ? refused(sentence(answer)) : unpack(answer.body)) };
    });
    return { results: await Promise.all(results) };
  });

  serve(app, flowRunBulk.downloadLogs, async ({ env, tenant, params }) => {
    const body = await runAt(env, tenant, params.id).read(tenant);
    if (body === null) notFound("flow run", params.id);
    const name = encodeURIComponent(`${unpack(body).name}-logs.csv`);
    return new Response(csvOf(env, tenant, params.id), {
      headers: {
        "content-type": "text/csv; charset=utf-8",
        "content-disposition": `attachment; filename="flow-run-logs.csv"; filename*=UTF-8''${name}`,
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
      },
    });
  });
}

/** The ids of the newest runs that a filter means. */
async function meantBy(
  env: Env,
  tenant: Tenant,
  flow_runs: FlowRunFilterInput | null,
  limit: number,
): Promise<string[]> {
  const page = { sort: "ID_DESC", limit, offset: 0 } as const;
  const { text } = await listFlowRuns(env, tenant, { ...NO_FILTERS, flow_runs }, page);
  return (JSON.parse(text) as WireFlowRun[]).map(({ id }) => id);
}

async function historyEntries(env: Env, tenant: Tenant, span: Span, filters: RunFiltersInput): Promise<HistoryEntry[]> {
  await eventHubAt(env, tenant.workspace).settle();
  const where = aroundFlowRun(await askedOfRuns(env, tenant, filters));
  const now = Date.now() * 1000;
  const { results } = await shardOfTenant(env, tenant)
    .prepare(
      `SELECT CAST((r.expected_start_time - ?) / ? AS INTEGER) AS bucket, r.state_type, r.state_name, count(*) AS count,
         sum(max(0, ${runTime(now)})) AS run_time, sum(max(0, ${lateness(now)})) AS lateness
       FROM flow_runs r
       WHERE r.workspace_id = ? AND r.expected_start_time >= ? AND r.expected_start_time < ? AND r.state_type IS NOT NULL
         AND ${where.sql}
       GROUP BY bucket, r.state_type, r.state_name`,
    )
    .bind(span.start, span.interval * 1e6, tenant.workspace, span.start, lastEnd(span), ...where.values)
    .all<{
      bucket: number;
      state_type: StateType;
      state_name: string;
      count: number;
      run_time: number;
      lateness: number;
    }>();
  return results.map((row) => ({
    bucket: row.bucket,
    stateType: row.state_type,
    stateName: row.state_name,
    count: row.count,
    runTime: row.run_time,
    lateness: row.lateness,
  }));
}

/** Lines that are asked for at once. */
const LINES_AT_ONCE = 2_000;

/** A run's log as a table, read as it is fetched. */
function csvOf(env: Env, tenant: Tenant, run: string): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let offset = 0;
  return new ReadableStream({
    start(controller) {
      controller.enqueue(encoder.encode(csvRow(["timestamp", "level", "flow_run_id", "task_run_id", "message"])));
    },
    async pull(controller) {
      const query = { filter: {}, sort: "TIMESTAMP_ASC", limit: LINES_AT_ONCE, offset } as const;
      const lines = (await runAt(env, tenant, run).logs(tenant, query)) ?? [];
      offset += lines.length;
      const rows = lines.map(({ timestamp, level, taskRunId, message }) =>
        csvRow([
          formatInstant(timestamp).replace("T", " ").replace("Z", "+00:00"),
          level,
          run,
          taskRunId ?? "",
          message,
        ]),
      );
      if (rows.length > 0) controller.enqueue(encoder.encode(rows.join("")));
      if (lines.length < LINES_AT_ONCE) controller.close();
    },
  });
}

/** A row of CSV (RFC 4180). */
const csvRow = (cells: readonly (string | number)[]): string => `${cells.map(csvCell).join(",")}\r\n`;

const csvCell = (cell: string | number): string => {
  const text = String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};
