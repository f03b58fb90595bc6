/**
 * What a program left behind on a server of Prefect's wire, read over the API and made comparable: ids stand for names, what
 * each server and each run makes up is left out, and lists are in an order of their own.
 */

/** A way to the API: base URL and headers. */
export interface Api {
  base: string;
  headers: Record<string, string>;
}

export interface Snapshot {
  flow_runs: object[];
  task_runs: object[];
  artifacts: object[];
  logs: string[];
}

type Row = Record<string, unknown> & { id: string; name: string };

async function list(api: Api, path: string, body: object): Promise<Row[]> {
  const response = await fetch(`${api.base}${path}`, {
    method: "POST",
    headers: { ...api.headers, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`POST ${path} answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as Row[];
}

/** `add-707` is the 707th… of nothing: the end of a task run's name is random, unless it is a counter. */
const taskName = (name: string): string => name.replace(/-[0-9a-f]{3}$/, "");

const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;
const byText = (one: object | string, other: object | string) => {
  const [a, b] = [JSON.stringify(one), JSON.stringify(other)];
  return a < b ? -1 : a > b ? 1 : 0;
};

interface State {
  type: string;
  name: string;
  message: string | null;
  data: unknown;
}

const stateOf = (row: Row, names: (text: string) => string) => {
  const state = row.state as State;
  return {
    type: state.type,
    name: state.name,
    message: state.message && names(state.message),
    has_data: state.data !== null,
  };
};

/** Reads all runs of the flows called `flows`. */
export async function readSnapshot(api: Api, flows: readonly string[]): Promise<Snapshot> {
  const filter = { flows: { name: { any_: flows } } };
  const flowRows = await list(api, "/flows/filter", filter);
  const flowRuns = await list(api, "/flow_runs/filter", filter);
  const runIds = flowRuns.map(({ id }) => id);
  const taskRuns = await list(api, "/task_runs/filter", { task_runs: { flow_run_id: { any_: runIds } } });
  const artifacts = await list(api, "/artifacts/filter", { artifacts: { flow_run_id: { any_: runIds } } });
  const logs = await list(api, "/logs/filter", { logs: { flow_run_id: { any_: runIds } }, sort: "TIMESTAMP_ASC" });

  const labels = new Map<string, string>();
  const flowName = (id: unknown) => flowRows.find((row) => row.id === id)?.name ?? "?";
  for (const row of flowRows) labels.set(row.id, `flow ${row.name}`);
  for (const row of flowRuns) labels.set(row.id, `run of ${flowName(row.flow_id)}`);
  for (const row of taskRuns) labels.set(row.id, `task run ${taskName(row.name)}`);
  const named = (text: string): string => {
    let out = text.replace(UUID, (id) => labels.get(id) ?? "id");
    for (const row of flowRuns) out = out.replaceAll(row.name, `(run of ${flowName(row.flow_id)})`);
    for (const row of taskRuns) out = out.replaceAll(row.name, `(${taskName(row.name)})`);
    return out;
  };
  const resolved = <T>(value: T): T => JSON.parse(named(JSON.stringify(value))) as T;

  return {
    flow_runs: flowRuns
      .map((row) => ({
        flow: flowName(row.flow_id),
        state: stateOf(row, named),
        state_type: row.state_type,
        state_name: row.state_name,
        run_count: row.run_count,
        parameters: row.parameters,
        tags: row.tags,
        parent: row.parent_task_run_id === null ? null : resolved(row.parent_task_run_id),
        labels: resolved(row.labels),
        empirical_policy: row.empirical_policy,
        started: row.start_time !== null,
        ended: row.end_time !== null,
      }))
      .sort(byText),
    task_runs: taskRuns
      .map((row) => ({
        task: taskName(row.name),
        flow_run: resolved(row.flow_run_id),
        state: stateOf(row, named),
        run_count: row.run_count,
        flow_run_run_count: row.flow_run_run_count,
        tags: row.tags,
        labels: resolved(row.labels),
        task_inputs: resolved(row.task_inputs),
        empirical_policy: row.empirical_policy,
        child: resolved(
          (row.state as { state_details: { child_flow_run_id: unknown } }).state_details.child_flow_run_id,
        ),
        ended: row.end_time !== null,
      }))
      .sort(byText),
    // Prefect's server keeps the data of a state as an artifact without key and type; here it stays in the state.
    artifacts: artifacts
      .filter((row) => row.key !== null)
      .map((row) => ({
        key: row.key,
        type: row.type,
        data: row.data,
        flow_run: resolved(row.flow_run_id),
        task_run_id: row.task_run_id,
      }))
      .sort(byText),
    // Where a page can be seen depends on the server; everything else that is logged does not.
    logs: logs
      .map((row) => `${resolved(row.flow_run_id)} ${row.level} ${row.name}: ${named(String(row.message))}`)
      .filter((line) => !line.includes("View at http"))
      .map((line) => line.replace(/File ".*?", line \d+/g, "File …"))
      .sort(byText),
  };
}
