/** What is asked of many flow runs at once, and of one run's whole log. */
import { z } from "zod";
import { endpoint } from "./endpoint.ts";
import { FlowRunFilter, RunFilters } from "./filters.ts";
import { Orchestration } from "./flow-runs.ts";
import { HistoryOut, HistorySpan } from "./history.ts";
import { StateIn } from "./states.ts";
import { ById, maybe, otherwise } from "./wire.ts";

/** Runs that one call changes, at most. */
export const MOST_AT_ONCE = 50;
export const BulkLimit = otherwise(z.int().min(1).max(MOST_AT_ONCE), MOST_AT_ONCE);

export const flowRunBulk = {
  lateness: endpoint({
    method: "POST",
    path: "/flow_runs/lateness",
    scope: "see_flows",
    body: RunFilters,
    optionalBody: true,
    status: 200,
    result: z.number().nullable(),
    summary: "By how many seconds runs began later than expected, on average.",
  }),
  history: endpoint({
    method: "POST",
    path: "/flow_runs/history",
    scope: "see_flows",
    body: RunFilters.omit({ work_pool_queues: true }).extend({
      ...HistorySpan,
      work_queues: RunFilters.shape.work_pool_queues,
    }),
    status: 200,
    result: HistoryOut,
    summary: "Counts flow runs by state in intervals of time.",
  }),
  bulkDelete: endpoint({
    method: "POST",
    path: "/flow_runs/bulk_delete",
    scope: "manage_flows",
    body: z.object({ flow_runs: maybe(FlowRunFilter), limit: BulkLimit }),
    optionalBody: true,
    status: 200,
    result: z.object({ deleted: z.array(z.uuid()) }),
    summary: "Deletes the runs that a filter means.",
  }),
  bulkSetState: endpoint({
    method: "POST",
    path: "/flow_runs/bulk_set_state",
    scope: "run_flows",
    body: z.object({
      flow_runs: maybe(FlowRunFilter),
      state: StateIn,
      force: z.boolean().default(false),
      limit: BulkLimit,
    }),
    status: 200,
    result: z.object({ results: z.array(Orchestration.extend({ flow_run_id: z.uuid() })) }),
    summary: "Proposes a state to all runs that a filter means.",
  }),
  downloadLogs: endpoint({
    method: "GET",
    path: "/flow_runs/{id}/logs/download",
    scope: "see_flows",
    params: ById,
    status: 200,
    summary: "The whole log of a run as a table in CSV.",
  }),
};
