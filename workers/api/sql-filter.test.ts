/**
 * The two ways in which a list is made, side by side: SQL over the index, executed by SQLite, and the evaluators of
 * domain/filter over the records. What they disagree on, a user would see appear and vanish.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import {
  FlowRunFilter,
  type FlowRunFilterInput,
  RunFilters,
  type RunFiltersInput,
} from "@millrace/contract/filters.ts";
import { type FlowRunSurroundings, matchesFlowRun } from "@millrace/domain/filter/flow-runs.ts";
import { FLOW_RUN_SORTS, flowRunOrder } from "@millrace/domain/filter/order.ts";
import type { FlowRun } from "@millrace/domain/flow-run/run.ts";
import { NOW, sampleRun, sampleState } from "@millrace/domain/flow-run/sample-run.ts";
import { STATE_TYPES } from "@millrace/domain/state.ts";
import { formatInstant, type Instant, plusSeconds } from "@millrace/domain/time.ts";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  type Asked,
  aroundArtifact,
  aroundDeployment,
  aroundFlow,
  aroundFlowRun,
  type Condition,
  flowRunCondition,
  ofTaskRunsInIndex,
} from "./sql-filter.ts";
import { FLOW_RUN_ORDERS } from "./sql-order.ts";

const [OURS, THEIRS] = ["01900000-0000-7000-8000-00000000000a", "01900000-0000-7000-8000-00000000000b"] as const;

let database: DatabaseSync;
beforeAll(() => {
  database = new DatabaseSync(":memory:");
  const folder = join(import.meta.dirname, "../../migrations/shard");
  for (const file of readdirSync(folder)
    .filter((name) => name.endsWith(".sql"))
    .sort())
    database.exec(readFileSync(join(folder, file), "utf8"));
});
afterAll(() => database.close());

type Cell = string | number | null;

function insert(table: string, row: Record<string, Cell>): void {
  const columns = Object.keys(row);
  const marks = columns.map(() => "?").join(", ");
  database.prepare(`INSERT INTO ${table} (${columns.join(", ")}) VALUES (${marks})`).run(...Object.values(row));
}

/** Runs `work` on tables that are empty before and after. */
function withRows(work: () => void): void {
  database.exec("BEGIN");
  try {
    work();
  } finally {
    database.exec("ROLLBACK");
  }
}

function idsOf(table: string, alias: string, where: Condition, order = `${alias}.id ASC`): string[] {
  const sql = `SELECT ${alias}.id FROM ${table} ${alias} WHERE ${alias}.workspace_id = ? AND ${where.sql} ORDER BY ${order}`;
  return database
    .prepare(sql)
    .all(OURS, ...where.values)
    .map(({ id }) => id as string);
}

interface Stored extends FlowRunSurroundings {
  run: FlowRun;
  taskRunIds?: readonly string[];
}

const insertRun = (workspace: string, { run, parentFlowRunId, taskRunIds = [] }: Stored): void =>
  insert("flow_runs", {
    workspace_id: workspace,
    id: run.id,
    version: 1,
    flow_id: run.flowId,
    deployment_id: run.deploymentId,
    deployment_version_id: run.deploymentVersionId,
    work_pool_id: run.workPoolId,
    work_queue_id: run.workQueueId,
    work_queue_name: run.workQueueName,
    parent_task_run_id: run.parentTaskRunId,
    parent_flow_run_id: parentFlowRunId,
    name: run.name,
    tags: JSON.stringify(run.tags),
    flow_version: run.flowVersion,
    idempotency_key: run.idempotencyKey,
    created_by: run.createdBy === null ? null : JSON.stringify(run.createdBy),
    state_type: run.state?.type ?? null,
    state_name: run.state?.name ?? null,
    expected_start_time: run.expectedStartTime,
    next_scheduled_start_time: run.nextScheduledStartTime,
    start_time: run.startTime,
    end_time: run.endTime,
    created: run.created,
    updated: run.updated,
    task_run_ids: taskRunIds.join(" "),
    body: "{}",
  });

/** Few values each, so that filters meet runs; among them what patterns, quotes and cases could trip over. */
const uuid = (digit: number): string => `00000000-0000-4000-8000-00000000000${digit}`;
const uuids = fc.integer({ min: 0, max: 5 }).map(uuid);
const words = fc.constantFrom(
  "a",
  "A",
  "ab",
  "%",
  "_",
  "a%b",
  "a_b",
  "é",
  "É",
  "ß",
  "'",
  '"',
  "\\",
  "😀",
  "\uffee",
  "10",
  "",
);
const times = fc.integer({ min: -3, max: 3 }).map((seconds) => plusSeconds(NOW, seconds));
const orNull = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null });
const states = fc
  .record({ type: fc.constantFrom(...STATE_TYPES), name: words })
  .map(({ type, name }) => sampleState(type, { name }));

const runs: fc.Arbitrary<Stored> = fc
  .record({
    id: fc.integer({ min: 0, max: 9 }).map(uuid),
    flowId: uuids,
    deploymentId: orNull(uuids),
    deploymentVersionId: orNull(uuids),
    workQueueId: orNull(uuids),
    workQueueName: orNull(words),
    parentTaskRunId: orNull(uuids),
    parentFlowRunId: orNull(uuids),
    name: words,
    tags: fc.uniqueArray(words, { maxLength: 3 }),
    flowVersion: orNull(words),
    idempotencyKey: orNull(words),
    createdBy: orNull(fc.record({ id: uuids, type: fc.constantFrom("USER", "DEPLOYMENT"), display_value: words })),
    state: orNull(states),
    expectedStartTime: orNull(times),
    nextScheduledStartTime: orNull(times),
    startTime: orNull(times),
    endTime: orNull(times),
  })
  .map(({ parentFlowRunId, state, ...rest }) => ({ run: sampleRun(state, rest), parentFlowRunId }));

/** Filters as they come in over the wire, times as text. */
const operator = fc.constantFrom("and_", "or_", undefined);
const list = <T>(arbitrary: fc.Arbitrary<T>) => orNull(fc.array(arbitrary, { maxLength: 3 }));
const flag = orNull(fc.boolean());
const timeText = orNull(times.map((at) => formatInstant(at as Instant)));
const span = fc.record({ before_: timeText, after_: timeText });
const spanOrNull = fc.record({ before_: timeText, after_: timeText, is_null_: flag });
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 1 });
const types = list(fc.constantFrom(...STATE_TYPES));

const filters: fc.Arbitrary<FlowRunFilterInput> = fc
  .record({
    operator,
    id: maybe(fc.record({ any_: list(uuids), not_any_: list(uuids) })),
    name: maybe(fc.record({ any_: list(words), like_: orNull(words) })),
    tags: maybe(fc.record({ operator, all_: list(words), any_: list(words), is_null_: flag })),
    flow_id: maybe(fc.record({ operator, any_: list(uuids) })),
    deployment_id: maybe(fc.record({ operator, any_: list(uuids), is_null_: flag })),
    deployment_version_id: maybe(fc.record({ operator, deployment_id: uuids, any_: list(uuids) })),
    work_queue_id: maybe(fc.record({ operator, any_: list(uuids), is_null_: flag })),
    work_queue_name: maybe(fc.record({ operator, any_: list(words), is_null_: flag })),
    state: maybe(
      fc.record({
        operator,
        type: maybe(fc.record({ any_: types, not_any_: types })),
        name: maybe(fc.record({ any_: list(words), not_any_: list(words) })),
      }),
    ),
    flow_version: maybe(fc.record({ any_: list(words) })),
    start_time: maybe(spanOrNull),
    end_time: maybe(spanOrNull),
    expected_start_time: maybe(span),
    next_scheduled_start_time: maybe(span),
    parent_flow_run_id: maybe(fc.record({ operator, any_: list(uuids) })),
    parent_task_run_id: maybe(fc.record({ operator, any_: list(uuids), is_null_: flag })),
    idempotency_key: maybe(fc.record({ any_: list(words), not_any_: list(words) })),
    created_by: maybe(
      fc.record({ operator, id_: list(uuids), type_: list(fc.constantFrom("USER", "DEPLOYMENT")), is_null_: flag }),
    ),
  })
  // Most filters ask for one or two things; those that ask for all find nothing.
  .chain((filter) =>
    fc
      .subarray(
        Object.keys(filter).filter((key) => key !== "operator"),
        { maxLength: 3 },
      )
      .map((kept) => {
        const asked = Object.entries(filter).filter(([key]) => key === "operator" || kept.includes(key));
        return FlowRunFilter.parse(Object.fromEntries(asked));
      }),
  );

test("[AP14] SQL over the index and the rules of domain/filter mean the same flow runs, in the same order", () => {
  let found = 0;
  fc.assert(
    fc.property(
      fc.uniqueArray(runs, { selector: ({ run }) => run.id, maxLength: 10 }),
      filters,
      fc.constantFrom(...FLOW_RUN_SORTS),
      (stored, filter, sort) => {
        withRows(() => {
          for (const one of stored) insertRun(OURS, one);
          const meant = stored.filter((one) => matchesFlowRun(filter, one.run, one));
          const expected = meant
            .map(({ run }) => run)
            .sort(flowRunOrder(sort))
            .map(({ id }) => id);
          expect(idsOf("flow_runs", "r", flowRunCondition(filter), FLOW_RUN_ORDERS[sort])).toEqual(expected);
          found += expected.length;
        });
      },
    ),
    { numRuns: 1500 },
  );
  // A comparison of nothing with nothing proves nothing.
  expect(found).toBeGreaterThan(2000);
});

const flow = (id: number, name: string, workspace: string = OURS) => ({
  workspace_id: workspace,
  id: uuid(id),
  name,
  tags: "[]",
  labels: "{}",
  created: id,
  updated: id,
});
const deployment = (id: number, flowId: number, name: string, workspace: string = OURS) => ({
  ...flow(id, name, workspace),
  flow_id: uuid(flowId),
  parameters: "{}",
  enforce_parameter_schema: 0,
  job_variables: "{}",
  work_pool_id: id === 3 ? uuid(8) : null,
});
const pool = {
  ...{ workspace_id: OURS, id: uuid(8), name: "fast", type: "process", base_job_template: "{}", is_paused: 0 },
  ...{ default_queue_id: uuid(9), created: 1, updated: 1 },
};

const IN_POOL = { workPoolId: uuid(8), workQueueId: uuid(9), workQueueName: "default" };

/** Flows 1 and 2, deployments 3 and 4 of flow 1, runs 5 (of deployment 3, in the pool) and 6 (of flow 2); another tenant's alike. */
function surroundings(): void {
  for (const row of [flow(1, "one"), flow(2, "two"), flow(1, "one", THEIRS)]) insert("flows", row);
  for (const row of [deployment(3, 1, "nightly"), deployment(4, 1, "hourly"), deployment(3, 2, "theirs", THEIRS)])
    insert("deployments", row);
  insert("work_pools", pool);
  const run = (id: number, changes: Partial<FlowRun>): Stored => ({
    run: sampleRun(null, { id: uuid(id), ...changes }),
    parentFlowRunId: null,
  });
  insertRun(OURS, run(5, { flowId: uuid(1), deploymentId: uuid(3), ...IN_POOL, name: "x" }));
  insertRun(OURS, { ...run(6, { flowId: uuid(2), name: "y" }), taskRunIds: [uuid(7), uuid(0)] });
  insertRun(THEIRS, run(5, { flowId: uuid(2), deploymentId: uuid(3), name: "theirs" }));
}

/** Artifacts 1 of run 5 and a task run, 2 of run 6, 3 of nothing. */
function surroundingArtifacts(): void {
  const artifact = (id: number, flow_run_id: string | null, task_run_id: string | null) => ({
    ...{ workspace_id: OURS, id: uuid(id), key: `k${id}`, type: "markdown", data: "{}", flow_run_id, task_run_id },
    ...{ created: id, updated: id },
  });
  insert("artifacts", artifact(1, uuid(5), uuid(7)));
  insert("artifacts", artifact(2, uuid(6), null));
  insert("artifacts", artifact(3, null, null));
}

const any = (...ids: number[]) => ({ any_: ids.map(uuid) });

/** Lists of artifacts take no filters on pools and queues. */
const without = ({ work_pools: _, work_pool_queues: __, ...rest }: Asked<RunFiltersInput>) => rest;

/** The filters, of whose task runs the index knows what is asked. */
const known = (filters: RunFiltersInput, of: "flowRun" | "artifact" = "flowRun") => ({
  ...filters,
  task_runs: filters.task_runs && ofTaskRunsInIndex[of](filters.task_runs),
});

const lists = {
  runs: (asked: RunFiltersInput) => idsOf("flow_runs", "r", aroundFlowRun(known(asked))),
  flows: (asked: RunFiltersInput) => idsOf("flows", "f", aroundFlow(known(asked))),
  deployments: (asked: RunFiltersInput) => idsOf("deployments", "d", aroundDeployment(known(asked))),
  artifacts: (asked: RunFiltersInput) =>
    idsOf("artifacts", "a", aroundArtifact({ artifacts: null, ...without(known(asked, "artifact")) })),
};

test.each<[string, keyof typeof lists, object, number[]]>([
  ["[AP14] all runs", "runs", {}, [5, 6]],
  ["[AP14] runs of a flow by name", "runs", { flows: { name: { any_: ["one"] } } }, [5]],
  ["[AP14] runs of a deployment by name", "runs", { deployments: { name: { like_: "NIGHT" } } }, [5]],
  ["[AP14] runs in a pool", "runs", { work_pools: { name: { any_: ["fast"] } } }, [5]],
  ["[AP14] runs in a queue", "runs", { work_pool_queues: { name: { startswith_: ["def"] } } }, [5]],
  ["[AP14] runs in a queue by id", "runs", { work_pool_queues: { id: any(9) } }, [5]],
  ["[AP14] runs in any queue", "runs", { work_pool_queues: {} }, [5]],
  ["[AP14] runs in any pool", "runs", { work_pools: {} }, [5]],
  ["[AP14] deployments in any queue", "deployments", { work_pool_queues: {} }, [3]],
  ["[AP14] runs in no such queue", "runs", { work_pool_queues: { name: { startswith_: ["Def", "efault"] } } }, []],
  ["[AP14] runs by their task runs", "runs", { task_runs: { id: any(0, 9) } }, [6]],
  ["[AP14] runs that have task runs", "runs", { task_runs: {} }, [6]],
  ["[AP14] two surroundings at once", "runs", { flows: { id: any(2) }, task_runs: { id: any(7) } }, [6]],
  ["[AP14] two that exclude each other", "runs", { flows: { id: any(1) }, task_runs: { id: any(7) } }, []],
  ["[AP14] flows with a deployment", "flows", { flows: { deployment: { is_null_: false } } }, [1]],
  ["[AP14] flows without one", "flows", { flows: { deployment: { is_null_: true } } }, [2]],
  ["[AP14] flows by their runs", "flows", { flow_runs: { name: { any_: ["y"] } } }, [2]],
  ["[AP14] flows by their task runs", "flows", { task_runs: { id: any(7) } }, [2]],
  ["[AP14] flows with task runs", "flows", { task_runs: {} }, [2]],
  ["[AP14] flows of which one run is both", "flows", { flow_runs: { name: { any_: ["y"] } }, task_runs: {} }, [2]],
  ["[AP14] flows of which no run is both", "flows", { flow_runs: { name: { any_: ["x"] } }, task_runs: {} }, []],
  [
    "[AP14] flows of which no deployment is both",
    "flows",
    { deployments: { name: { any_: ["hourly"] } }, work_pools: { id: any(8) } },
    [],
  ],
  ["[AP14] flows but for some", "flows", { flows: { id: { not_any_: [uuid(1)] } } }, [2]],
  ["[AP14] flows by a deployment", "flows", { deployments: { name: { any_: ["theirs"] } } }, []],
  ["[AP14] flows by a deployment's pool", "flows", { work_pools: { type: { any_: ["process"] } } }, [1]],
  ["[AP14] flows by a deployment's queue", "flows", { work_pool_queues: { id: any(9) } }, [1]],
  [
    "[AP14] by own or flow's name",
    "deployments",
    { deployments: { flow_or_deployment_name: { like_: "on" } } },
    [3, 4],
  ],
  ["[AP14] by own name", "deployments", { deployments: { flow_or_deployment_name: { like_: "hour" } } }, [4]],
  ["[AP14] but for some", "deployments", { deployments: { id: { not_any_: [uuid(4)] } } }, [3]],
  ["[AP14] deployments of whose runs one is both", "deployments", { flow_runs: {}, task_runs: {} }, []],
  ["[AP14] paused", "deployments", { deployments: { paused: { eq_: true } } }, []],
  ["[AP14] not paused", "deployments", { deployments: { paused: { eq_: false } } }, [3, 4]],
  ["[AP14] of a queue", "deployments", { deployments: { work_queue_name: { any_: ["default"] } } }, [3]],
  ["[AP14] of a queue by id", "deployments", { deployments: { work_queue_id: any(9) } }, [3]],
  ["[AP14] of queues", "deployments", { work_pool_queues: { name: { startswith_: ["d"] } } }, [3]],
  ["[AP14] with a limit", "deployments", { deployments: { concurrency_limit: { ge_: 1 } } }, []],
  ["[AP14] of a pool", "deployments", { work_pools: { id: any(8) } }, [3]],
  ["[AP14] all artifacts", "artifacts", {}, [1, 2, 3]],
  ["[AP14] of a run", "artifacts", { flow_runs: { name: { any_: ["x"] } } }, [1]],
  ["[AP14] of a flow's runs", "artifacts", { flows: { name: { any_: ["two"] } } }, [2]],
  ["[AP14] of a deployment's runs", "artifacts", { deployments: { name: { any_: ["nightly"] } } }, [1]],
  ["[AP14] of a task run", "artifacts", { task_runs: { id: any(7) } }, [1]],
  ["[AP14] of any task run", "artifacts", { task_runs: {} }, [1]],
  ["[AP14] of runs", "deployments", { flow_runs: { name: { any_: ["x"] } } }, [3]],
])("%s: %s", (_case, list, asked, expected) => {
  withRows(() => {
    surroundings();
    surroundingArtifacts();
    expect(lists[list](RunFilters.parse(asked))).toEqual(expected.map(uuid));
  });
});

test.each(["state", "name", "tags", "start_time", "flow_run_id", "subflow_runs"])(
  "[AP14] the index does not know the %s of task runs, and says nothing of it",
  (field) => {
    const asked = RunFilters.parse({ task_runs: { [field]: {} } }).task_runs;
    for (const knows of Object.values(ofTaskRunsInIndex)) expect(asked && knows(asked)).toBeNull();
  },
);

test("[AP5] every value is a parameter: nothing that a caller says stands in the SQL", () => {
  fc.assert(
    fc.property(filters, (filter) => {
      const { sql, values } = flowRunCondition(filter);
      expect(sql.split("?").length - 1).toBe(values.length);
      expect(sql).not.toMatch(/😀|%|é|0000-/);
      // SQLite takes a hundred of them; the workspace, limit and offset want three more.
      expect(values.length).toBeLessThan(90);
    }),
  );
});

test("[AP5] a list of thousands is one parameter", () => {
  const filter = FlowRunFilter.parse({ name: { any_: Array.from({ length: 5000 }, (_, at) => `name ${at}`) } });
  expect(flowRunCondition(filter).values).toHaveLength(1);
  withRows(() => {
    insertRun(OURS, { run: sampleRun(null, { id: uuid(1), name: "name 4999" }), parentFlowRunId: null });
    expect(idsOf("flow_runs", "r", flowRunCondition(filter))).toEqual([uuid(1)]);
  });
});
