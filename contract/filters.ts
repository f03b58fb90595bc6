/**
 * The filter objects of the wire. Every list, count and page takes them; what they mean is said in domain/filter, what they
 * become in SQL in workers/api.
 */
import { STATE_TYPES } from "@millrace/domain/state.ts";
import { z } from "zod";
import { maybe, Timestamp, Uuid } from "./wire.ts";

/** Most values that one list of a filter holds. They travel to the index as one JSON parameter, so this bounds work, not syntax. */
const MOST_VALUES = 5000;

const operator = z.enum(["and_", "or_"]).default("and_");
const texts = maybe(z.array(z.string()).max(MOST_VALUES));
const ids = maybe(z.array(Uuid).max(MOST_VALUES));
const flag = maybe(z.boolean());
/** Part of a name; LIKE patterns are not interpreted. */
const like = maybe(z.string().max(1000));

const IdFilter = z.strictObject({ any_: ids, not_any_: ids });
const AnyId = z.strictObject({ any_: ids });
const NameFilter = z.strictObject({ any_: texts, like_: like });
const TagsFilter = z.strictObject({ operator, all_: texts, any_: texts, is_null_: flag });
const NullableIdFilter = z.strictObject({ operator, any_: ids, is_null_: flag });
const NullableNameFilter = z.strictObject({ operator, any_: texts, is_null_: flag });
const TimeFilter = z.strictObject({ before_: maybe(Timestamp), after_: maybe(Timestamp), is_null_: flag });
const SpanFilter = z.strictObject({ before_: maybe(Timestamp), after_: maybe(Timestamp) });

const StateTypes = maybe(z.array(z.enum(STATE_TYPES)).max(100));
const StateFilter = z.strictObject({
  operator,
  type: maybe(z.strictObject({ any_: StateTypes, not_any_: StateTypes })),
  name: maybe(z.strictObject({ any_: texts, not_any_: texts })),
});

export const FlowRunFilter = z.strictObject({
  operator,
  id: maybe(IdFilter),
  name: maybe(NameFilter),
  tags: maybe(TagsFilter),
  flow_id: maybe(z.strictObject({ operator, any_: ids })),
  deployment_id: maybe(NullableIdFilter),
  deployment_version_id: maybe(z.strictObject({ operator, deployment_id: Uuid, any_: ids })),
  work_queue_id: maybe(NullableIdFilter),
  work_queue_name: maybe(NullableNameFilter),
  state: maybe(StateFilter),
  flow_version: maybe(z.strictObject({ any_: texts })),
  start_time: maybe(TimeFilter),
  end_time: maybe(TimeFilter),
  expected_start_time: maybe(SpanFilter),
  next_scheduled_start_time: maybe(SpanFilter),
  parent_flow_run_id: maybe(z.strictObject({ operator, any_: ids })),
  parent_task_run_id: maybe(NullableIdFilter),
  idempotency_key: maybe(z.strictObject({ any_: texts, not_any_: texts })),
  created_by: maybe(z.strictObject({ operator, id_: ids, type_: texts, is_null_: flag })),
});
export type FlowRunFilterInput = z.output<typeof FlowRunFilter>;

export const AutomationFilter = z.strictObject({
  operator,
  id: maybe(AnyId),
  name: maybe(z.strictObject({ any_: texts })),
  created: maybe(z.strictObject({ before_: maybe(Timestamp) })),
  tags: maybe(TagsFilter),
});

export const TaskRunFilter = z.strictObject({
  operator,
  id: maybe(AnyId),
  name: maybe(NameFilter),
  tags: maybe(TagsFilter),
  state: maybe(
    z.strictObject({
      operator,
      type: maybe(z.strictObject({ any_: StateTypes })),
      name: maybe(z.strictObject({ any_: texts })),
    }),
  ),
  start_time: maybe(TimeFilter),
  end_time: maybe(TimeFilter),
  expected_start_time: maybe(SpanFilter),
  subflow_runs: maybe(z.strictObject({ exists_: flag })),
  flow_run_id: maybe(NullableIdFilter),
});
export type TaskRunFilterInput = z.output<typeof TaskRunFilter>;

export const FlowFilter = z.strictObject({
  operator,
  id: maybe(IdFilter),
  deployment: maybe(z.strictObject({ operator, is_null_: flag })),
  name: maybe(NameFilter),
  tags: maybe(TagsFilter),
});
export type FlowFilterInput = z.output<typeof FlowFilter>;

export const DeploymentFilter = z.strictObject({
  operator,
  id: maybe(IdFilter),
  name: maybe(NameFilter),
  flow_or_deployment_name: maybe(z.strictObject({ like_: like })),
  paused: maybe(z.strictObject({ eq_: flag })),
  tags: maybe(TagsFilter),
  work_queue_name: maybe(z.strictObject({ any_: texts })),
  work_queue_id: maybe(AnyId),
  concurrency_limit: maybe(z.strictObject({ ge_: maybe(z.int()), le_: maybe(z.int()), is_null_: flag })),
});
export type DeploymentFilterInput = z.output<typeof DeploymentFilter>;

export const VariableFilter = z.strictObject({
  operator,
  id: maybe(AnyId),
  name: maybe(NameFilter),
  tags: maybe(z.strictObject({ operator, all_: texts, is_null_: flag })),
});
export type VariableFilterInput = z.output<typeof VariableFilter>;

export const BlockTypeFilter = z.strictObject({
  name: maybe(z.strictObject({ like_: like })),
  slug: maybe(z.strictObject({ any_: texts })),
});
export type BlockTypeFilterInput = z.output<typeof BlockTypeFilter>;

export const BlockSchemaFilter = z.strictObject({
  operator,
  block_type_id: maybe(AnyId),
  block_capabilities: maybe(z.strictObject({ all_: texts })),
  id: maybe(AnyId),
  version: maybe(z.strictObject({ any_: texts })),
});
export type BlockSchemaFilterInput = z.output<typeof BlockSchemaFilter>;

export const BlockDocumentFilter = z.strictObject({
  operator,
  id: maybe(AnyId),
  /** Left out, it means those that are not; null means all. */
  is_anonymous: z.strictObject({ eq_: flag }).nullable().default({ eq_: false }),
  block_type_id: maybe(AnyId),
  name: maybe(NameFilter),
});
export type BlockDocumentFilterInput = z.output<typeof BlockDocumentFilter>;

export const WorkPoolFilter = z.strictObject({
  operator,
  id: maybe(AnyId),
  name: maybe(NameFilter),
  type: maybe(z.strictObject({ any_: texts })),
  paused: maybe(z.strictObject({ eq_: flag })),
});
export type WorkPoolFilterInput = z.output<typeof WorkPoolFilter>;

export const WorkQueueFilter = z.strictObject({
  operator,
  id: maybe(AnyId),
  name: maybe(z.strictObject({ any_: texts, startswith_: texts })),
});
export type WorkQueueFilterInput = z.output<typeof WorkQueueFilter>;

const WorkerStatuses = maybe(z.array(z.enum(["ONLINE", "OFFLINE"])).max(100));
export const WorkerFilter = z.strictObject({
  operator,
  name: maybe(z.strictObject({ any_: texts, not_any_: texts, like_: like })),
  last_heartbeat_time: maybe(SpanFilter),
  status: maybe(z.strictObject({ any_: WorkerStatuses, not_any_: WorkerStatuses })),
});
export type WorkerFilterInput = z.output<typeof WorkerFilter>;

export const LogFilter = z.strictObject({
  operator,
  level: maybe(z.strictObject({ ge_: maybe(z.int()), le_: maybe(z.int()) })),
  timestamp: maybe(SpanFilter),
  flow_run_id: maybe(AnyId),
  task_run_id: maybe(z.strictObject({ any_: ids, is_null_: flag })),
  text: maybe(z.strictObject({ query: z.string().max(200) })),
});
export type LogFilterInput = z.output<typeof LogFilter>;

export const ArtifactFilter = z.strictObject({
  operator,
  id: maybe(AnyId),
  key: maybe(z.strictObject({ any_: texts, like_: like, exists_: flag })),
  flow_run_id: maybe(AnyId),
  task_run_id: maybe(AnyId),
  type: maybe(z.strictObject({ any_: texts, not_any_: texts })),
});
export type ArtifactFilterInput = z.output<typeof ArtifactFilter>;

/** Artifacts of which each is the newest of its key. */
export const ArtifactCollectionFilter = ArtifactFilter.omit({ id: true }).extend({ latest_id: maybe(AnyId) });

/** The filters that most lists take together. Fields that are not theirs are ignored, as the wire ignores them here and only here. */
export const RunFilters = z.object({
  flows: maybe(FlowFilter),
  flow_runs: maybe(FlowRunFilter),
  task_runs: maybe(TaskRunFilter),
  deployments: maybe(DeploymentFilter),
  work_pools: maybe(WorkPoolFilter),
  work_pool_queues: maybe(WorkQueueFilter),
});
export type RunFiltersInput = z.output<typeof RunFilters>;
