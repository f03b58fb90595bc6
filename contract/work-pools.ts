/** Work pools: where runs wait for an agent or a worker. */
import { z } from "zod";
import { endpoint } from "./endpoint.ts";
import { WorkerFilter, WorkPoolFilter, WorkQueueFilter } from "./filters.ts";
import { FlowRunOut } from "./flow-runs.ts";
import {
  Fields,
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
import {
  ByPool,
  ConcurrencyPageOf,
  WorkQueueCreate,
  WorkQueueOut,
  WorkQueuesPage,
  WorkQueueUpdate,
} from "./work-queues.ts";

const StorageConfiguration = z
  .strictObject({
    bundle_upload_step: maybe(Fields),
    bundle_execution_step: maybe(Fields),
    default_result_storage_block_id: maybe(Uuid),
  })
  .meta({ title: "WorkPoolStorageConfiguration" });
export type StorageConfiguration = z.output<typeof StorageConfiguration>;

export const WorkPoolOut = z.object({
  id: z.uuid(),
  created: TimestampText,
  updated: TimestampText,
  name: z.string(),
  description: z.string().nullable(),
  type: z.string(),
  base_job_template: z.record(z.string(), z.unknown()),
  is_paused: z.boolean(),
  concurrency_limit: z.int().nullable(),
  status: z.enum(["READY", "NOT_READY", "PAUSED"]).nullable(),
  default_queue_id: z.uuid(),
  storage_configuration: z.object({
    bundle_upload_step: z.record(z.string(), z.unknown()).nullable(),
    bundle_execution_step: z.record(z.string(), z.unknown()).nullable(),
    default_result_storage_block_id: z.uuid().nullable(),
  }),
  active_slots: z.int().nullable(),
});
export type WireWorkPool = z.output<typeof WorkPoolOut>;

export const AgentOut = z.object({
  id: z.uuid(),
  name: z.string(),
  version: z.string(),
  status: z.enum(["ONLINE", "OFFLINE"]),
  slots: z.int(),
  running: z.int(),
  connected: TimestampText,
  last_seen: TimestampText,
});
export type WireAgent = z.output<typeof AgentOut>;

export const WorkerOut = z.object({
  id: z.uuid(),
  created: TimestampText,
  updated: TimestampText,
  name: z.string(),
  work_pool_id: z.uuid(),
  last_heartbeat_time: TimestampText.nullable(),
  heartbeat_interval_seconds: z.int().nullable(),
  status: z.enum(["ONLINE", "OFFLINE"]),
});
export type WireWorker = z.output<typeof WorkerOut>;

/** The run as workers get it: without its pool, which stands beside it. */
const ScheduledRun = z.object({
  work_pool_id: z.uuid(),
  work_queue_id: z.uuid(),
  flow_run: FlowRunOut.omit({ work_pool_id: true, work_pool_name: true }),
});
export type WireScheduledRun = z.output<typeof ScheduledRun>;

/** Why the runs of a pool wait. */
const DispatchOut = z.object({
  is_paused: z.boolean(),
  concurrency_limit: z.int().nullable(),
  active_slots: z.int(),
  free_agent_slots: z.int(),
  count: z.int(),
  waiting: z.array(
    z.object({
      flow_run_id: z.uuid(),
      place: z.int().nullable(),
      reason: z.enum(["next", "no_free_agent", "not_due", "pool_paused", "queue_paused", "pool_limit", "queue_limit"]),
      work_queue_id: z.uuid().nullable(),
      priority: z.int(),
      due: TimestampText,
      fairness_key: z.string().nullable(),
      fairness_weight: z.number(),
    }),
  ),
});
export type WireDispatch = z.output<typeof DispatchOut>;

const ByName = z.object({ name: Name });

/** Pools of these names are Prefect's own, and so are not made, changed or deleted by hand. */
export const isReserved = (name: string): boolean => name.toLowerCase().startsWith("prefect");

export const WORKER_SORTS = [
  "NAME_ASC",
  "NAME_DESC",
  "LAST_HEARTBEAT_ASC",
  "LAST_HEARTBEAT_DESC",
  "STATUS_ASC",
  "STATUS_DESC",
  "CLIENT_VERSION_ASC",
  "CLIENT_VERSION_DESC",
] as const;

const Description = maybe(z.string().max(100_000));
const MostRuns = maybe(z.int().min(0).max(1_000_000_000));

export const workPools = {
  create: endpoint({
    method: "POST",
    path: "/work_pools/",
    scope: "write_work_pools",
    body: z.strictObject({
      name: PathName,
      description: Description,
      type: otherwise(Name.min(1), "prefect-agent"),
      base_job_template: Fields.default({}),
      is_paused: otherwise(z.boolean(), false),
      concurrency_limit: MostRuns,
      storage_configuration: maybe(StorageConfiguration),
    }),
    status: 201,
    result: WorkPoolOut,
    summary: "Creates a work pool with its default queue.",
  }),
  filter: endpoint({
    method: "POST",
    path: "/work_pools/filter",
    scope: "see_work_pools",
    body: z.object({ work_pools: maybe(WorkPoolFilter), limit: Limit, offset: Offset }),
    optionalBody: true,
    status: 200,
    result: z.array(WorkPoolOut),
    summary: "Lists work pools.",
  }),
  count: endpoint({
    method: "POST",
    path: "/work_pools/count",
    scope: "see_work_pools",
    body: z.object({ work_pools: maybe(WorkPoolFilter) }),
    optionalBody: true,
    status: 200,
    result: z.int(),
    summary: "Counts work pools.",
  }),
  paginate: endpoint({
    method: "POST",
    path: "/work_pools/paginate",
    scope: "see_work_pools",
    body: z.object({
      work_pools: maybe(WorkPoolFilter),
      sort: otherwise(z.enum(["NAME_ASC", "NAME_DESC"]), "NAME_ASC"),
      include_base_job_template: otherwise(z.boolean(), false),
      limit: Limit,
      page: Page,
    }),
    optionalBody: true,
    status: 200,
    result: pageOf(WorkPoolOut),
    summary: "Lists work pools, page by page.",
  }),
  preview: endpoint({
    method: "POST",
    path: "/work_pools/configuration/preview",
    scope: "see_work_pools",
    body: z.object({ base_job_template: Fields, type: Name }),
    status: 200,
    result: z.record(z.string(), z.unknown()),
    summary: "The job that a base job template makes of its defaults.",
  }),
  read: endpoint({
    method: "GET",
    path: "/work_pools/{name}",
    scope: "see_work_pools",
    params: ByName,
    status: 200,
    result: WorkPoolOut,
    summary: "Reads a work pool.",
  }),
  update: endpoint({
    method: "PATCH",
    path: "/work_pools/{name}",
    scope: "write_work_pools",
    params: ByName,
    body: z.strictObject({
      description: z.string().max(100_000).nullable().optional(),
      is_paused: z.boolean().nullable().optional(),
      base_job_template: Fields.nullable().optional(),
      concurrency_limit: z.int().min(0).max(1_000_000_000).nullable().optional(),
      storage_configuration: StorageConfiguration.nullable().optional(),
    }),
    status: 204,
    summary: "Changes a work pool: what is not named stays.",
  }),
  remove: endpoint({
    method: "DELETE",
    path: "/work_pools/{name}",
    scope: "manage_work_pools",
    params: ByName,
    status: 204,
    summary:
      "Deletes a work pool with its queues. Runs that wait in it wait for nobody; those that run go on to their end.",
  }),
  concurrencyStatus: endpoint({
    method: "POST",
    path: "/work_pools/{name}/concurrency_status",
    scope: "see_work_pools",
    params: ByName,
    body: z.object({ page: Page, limit: Limit, flow_run_limit: otherwise(z.int().min(0).max(200), 10) }),
    optionalBody: true,
    status: 200,
    result: ConcurrencyPageOf,
    summary: "Which runs hold the slots of a pool, by queue.",
  }),
  scheduledRuns: endpoint({
    method: "POST",
    path: "/work_pools/{name}/get_scheduled_flow_runs",
    scope: "see_work_queues",
    params: ByName,
    body: z.object({
      work_queue_names: maybe(z.array(Name).max(1000)),
      scheduled_before: maybe(Timestamp),
      scheduled_after: maybe(Timestamp),
      limit: Limit,
    }),
    optionalBody: true,
    status: 200,
    result: z.array(ScheduledRun),
    summary: "The runs that a worker may take, best first; counts as a poll of the queues.",
  }),
  dispatch: endpoint({
    method: "GET",
    path: "/work_pools/{name}/dispatch",
    scope: "see_work_pools",
    params: ByName,
    status: 200,
    result: DispatchOut,
    summary: "Why the runs of a pool wait, in the order in which they will be given out.",
  }),
  agents: endpoint({
    method: "GET",
    path: "/work_pools/{name}/agents",
    scope: "see_workers",
    params: ByName,
    status: 200,
    result: z.array(AgentOut),
    summary: "The agents of a pool, connected or lately seen.",
  }),
  createQueue: endpoint({
    method: "POST",
    path: "/work_pools/{work_pool_name}/queues",
    scope: "write_work_queues",
    params: ByPool,
    body: WorkQueueCreate,
    status: 201,
    result: WorkQueueOut,
    summary: "Creates a queue of a pool.",
  }),
  filterQueues: endpoint({
    method: "POST",
    path: "/work_pools/{work_pool_name}/queues/filter",
    scope: "see_work_queues",
    params: ByPool,
    body: z.object({ work_queues: maybe(WorkQueueFilter), limit: Limit, offset: Offset }),
    optionalBody: true,
    status: 200,
    result: z.array(WorkQueueOut),
    summary: "Lists the queues of a pool by priority.",
  }),
  paginateQueues: endpoint({
    method: "POST",
    path: "/work_pools/{work_pool_name}/queues/paginate",
    scope: "see_work_queues",
    params: ByPool,
    body: z.object({ work_queues: maybe(WorkQueueFilter), limit: Limit, page: Page }),
    optionalBody: true,
    status: 200,
    result: WorkQueuesPage,
    summary: "Lists the queues of a pool, page by page.",
  }),
  readQueue: endpoint({
    method: "GET",
    path: "/work_pools/{work_pool_name}/queues/{name}",
    scope: "see_work_queues",
    params: ByPool.extend({ name: Name }),
    status: 200,
    result: WorkQueueOut,
    summary: "Reads a queue of a pool.",
  }),
  updateQueue: endpoint({
    method: "PATCH",
    path: "/work_pools/{work_pool_name}/queues/{name}",
    scope: "write_work_queues",
    params: ByPool.extend({ name: Name }),
    body: WorkQueueUpdate,
    status: 204,
    summary: "Changes a queue of a pool.",
  }),
  removeQueue: endpoint({
    method: "DELETE",
    path: "/work_pools/{work_pool_name}/queues/{name}",
    scope: "manage_work_queues",
    params: ByPool.extend({ name: Name }),
    status: 204,
    summary: "Deletes a queue of a pool; its runs go on in the default queue.",
  }),
  heartbeat: endpoint({
    method: "POST",
    path: "/work_pools/{work_pool_name}/workers/heartbeat",
    scope: "write_workers",
    params: ByPool,
    body: z.object({
      name: Name.min(1),
      heartbeat_interval_seconds: maybe(z.int().min(1).max(86_400)),
      return_id: otherwise(z.boolean(), false),
      metadata: maybe(Fields),
    }),
    status: [204, 200],
    summary: "A worker lives. With return_id the answer is its id.",
  }),
  filterWorkers: endpoint({
    method: "POST",
    path: "/work_pools/{work_pool_name}/workers/filter",
    scope: "see_workers",
    params: ByPool,
    body: z.object({ workers: maybe(WorkerFilter), limit: Limit, offset: Offset }),
    optionalBody: true,
    status: 200,
    result: z.array(WorkerOut),
    summary: "Lists the workers of a pool, the last heard of first.",
  }),
  paginateWorkers: endpoint({
    method: "POST",
    path: "/work_pools/{work_pool_name}/workers/paginate",
    scope: "see_workers",
    params: ByPool,
    body: z.object({
      workers: maybe(WorkerFilter),
      sort: otherwise(z.enum(WORKER_SORTS), "LAST_HEARTBEAT_DESC"),
      limit: Limit,
      page: Page,
    }),
    optionalBody: true,
    status: 200,
    result: pageOf(WorkerOut),
    summary: "Lists the workers of a pool, page by page.",
  }),
  readWorker: endpoint({
    method: "GET",
    path: "/work_pools/{work_pool_name}/workers/{worker_id}",
    scope: "see_workers",
    params: ByPool.extend({ worker_id: Uuid }),
    status: 200,
    result: WorkerOut,
    summary: "Reads a worker.",
  }),
  removeWorker: endpoint({
    method: "DELETE",
    path: "/work_pools/{work_pool_name}/workers/{name}",
    scope: "manage_workers",
    params: ByPool.extend({ name: Name }),
    status: 204,
    summary: "Forgets a worker.",
  }),
};
