/** What a run's page needs: seven calls at most beside the session, and only what the open tab shows. */
import type { WireArtifact } from "@millrace/contract/artifacts.ts";
import type { WireDiagnosis } from "@millrace/contract/diagnoses.ts";
import { type Client, type Part, part, valueIn } from "../api.ts";
import { type LogLine, logLine } from "../log/log-book.ts";
import { LOG_PAGE, type LogQuery, logQueryToWire } from "../log/log-query.ts";
import type { RunTab } from "../route-for.ts";
import { loadTask, type TaskDetail } from "../task/load-task.ts";
import { type TaskRow, taskRow } from "../task/task-row.ts";
import { type CancelNode, loadCancellation } from "./cancellation.ts";
import { waits } from "./diagnosis.ts";
import { type Names, namesOfFlows } from "./load-runs.ts";
import { type RunDetail, runDetail } from "./run-detail.ts";
import { type RunRow, type RunState, runRow, stateOfWire } from "./run-row.ts";

/** What a load of one run depends on. */
export const RUN_LOADED = "millrace:run";

export interface RunPageData {
  run: RunDetail;
  flow: string | null;
  deployment: string | null;
  tasks: Part<TaskRow[]>;
  /** The newest lines, oldest first. */
  logs: Part<LogLine[]>;
  /** Oldest first; null: not asked for. */
  states: Part<RunState[]> | null;
  artifacts: Part<WireArtifact[]> | null;
  /** What it waits for. */
  diagnosis: Part<WireDiagnosis> | null;
  cancellation: Part<CancelNode[]> | null;
  subRuns: Part<SubRuns> | null;
  task: Part<TaskDetail> | null;
}

/** The runs that a run began. */
export interface SubRuns {
  rows: RunRow[];
  flows: Names;
}

/** Sub-runs on one page; the list of runs has all. */
const MOST_SUB_RUNS = 200;

async function loadSubRuns(api: Client, id: string): Promise<SubRuns> {
  const found = await api("POST /flow_runs/filter", {
    body: {
      flow_runs: { parent_flow_run_id: { any_: [id] } },
      sort: "EXPECTED_START_TIME_ASC",
      limit: MOST_SUB_RUNS,
    },
  });
  const rows = found.map(runRow);
  const flows = await namesOfFlows(
    api,
    rows.map(({ flowId }) => flowId),
  );
  return { rows, flows };
}

/** Tasks sent with the page; the live connection brings the others. */
const FIRST_TASKS = 200;

export async function loadRun(api: Client, id: string, tab: RunTab, query: LogQuery): Promise<RunPageData> {
  const params = { id };
  const rest = part(
    api("POST /task_runs/filter", {
      body: { task_runs: { flow_run_id: { any_: [id] } }, sort: "EXPECTED_START_TIME_ASC", limit: FIRST_TASKS },
    }).then((tasks) => tasks.map(taskRow)),
  );
  const lines = part(
    api("POST /logs/filter", {
      body: { logs: logQueryToWire(id, query), sort: "TIMESTAMP_DESC", limit: LOG_PAGE },
    }).then((logs) => logs.map(logLine).reverse()),
  );
  const pictures =
    tab === "artifacts"
      ? part(
          api("POST /artifacts/filter", {
            body: { artifacts: { flow_run_id: { any_: [id] } }, sort: "CREATED_DESC", limit: 100 },
            // Stored results are artifacts without a type: what a program keeps for itself, not for people.
          }).then((all) => all.filter(({ type }) => type !== null)),
        )
      : null;
  const below = tab === "cancellation" ? part(loadCancellation(api, id)) : null;
  const subRuns = tab === "sub-runs" ? part(loadSubRuns(api, id)) : null;
  const task = tab === "task" && query.task ? part(loadTask(api, query.task)) : null;
  const run = runDetail(await api("GET /flow_runs/{id}", { params }));
  const diagnosis = waits(run.state?.type) ? part(api("GET /flow_runs/{id}/diagnosis", { params })) : null;
  // Attempts are told apart by the states that began them, so a run of one attempt needs no history.
  const states =
    tab === "states" || tab === "cancellation" || run.attempts > 1
      ? part(
          api("GET /flow_runs/{id}/states", { params }).then((all) => all.flatMap((state) => stateOfWire(state) ?? [])),
        )
      : null;
  const [flow, deployment] = await Promise.all([
    part(api("GET /flows/{id}", { params: { id: run.flowId } })),
    run.deploymentId ? part(api("GET /deployments/{id}", { params: { id: run.deploymentId } })) : null,
  ]);
  return {
    run,
    flow: valueIn(flow, null)?.name ?? null,
    deployment: deployment && (valueIn(deployment, null)?.name ?? null),
    tasks: await rest,
    logs: await lines,
    states: await states,
    artifacts: await pictures,
    diagnosis: await diagnosis,
    cancellation: await below,
    subRuns: await subRuns,
    task: await task,
  };
}
