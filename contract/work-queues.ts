/** Work queues: lanes of a pool, each with its priority and limit. */
import { z } from "zod";
import { endpoint } from "./endpoint.ts";
import { WorkQueueFilter } from "./filters.ts";
import { FlowRunOut } from "./flow-runs.ts";
import {
  ById,
  Limit,
  maybe,
  Name,
  Offset,
  otherwise,
  Page,
  PathName,
  pageOf,
  Timestamp,
  TimestampText,
  Uuid,
} from "./wire.ts";

/** Prefect's deprecated filter of queues that have no deployments of their own. */
const QueueFilter = z.object({ tags: maybe(z.array(Name).max(1000)), deployment_ids: maybe(z.array(Uuid).max(5000)) });

export const WorkQueueOut = z.object({
  id: z.uuid(),
  created: TimestampText,
  updated: TimestampText,
  name: z.string(),
  description: z.string().nullable(),
  is_paused: z.boolean(),
  concurrency_limit: z.int().nullable(),
  priority: z.int(),
  work_pool_id: z.uuid().nullable(),
  filter: z.unknown(),
  last_polled: TimestampText.nullable(),
  work_pool_name: z.string().nullable(),
  status: z.enum(["READY", "NOT_READY", "PAUSED"]).nullable(),
  active_slots: z.int().nullable(),
});
export type WireWorkQueue = z.output<typeof WorkQueueOut>;

/** A queue without a description has an empty one. */
const Description = z
  .string()
  .max(100_000)
  .nullable()
  .transform((text) => text ?? "");
const MostRuns = z.int().min(0).max(1_000_000_000).nullable();
const Priority = z.int().min(1).max(1_000_000_000).nullable();

export const WorkQueueCreate = z.strictObject({
  name: PathName,
  description: Description.default(""),
  is_paused: otherwise(z.boolean(), false),
  concurrency_limit: maybe(MostRuns),
  priority: maybe(Priority),
  filter: maybe(QueueFilter),
});
export type WorkQueueCreateBody = z.output<typeof WorkQueueCreate>;

export const WorkQueueUpdate = z.strictObject({
  name: PathName.nullable().optional(),
  description: Description.optional(),
  is_paused: z.boolean().nullable().optional(),
  concurrency_limit: MostRuns.optional(),
  priority: Priority.optional(),
  last_polled: Timestamp.nullable().optional(),
  filter: QueueFilter.nullable().optional(),
});
export type WorkQueueUpdateBody = z.output<typeof WorkQueueUpdate>;

export const ByPool = z.object({ work_pool_name: Name });
export const WorkQueuesPage = pageOf(WorkQueueOut);

/** A run that holds a slot. */
const SlotHolder = z.object({
  id: z.uuid(),
  name: z.string(),
  state_type: z.string().nullable(),
  state_name: z.string().nullable(),
  start_time: TimestampText.nullable(),
  state_timestamp: TimestampText.nullable(),
  time_in_current_state: z.number().nullable(),
});
export type WireSlotHolder = z.output<typeof SlotHolder>;

const PageNumbers = { count: z.int(), limit: z.int(), pages: z.int(), page: z.int() };

export const ConcurrencyPage = z.object({
  active_slots: z.int(),
  concurrency_limit: z.int().nullable(),
  flow_runs: z.array(SlotHolder),
  ...PageNumbers,
});

/** The same of a whole pool, by queue. */
export const ConcurrencyPageOf = z.object({
  active_slots: z.int(),
  concurrency_limit: z.int().nullable(),
  queues: z.array(
    z.object({
      queue_id: z.uuid(),
      queue_name: z.string(),
      active_slots: z.int(),
      concurrency_limit: z.int().nullable(),
      flow_runs: z.array(SlotHolder),
      flow_run_count: z.int().nullable(),
    }),
  ),
  ...PageNumbers,
});

const StatusDetail = z.object({
  healthy: z.boolean(),
  late_runs_count: z.int(),
  last_polled: TimestampText.nullable(),
  health_check_policy: z.object({
    maximum_late_runs: z.int().nullable(),
    maximum_seconds_since_last_polled: z.int().nullable(),
  }),
});

export const workQueues = {
  create: endpoint({
    method: "POST",
    path: "/work_queues/",
    scope: "write_work_queues",
    body: WorkQueueCreate,
    status: 201,
    result: WorkQueueOut,
    summary: "Creates a queue of the default agent pool.",
  }),
  filter: endpoint({
    method: "POST",
    path: "/work_queues/filter",
    scope: "see_work_queues",
    body: z.object({ work_queues: maybe(WorkQueueFilter), limit: Limit, offset: Offset }),
    optionalBody: true,
    status: 200,
    result: z.array(WorkQueueOut),
    summary: "Lists the queues of all pools by name.",
  }),
  paginate: endpoint({
    method: "POST",
    path: "/work_queues/paginate",
    scope: "see_work_queues",
    body: z.object({ work_queues: maybe(WorkQueueFilter), limit: Limit, page: Page }),
    optionalBody: true,
    status: 200,
    result: WorkQueuesPage,
    summary: "Lists the queues of all pools, page by page.",
  }),
  readByName: endpoint({
    method: "GET",
    path: "/work_queues/name/{name}",
    scope: "see_work_queues",
    params: z.object({ name: Name }),
    status: 200,
    result: WorkQueueOut,
    summary: "Reads a queue of the default agent pool by its name.",
  }),
  read: endpoint({
    method: "GET",
    path: "/work_queues/{id}",
    scope: "see_work_queues",
    params: ById,
    status: 200,
    result: WorkQueueOut,
    summary: "Reads a queue.",
  }),
  update: endpoint({
    method: "PATCH",
    path: "/work_queues/{id}",
    scope: "write_work_queues",
    params: ById,
    body: WorkQueueUpdate,
    status: 204,
    summary: "Changes a queue.",
  }),
  remove: endpoint({
    method: "DELETE",
    path: "/work_queues/{id}",
    scope: "manage_work_queues",
    params: ById,
    status: 204,
    summary: "Deletes a queue; its runs go on in the pool's default queue.",
  }),
  runs: endpoint({
    method: "POST",
    path: "/work_queues/{id}/get_runs",
    scope: "see_work_queues",
    params: ById,
    missing: "exception_message",
    body: z.object({ scheduled_before: maybe(Timestamp), limit: Limit }),
    optionalBody: true,
    status: 200,
    result: z.array(FlowRunOut),
    summary: "The runs that a worker of this queue may take; counts as a poll.",
  }),
  concurrencyStatus: endpoint({
    method: "POST",
    path: "/work_queues/{id}/concurrency_status",
    scope: "see_work_queues",
    params: ById,
    body: z.object({ page: Page, limit: Limit }),
    optionalBody: true,
    status: 200,
    result: ConcurrencyPage,
    summary: "Which runs hold the slots of a queue.",
  }),
  status: endpoint({
    method: "GET",
    path: "/work_queues/{id}/status",
    scope: "see_work_queues",
    params: ById,
    missing: "exception_message",
    status: 200,
    result: StatusDetail,
    summary: "Whether a queue is served, and how many of its runs are late.",
  }),
};
