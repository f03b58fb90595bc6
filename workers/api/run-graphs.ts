import { runGraphs, type WireGraph } from "@millrace/contract/run-graphs.ts";
import { stateToWire } from "@millrace/contract/states.ts";
import { text } from "@millrace/contract/wire.ts";
import { estimatedRunTime } from "@millrace/domain/flow-run/estimates.ts";
import type { Json } from "@millrace/domain/json.ts";
import type { StateType } from "@millrace/domain/state.ts";
import { type Subflow, upstreamOf } from "@millrace/domain/task-run/graph.ts";
import { formatInstant, fromMilliseconds, type Instant, instant } from "@millrace/domain/time.ts";
import { unpack } from "../../durable-objects/kit/packed.ts";
import type { Tenant } from "../auth/credential.ts";
import type { Env } from "../env.ts";
import { runAt } from "./flow-runs.ts";
import { JsonText, json, notFound } from "./refusal.ts";
import { type App, serve } from "./serve.ts";
import { shardOfTenant } from "./shard.ts";

/** Nodes of a graph: a picture of more is of no use to anybody. */
const MOST_NODES = 10_000;
/** Artifacts of a graph. */
const MOST_ARTIFACTS = 10_000;
/** Task runs that the older form shows. */
const MOST_DEPENDENCIES = 200;

/** Graphs of runs. The object knows the task runs; what subflows are called, and which artifacts there are, the index. */
export function serveRunGraphs(app: App): void {
  serve(app, runGraphs.graph, async ({ env, tenant, params, query }) => {
    const object = runAt(env, tenant, params.id);
    const standIns = (await object.standIns(tenant)) ?? notFound("flow run", params.id);
    const around = await surroundings(env, tenant, params.id, standIns);
    const graph = await object.graph(tenant, { ...around, since: query.since ?? null, mostNodes: MOST_NODES });
    if (graph === null) notFound("flow run", params.id);
    if (graph === "too large") {
      return json({ detail: `The graph of flow run ${params.id} has more than ${MOST_NODES} nodes.` }, 400);
    }
    return new JsonText(graph);
  });

  serve(app, runGraphs.dependencies, async ({ env, tenant, params }) => {
    const object = runAt(env, tenant, params.id);
    if ((await object.standIns(tenant)) === null) notFound("flow run", params.id);
    const query = { filter: {}, sort: "ID_DESC", limit: MOST_DEPENDENCIES } as const;
    const now = fromMilliseconds(Date.now());
    return unpack(await object.findTaskRuns(tenant, query)).map((taskRun) => ({
      id: taskRun.id,
      name: taskRun.name,
      upstream_dependencies: upstreamOf(taskRun).map((id) => ({ input_type: "task_run" as const, id })),
      state: taskRun.state && stateToWire(taskRun.state),
      expected_start_time: text(taskRun.expectedStartTime),
      start_time: text(taskRun.startTime),
      end_time: text(taskRun.endTime),
      total_run_time: taskRun.totalRunTime,
      estimated_run_time: estimatedRunTime(taskRun, now),
      untrackable_result: taskRun.state?.details.untrackableResult ?? false,
    }));
  });
}

type Artifacts = { of: string | null; artifact: WireGraph["artifacts"][number] }[];

/** The subflows behind these stand-ins, by the stand-ins' ids, and the run's artifacts but for its results. */
async function surroundings(
  env: Env,
  tenant: Tenant,
  run: string,
  standIns: { taskRun: string; flowRun: string }[],
): Promise<{ subflows: [string, Subflow][]; artifacts: Artifacts }> {
  const shard = shardOfTenant(env, tenant);
  const [runs, kept] = await shard.batch<SubflowRow | ArtifactRow>([
    shard
      .prepare(
        `SELECT r.id, r.name, f.name AS flow_name, r.state_type, r.start_time, r.expected_start_time, r.end_time
         FROM json_each(?2) wanted JOIN flow_runs r ON r.workspace_id = ?1 AND r.id = wanted.value
         LEFT JOIN flows f ON f.workspace_id = ?1 AND f.id = r.flow_id`,
      )
      .bind(tenant.workspace, JSON.stringify(standIns.map(({ flowRun }) => flowRun))),
    shard
      .prepare(
        `SELECT a.id, a.created, a.key, a.type, a.task_run_id, CASE a.type WHEN 'progress' THEN a.data END AS data,
           a.key IS NULL OR NOT EXISTS (SELECT 1 FROM artifacts newer WHERE newer.workspace_id = a.workspace_id
             AND newer.key = a.key AND newer.created > a.created) AS is_latest
         FROM artifacts a WHERE a.workspace_id = ?1 AND a.flow_run_id = ?2 AND a.type <> 'result'
         ORDER BY a.created LIMIT ?3`,
      )
      .bind(tenant.workspace, run, MOST_ARTIFACTS),
  ]);
  const byId = new Map(((runs?.results ?? []) as SubflowRow[]).map((row) => [row.id, row]));
  const subflows = standIns.flatMap(({ taskRun, flowRun }): [string, Subflow][] => {
    const row = byId.get(flowRun);
    return row ? [[taskRun, subflowOf(row)]] : [];
  });
  return { subflows, artifacts: ((kept?.results ?? []) as ArtifactRow[]).map(artifactOf) };
}

interface SubflowRow {
  id: string;
  name: string;
  flow_name: string | null;
  state_type: StateType | null;
  start_time: number | null;
  expected_start_time: number | null;
  end_time: number | null;
}

interface ArtifactRow {
  id: string;
  created: number;
  key: string | null;
  type: string | null;
  task_run_id: string | null;
  data: string | null;
  is_latest: number;
}

const at = (time: number | null): Instant | null => (time === null ? null : instant(time));

const subflowOf = (row: SubflowRow): Subflow => ({
  id: row.id,
  flowName: row.flow_name ?? "",
  name: row.name,
  stateType: row.state_type,
  startTime: at(row.start_time),
  expectedStartTime: at(row.expected_start_time),
  endTime: at(row.end_time),
});

const artifactOf = ({ task_run_id, created, data, is_latest, ...row }: ArtifactRow): Artifacts[number] => ({
  of: task_run_id,
  artifact: {
    ...row,
    created: formatInstant(instant(created)),
    is_latest: is_latest === 1,
    data: data === null ? null : (JSON.parse(data) as Json),
  },
});
