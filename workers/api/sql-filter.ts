/**
 * Filters of the wire as SQL, saying of a row of the index what domain/filter says of a record.
 *
 * AP5  Every value is a parameter. A list is one parameter, a JSON array: SQLite allows a hundred of them, filters hold thousands.
 * AP14 A filter means here what it means in domain/filter. What it asks of task runs the index cannot say: see asked-of-task-runs.ts.
 */
import type {
  ArtifactFilterInput,
  BlockDocumentFilterInput,
  BlockSchemaFilterInput,
  BlockTypeFilterInput,
  DeploymentFilterInput,
  FlowFilterInput,
  FlowRunFilterInput,
  RunFiltersInput,
  TaskRunFilterInput,
  VariableFilterInput,
  WorkPoolFilterInput,
  WorkQueueFilterInput,
} from "@millrace/contract/filters.ts";

/** A condition with its parameters, in the order of their question marks. */
export interface Condition {
  sql: string;
  values: (string | number | null)[];
}

type Part = Condition | null;
type Operator = "and_" | "or_" | undefined;

const TRUE: Condition = { sql: "1", values: [] };

/** All of the conditions, or with "or_" one of them; true where nothing was asked for. */
export function combine(operator: Operator, parts: readonly Part[]): Condition {
  const asked = parts.filter((part) => part !== null);
  if (asked.length === 0) return TRUE;
  return {
    sql: `(${asked.map(({ sql }) => sql).join(operator === "or_" ? " OR " : " AND ")})`,
    values: asked.flatMap(({ values }) => values),
  };
}

const within = <F>(filter: F | null | undefined, make: (filter: F) => Condition): Part =>
  filter ? make(filter) : null;

export const anyOf = (column: string, list: readonly string[] | null | undefined): Part =>
  list ? { sql: `${column} IN (SELECT value FROM json_each(?))`, values: [JSON.stringify(list)] } : null;

const noneOf = (column: string, list: readonly string[] | null | undefined): Part =>
  list && list.length > 0
    ? { sql: `${column} NOT IN (SELECT value FROM json_each(?))`, values: [JSON.stringify(list)] }
    : null;

const isNull = (column: string, wanted: boolean | null | undefined): Part =>
  wanted === null || wanted === undefined ? null : { sql: `${column} IS ${wanted ? "" : "NOT "}NULL`, values: [] };

/** LIKE would take the pattern's own wildcards, and refuses long ones. */
const like = (column: string, text: string | null | undefined): Part =>
  text ? { sql: `instr(lower(${column}), lower(?)) > 0`, values: [text] } : null;

const before = (column: string, at: number | null | undefined): Part =>
  at === null || at === undefined ? null : { sql: `${column} <= ?`, values: [at] };
const after = (column: string, at: number | null | undefined): Part =>
  at === null || at === undefined ? null : { sql: `${column} >= ?`, values: [at] };

interface Time {
  before_?: number | null;
  after_?: number | null;
  is_null_?: boolean | null;
}
const time = (column: string, filter: Time, nullColumn = column): Condition =>
  combine("and_", [before(column, filter.before_), after(column, filter.after_), isNull(nullColumn, filter.is_null_)]);

interface AnyNull {
  operator?: Operator;
  any_?: readonly string[] | null;
  is_null_?: boolean | null;
}
const anyOrNull = (column: string, filter: AnyNull): Condition =>
  combine(filter.operator, [anyOf(column, filter.any_), isNull(column, filter.is_null_)]);

interface Name {
  any_?: readonly string[] | null;
  like_?: string | null;
}
const named = (column: string, filter: Name): Condition =>
  combine("and_", [anyOf(column, filter.any_), like(column, filter.like_)]);

interface Tags {
  operator?: Operator;
  all_?: readonly string[] | null;
  any_?: readonly string[] | null;
  is_null_?: boolean | null;
}
/** Tags lie in their column as a JSON list. */
const tagged = (column: string, filter: Tags): Condition =>
  combine(filter.operator, [
    filter.all_ && filter.all_.length > 0
      ? {
          sql: `NOT EXISTS (SELECT 1 FROM json_each(?) wanted WHERE wanted.value NOT IN (SELECT value FROM json_each(${column})))`,
          values: [JSON.stringify(filter.all_)],
        }
      : null,
    filter.any_
      ? {
          sql: `EXISTS (SELECT 1 FROM json_each(${column}) has WHERE has.value IN (SELECT value FROM json_each(?)))`,
          values: [JSON.stringify(filter.any_)],
        }
      : null,
    filter.is_null_ === null || filter.is_null_ === undefined
      ? null
      : { sql: `json_array_length(${column}) ${filter.is_null_ ? "=" : ">"} 0`, values: [] },
  ]);

interface AnyNot {
  any_?: readonly string[] | null;
  not_any_?: readonly string[] | null;
}
const anyOrNot = (column: string, filter: AnyNot): Condition =>
  combine("and_", [anyOf(column, filter.any_), noneOf(column, filter.not_any_)]);

/** A part that asks for nothing is left out, so that under "or_" it does not let everything through. */
const asked = (column: string, filter: AnyNot | null): Part =>
  filter && (filter.any_ || (filter.not_any_ && filter.not_any_.length > 0)) ? anyOrNot(column, filter) : null;

/** Flow runs, as columns of `flow_runs r`. */
export const flowRunCondition = (filter: FlowRunFilterInput): Condition =>
  combine(filter.operator, [
    within(filter.id, (f) => anyOrNot("r.id", f)),
    within(filter.name, (f) => named("r.name", f)),
    within(filter.tags, (f) => tagged("r.tags", f)),
    within(filter.flow_id, (f) => combine("and_", [anyOf("r.flow_id", f.any_)])),
    within(filter.deployment_id, (f) => anyOrNull("r.deployment_id", f)),
    within(filter.deployment_version_id, (f) =>
      combine(f.operator, [
        { sql: "r.deployment_id IS ?", values: [f.deployment_id] },
        anyOf("r.deployment_version_id", f.any_),
      ]),
    ),
    within(filter.work_queue_id, (f) => anyOrNull("r.work_queue_id", f)),
    within(filter.work_queue_name, (f) => anyOrNull("r.work_queue_name", f)),
    within(filter.state, (f) => combine(f.operator, [asked("r.state_type", f.type), asked("r.state_name", f.name)])),
    within(filter.flow_version, (f) => combine("and_", [anyOf("r.flow_version", f.any_)])),
    within(filter.start_time, (f) => time("r.start_or_expected", f, "r.start_time")),
    within(filter.end_time, (f) => time("r.end_time", f)),
    within(filter.expected_start_time, (f) => time("r.expected_start_time", f)),
    within(filter.next_scheduled_start_time, (f) => time("r.next_scheduled_start_time", f)),
    within(filter.parent_flow_run_id, (f) => combine("and_", [anyOf("r.parent_flow_run_id", f.any_)])),
    within(filter.parent_task_run_id, (f) => anyOrNull("r.parent_task_run_id", f)),
    within(filter.idempotency_key, (f) => anyOrNot("r.idempotency_key", f)),
    within(filter.created_by, (f) =>
      combine(f.operator, [
        anyOf("json_extract(r.created_by, '$.id')", f.id_),
        anyOf("json_extract(r.created_by, '$.type')", f.type_),
        isNull("r.created_by", f.is_null_),
      ]),
    ),
  ]);

/** Variables, as columns of `variables v`. */
export const variableCondition = (filter: VariableFilterInput): Condition =>
  combine(filter.operator, [
    within(filter.id, (f) => combine("and_", [anyOf("v.id", f.any_)])),
    within(filter.name, (f) => named("v.name", f)),
    within(filter.tags, (f) => tagged("v.tags", f)),
  ]);

/** Block types, as columns of `block_types t`. */
export const blockTypeCondition = (filter: BlockTypeFilterInput): Condition =>
  combine("and_", [
    within(filter.name, (f) => combine("and_", [like("t.name", f.like_)])),
    within(filter.slug, (f) => combine("and_", [anyOf("t.slug", f.any_)])),
  ]);

/** Block schemas, as columns of `block_schemas s`. */
export const blockSchemaCondition = (filter: BlockSchemaFilterInput): Condition =>
  combine(filter.operator, [
    within(filter.block_type_id, (f) => combine("and_", [anyOf("s.block_type_id", f.any_)])),
    within(filter.block_capabilities, (f) => tagged("s.capabilities", f)),
    within(filter.id, (f) => combine("and_", [anyOf("s.id", f.any_)])),
    within(filter.version, (f) => combine("and_", [anyOf("s.version", f.any_)])),
  ]);

/** Block documents, as columns of `block_documents b`; without a filter, those that are not anonymous. */
export const blockDocumentCondition = (filter: BlockDocumentFilterInput | null): Condition =>
  filter
    ? combine(filter.operator, [
        within(filter.id, (f) => combine("and_", [anyOf("b.id", f.any_)])),
        within(filter.is_anonymous, (f) =>
          f.eq_ === null ? combine("and_", []) : { sql: "b.is_anonymous = ?", values: [f.eq_ ? 1 : 0] },
        ),
        within(filter.block_type_id, (f) => combine("and_", [anyOf("b.block_type_id", f.any_)])),
        within(filter.name, (f) => named("b.name", f)),
      ])
    : { sql: "b.is_anonymous = 0", values: [] };

/** Flows, as columns of `flows f`. */
export const flowCondition = (filter: FlowFilterInput): Condition =>
  combine(filter.operator, [
    within(filter.id, (f) => anyOrNot("f.id", f)),
    within(filter.name, (f) => named("f.name", f)),
    within(filter.tags, (f) => tagged("f.tags", f)),
    within(filter.deployment, (f) =>
      f.is_null_ === null
        ? TRUE
        : {
            sql: `${f.is_null_ ? "NOT " : ""}EXISTS (SELECT 1 FROM deployments fd WHERE fd.workspace_id = f.workspace_id AND fd.flow_id = f.id)`,
            values: [],
          },
    ),
  ]);

/** The queue of a deployment `d`: the one that it names, otherwise its pool's default one. */
export const DEPLOYMENT_QUEUE = {
  id: `coalesce((SELECT dq.id FROM work_queues dq WHERE dq.workspace_id = d.workspace_id AND dq.work_pool_id = d.work_pool_id
    AND dq.name = d.work_queue_name),
    (SELECT dp.default_queue_id FROM work_pools dp WHERE dp.workspace_id = d.workspace_id AND dp.id = d.work_pool_id))`,
  name: "CASE WHEN d.work_pool_id IS NULL THEN NULL ELSE coalesce(d.work_queue_name, 'default') END",
};
const RUN_QUEUE = { id: "r.work_queue_id", name: "r.work_queue_name" };

/** Work queues, as columns of `work_queues q`. */
export const queueRowCondition = (filter: WorkQueueFilterInput): Condition =>
  workQueueCondition({ id: "q.id", name: "q.name" })(filter);

/** The queue of something, by what says its id and name; what is in no queue is not meant, even by a filter that asks for nothing. */
const ofQueue =
  (queue: { id: string; name: string }) =>
  (filter: WorkQueueFilterInput): Condition =>
    combine("and_", [{ sql: `${queue.id} IS NOT NULL`, values: [] }, workQueueCondition(queue)(filter)]);

/** Work queues, by what says their id and name. */
const workQueueCondition =
  (queue: { id: string; name: string }) =>
  (filter: WorkQueueFilterInput): Condition =>
    combine(filter.operator, [
      within(filter.id, (f) => combine("and_", [anyOf(queue.id, f.any_)])),
      within(filter.name, (f) =>
        combine("and_", [
          anyOf(queue.name, f.any_),
          within(f.startswith_, (starts) => ({
            sql: `EXISTS (SELECT 1 FROM json_each(?) start WHERE substr(${queue.name}, 1, length(start.value)) = start.value)`,
            values: [JSON.stringify(starts)],
          })),
        ]),
      ),
    ]);

/** Deployments, as columns of `deployments d`. */
const DEPLOYMENT_LIMIT =
  '(SELECT dl."limit" FROM concurrency_limits dl WHERE dl.workspace_id = d.workspace_id AND dl.id = d.concurrency_limit_id)';

export const deploymentCondition = (filter: DeploymentFilterInput): Condition =>
  combine(filter.operator, [
    within(filter.id, (f) => anyOrNot("d.id", f)),
    within(filter.name, (f) => named("d.name", f)),
    within(filter.flow_or_deployment_name, (f) =>
      combine("or_", [
        like("d.name", f.like_),
        f.like_
          ? {
              sql: "EXISTS (SELECT 1 FROM flows df WHERE df.workspace_id = d.workspace_id AND df.id = d.flow_id AND instr(lower(df.name), lower(?)) > 0)",
              values: [f.like_],
            }
          : null,
      ]),
    ),
    within(filter.paused, (f) => (f.eq_ === null ? TRUE : { sql: "d.paused = ?", values: [f.eq_ ? 1 : 0] })),
    within(filter.tags, (f) => tagged("d.tags", f)),
    within(filter.work_queue_name, (f) => combine("and_", [anyOf(DEPLOYMENT_QUEUE.name, f.any_)])),
    within(filter.work_queue_id, (f) => combine("and_", [anyOf(DEPLOYMENT_QUEUE.id, f.any_)])),
    within(filter.concurrency_limit, (f) =>
      combine("and_", [
        f.ge_ === null ? null : { sql: `${DEPLOYMENT_LIMIT} >= ?`, values: [f.ge_] },
        f.le_ === null ? null : { sql: `${DEPLOYMENT_LIMIT} <= ?`, values: [f.le_] },
        f.is_null_ === null ? null : { sql: `${DEPLOYMENT_LIMIT} IS ${f.is_null_ ? "" : "NOT "}NULL`, values: [] },
      ]),
    ),
  ]);

/** Work pools, as columns of `work_pools p`. */
export const workPoolCondition = (filter: WorkPoolFilterInput): Condition =>
  combine(filter.operator, [
    within(filter.id, (f) => combine("and_", [anyOf("p.id", f.any_)])),
    within(filter.name, (f) => named("p.name", f)),
    within(filter.type, (f) => combine("and_", [anyOf("p.type", f.any_)])),
    within(filter.paused, (f) => (f.eq_ === null ? TRUE : { sql: "p.is_paused = ?", values: [f.eq_ ? 1 : 0] })),
  ]);

/** Artifacts, as columns of `artifacts a`. */
export const artifactCondition = (filter: ArtifactFilterInput): Condition =>
  combine(filter.operator, [
    within(filter.id, (f) => combine("and_", [anyOf("a.id", f.any_)])),
    within(filter.key, (f) =>
      combine("and_", [
        anyOf("a.key", f.any_),
        like("a.key", f.like_),
        f.exists_ === null ? null : isNull("a.key", !f.exists_),
      ]),
    ),
    within(filter.flow_run_id, (f) => combine("and_", [anyOf("a.flow_run_id", f.any_)])),
    within(filter.task_run_id, (f) => combine("and_", [anyOf("a.task_run_id", f.any_)])),
    within(filter.type, (f) => anyOrNot("a.type", f)),
  ]);

const exists = (sql: string, condition: Condition): Condition => ({
  sql: `EXISTS (SELECT 1 FROM ${sql} AND ${condition.sql})`,
  values: condition.values,
});

/** Filters in which what they ask of task runs has become a condition on what surrounds them: a flow run `r`, or an artifact `a`. */
export type Asked<F extends { task_runs: unknown }> = Omit<F, "task_runs"> & { task_runs: Condition | null };

/** What the index knows by itself of task runs: whether there are any, and their ids. Null: more is asked. */
export const ofTaskRunsInIndex = {
  flowRun: (filter: TaskRunFilterInput): Part =>
    knownOf(filter, {
      any: "r.task_run_ids <> ''",
      named: "EXISTS (SELECT 1 FROM json_each(?) wanted WHERE instr(r.task_run_ids, wanted.value) > 0)",
    }),
  artifact: (filter: TaskRunFilterInput): Part =>
    knownOf(filter, {
      any: "a.task_run_id IS NOT NULL",
      named: "a.task_run_id IN (SELECT value FROM json_each(?))",
    }),
};

function knownOf({ operator: _, id, ...others }: TaskRunFilterInput, sql: { any: string; named: string }): Part {
  if (Object.values(others).some((part) => part !== null)) return null;
  if (id === null) return { sql: sql.any, values: [] };
  return id.any_ && { sql: sql.named, values: [JSON.stringify(id.any_)] };
}

/** One thing that meets all of these; null where none is asked for. */
const oneOf = (sql: string, parts: readonly Part[]): Part =>
  parts.some((part) => part !== null) ? exists(sql, combine("and_", parts)) : null;

/** The filters on what surrounds a flow run `r`. */
export const aroundFlowRun = (filters: Asked<RunFiltersInput>): Condition =>
  combine("and_", [
    within(filters.flow_runs, flowRunCondition),
    filters.task_runs,
    within(filters.work_pool_queues, ofQueue(RUN_QUEUE)),
    within(filters.flows, (f) =>
      exists("flows f WHERE f.workspace_id = r.workspace_id AND f.id = r.flow_id", flowCondition(f)),
    ),
    within(filters.deployments, (f) =>
      exists("deployments d WHERE d.workspace_id = r.workspace_id AND d.id = r.deployment_id", deploymentCondition(f)),
    ),
    within(filters.work_pools, (f) =>
      exists("work_pools p WHERE p.workspace_id = r.workspace_id AND p.id = r.work_pool_id", workPoolCondition(f)),
    ),
  ]);

const poolOfDeployment = (filter: WorkPoolFilterInput): Condition =>
  exists("work_pools p WHERE p.workspace_id = d.workspace_id AND p.id = d.work_pool_id", workPoolCondition(filter));

/** The filters on what surrounds a flow `f`: what they ask of runs is true of one run, what of deployments of one deployment. */
export const aroundFlow = (filters: Asked<RunFiltersInput>): Condition =>
  combine("and_", [
    within(filters.flows, flowCondition),
    oneOf("flow_runs r WHERE r.workspace_id = f.workspace_id AND r.flow_id = f.id", [
      within(filters.flow_runs, flowRunCondition),
      filters.task_runs,
    ]),
    oneOf("deployments d WHERE d.workspace_id = f.workspace_id AND d.flow_id = f.id", [
      within(filters.deployments, deploymentCondition),
      within(filters.work_pool_queues, ofQueue(DEPLOYMENT_QUEUE)),
      within(filters.work_pools, poolOfDeployment),
    ]),
  ]);

/** The filters on what surrounds a deployment `d`: what they ask of runs is true of one run. */
export const aroundDeployment = (filters: Asked<RunFiltersInput>): Condition =>
  combine("and_", [
    within(filters.deployments, deploymentCondition),
    oneOf("flow_runs r WHERE r.workspace_id = d.workspace_id AND r.deployment_id = d.id", [
      within(filters.flow_runs, flowRunCondition),
      filters.task_runs,
    ]),
    within(filters.work_pool_queues, ofQueue(DEPLOYMENT_QUEUE)),
    within(filters.flows, (f) =>
      exists("flows f WHERE f.workspace_id = d.workspace_id AND f.id = d.flow_id", flowCondition(f)),
    ),
    within(filters.work_pools, poolOfDeployment),
  ]);

/** The filters on what surrounds an artifact `a`. */
export function aroundArtifact({
  artifacts,
  task_runs,
  flows,
  flow_runs,
  deployments,
}: Asked<ArtifactFilters>): Condition {
  const around = { flows, flow_runs, deployments };
  const run = aroundFlowRun({ ...NO_FILTERS, ...around });
  return combine("and_", [
    within(artifacts, artifactCondition),
    task_runs,
    Object.values(around).some((filter) => filter !== null)
      ? exists("flow_runs r WHERE r.workspace_id = a.workspace_id AND r.id = a.flow_run_id", run)
      : null,
  ]);
}

export type ArtifactFilters = Omit<RunFiltersInput, "work_pools" | "work_pool_queues"> & {
  artifacts: ArtifactFilterInput | null;
};

/** Filters that mean everything. */
export const NO_FILTERS = {
  flows: null,
  flow_runs: null,
  task_runs: null,
  deployments: null,
  work_pools: null,
  work_pool_queues: null,
} as const;
