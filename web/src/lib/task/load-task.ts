/** A task run as its own tab shows it: what it was given, what became of it, what it left. */
import type { WireArtifact } from "@millrace/contract/artifacts.ts";
import type { WireTaskRun } from "@millrace/contract/task-runs.ts";
import { type Client, type Part, part } from "../api.ts";
import { type RunState, stateOfWire } from "../run/run-row.ts";
import { milliseconds } from "../time/tell.ts";
import { type TaskRow, taskRow } from "./task-row.ts";

export interface TaskDetail extends TaskRow {
  key: string;
  version: string | null;
  retries: number;
  cacheKey: string | null;
  cachedUntil: number | null;
  given: TaskInput[];
  /** What its state carries: its result, or where that lies; undefined: nothing. */
  result: unknown;
  history: Part<RunState[]>;
  artifacts: Part<WireArtifact[]>;
}

/** One parameter of a task: the task runs and values that it was made of. */
export interface TaskInput {
  name: string;
  /** Ids of the task runs that it waited for. */
  tasks: string[];
  /** Whatever else the wire says of it. */
  values: unknown[];
}

/** Reads the inputs of the wire. */
export const inputsOf = (inputs: WireTaskRun["task_inputs"]): TaskInput[] =>
  Object.entries(inputs).map(([name, parts]) => {
    const tasks = parts.flatMap((one) => {
      const { input_type, id } = (one ?? {}) as { input_type?: unknown; id?: unknown };
      return input_type === "task_run" && typeof id === "string" ? [id] : [];
    });
    const values = parts.filter((one) => (one as { input_type?: unknown } | null)?.input_type !== "task_run");
    return { name, tasks, values };
  });

export async function loadTask(api: Client, id: string): Promise<TaskDetail> {
  const [task, history, artifacts] = await Promise.all([
    api("GET /task_runs/{id}", { params: { id } }),
    part(
      api("GET /task_run_states/", { query: { task_run_id: id } }).then((all) =>
        all.flatMap((state) => stateOfWire(state) ?? []),
      ),
    ),
    part(
      api("POST /artifacts/filter", {
        body: { artifacts: { task_run_id: { any_: [id] } }, sort: "CREATED_DESC", limit: 50 },
      }).then((all) => all.filter(({ type }) => type !== null)),
    ),
  ]);
  return {
    ...taskRow(task),
    key: task.task_key,
    version: task.task_version,
    retries: task.empirical_policy.retries ?? task.empirical_policy.max_retries,
    cacheKey: task.cache_key,
    cachedUntil: milliseconds(task.cache_expiration),
    given: inputsOf(task.task_inputs),
    result: task.state?.data ?? undefined,
    history,
    artifacts,
  };
}
