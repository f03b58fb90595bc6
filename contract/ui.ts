/** What pages of Prefect's own web app ask for: figures of many runs at once. */
import { FLOW_RUN_SORTS } from "@millrace/domain/filter/order.ts";
import { z } from "zod";
import { endpoint } from "./endpoint.ts";
import { RunFilters, TaskRunFilter } from "./filters.ts";
import { StateTypeName } from "./states.ts";
import { TaskRunOut } from "./task-runs.ts";
import { ById, Offset, otherwise, Page, pageOf, TimestampText, Uuid } from "./wire.ts";

/** Ids that one call may ask about. */
const MOST_IDS = 200;
const Ids = z.array(Uuid).max(MOST_IDS);

/** Task runs are counted in so many steps of time. */
export const DASHBOARD_STEPS = 20;

export const ui = {
  countDeployments: endpoint({
    method: "POST",
    path: "/ui/flows/count-deployments",
    scope: "see_flows",
    body: z.object({ flow_ids: Ids }),
    status: 200,
    result: z.record(z.string(), z.int()),
    summary: "Counts the deployments of each of these flows.",
  }),
  nextRuns: endpoint({
    method: "POST",
    path: "/ui/flows/next-runs",
    scope: "see_flows",
    body: z.object({ flow_ids: Ids }),
    status: 200,
    result: z.record(
      z.string(),
      z
        .object({
          id: z.uuid(),
          flow_id: z.uuid(),
          name: z.string(),
          state_name: z.string(),
          state_type: StateTypeName,
          next_scheduled_start_time: TimestampText,
        })
        .nullable(),
    ),
    summary: "The run of each of these flows that is due next.",
  }),
  flowRunHistory: endpoint({
    method: "POST",
    path: "/ui/flow_runs/history",
    scope: "see_flows",
    body: RunFilters.extend({
      sort: otherwise(z.enum(FLOW_RUN_SORTS), "EXPECTED_START_TIME_DESC"),
      limit: otherwise(z.int().min(0).max(1000), 1000),
      offset: Offset,
    }),
    optionalBody: true,
    status: 200,
    result: z.array(
      z.object({
        id: z.uuid(),
        state_type: StateTypeName,
        timestamp: TimestampText,
        duration: z.number(),
        lateness: z.number(),
      }),
    ),
    summary: "Lists flow runs with no more than a bar of a chart needs.",
  }),
  countTaskRuns: endpoint({
    method: "POST",
    path: "/ui/flow_runs/count-task-runs",
    scope: "see_flows",
    body: z.object({ flow_run_ids: Ids }),
    status: 200,
    result: z.record(z.string(), z.int()),
    summary: "Counts the task runs of each of these runs, without those that stand for subflows.",
  }),
  dashboardTaskRuns: endpoint({
    method: "POST",
    path: "/ui/task_runs/dashboard/counts",
    scope: "see_flows",
    body: RunFilters.omit({ work_pool_queues: true }).extend({
      task_runs: TaskRunFilter,
      work_queues: RunFilters.shape.work_pool_queues,
    }),
    status: 200,
    result: z.array(z.object({ completed: z.int(), failed: z.int() })),
    summary: `Counts ended task runs, good and bad, in ${DASHBOARD_STEPS} steps of the time that the filter names.`,
  }),
  taskRunsByState: endpoint({
    method: "POST",
    path: "/ui/task_runs/count",
    scope: "see_flows",
    body: RunFilters,
    optionalBody: true,
    status: 200,
    result: z.object({
      COMPLETED: z.int(),
      PENDING: z.int(),
      RUNNING: z.int(),
      FAILED: z.int(),
      CANCELLED: z.int(),
      CRASHED: z.int(),
      PAUSED: z.int(),
      CANCELLING: z.int(),
      SCHEDULED: z.int(),
    }),
    summary: "Counts task runs by the type of their state.",
  }),
  taskRun: endpoint({
    method: "GET",
    path: "/ui/task_runs/{id}",
    scope: "see_flows",
    params: ById,
    status: 200,
    result: TaskRunOut.extend({ flow_run_name: z.string().nullable() }),
    summary: "Reads a task run with the name of its flow run.",
  }),
  countRunsOfPools: endpoint({
    method: "POST",
    path: "/ui/work_pools/count-flow-runs",
    scope: "see_flows",
    body: z.object({ work_pool_ids: Ids, flow_runs: RunFilters.shape.flow_runs }),
    status: 200,
    result: z.record(z.string(), z.int()),
    summary: "Counts the flow runs of each of these work pools.",
  }),
  flowRunPages: endpoint({
    method: "POST",
    path: "/ui/flow_runs/history-v2",
    scope: "see_flows",
    body: RunFilters.extend({
      sort: otherwise(z.enum(FLOW_RUN_SORTS), "EXPECTED_START_TIME_DESC"),
      limit: otherwise(z.int().min(0).max(5_000), 5_000),
      page: Page,
    }),
    optionalBody: true,
    status: 200,
    result: pageOf(
      z.object({
        id: z.uuid(),
        state: StateTypeName,
        /** Seconds since 1970. */
        timestamp: z.int(),
        duration: z.number(),
        deployment: z.uuid().nullable(),
      }),
    ),
    summary: "Lists flow runs by pages, with no more than a bar of a chart needs.",
  }),
};
