/** What may be asked of every object that owns task runs: a flow run's, and that of the background tasks. */
import type { WireOrchestration } from "@millrace/contract/flow-runs.ts";
import type { TaskRunFilter } from "@millrace/domain/filter/task-runs.ts";
import type { Problem } from "@millrace/domain/problem.ts";
import type { State, StateInput } from "@millrace/domain/state.ts";
import type { TaskRun } from "@millrace/domain/task-run/run.ts";
import type { RunFigures, TaskRunQuery } from "@millrace/domain/task-run/select.ts";
import type { Packed } from "./packed.ts";

/** Who owns what is asked for, and where its workspace's index is. */
export interface TaskRunsOwner {
  workspace: string;
  shard: number;
}

/** A verdict as the wire tells it. `entered`: a state was put in place by it. */
export interface Judged {
  entered: boolean;
  body: Packed<WireOrchestration>;
}

/** Every answer is null, or nothing, where the object is another workspace's or has nothing. */
export interface TaskRunsRpc<Reporter> {
  /** The first task runs that the query means, in its order. */
  findTaskRuns(owner: TaskRunsOwner, query: TaskRunQuery): Promise<Packed<TaskRun[]>>;
  countTaskRuns(owner: TaskRunsOwner, filter: TaskRunFilter): Promise<number>;
  taskRunFigures(owner: TaskRunsOwner, filter: TaskRunFilter): Promise<Packed<RunFigures[]>>;
  taskRun(owner: TaskRunsOwner, id: string): Promise<TaskRun | null>;
  /** The states of a task run, oldest first. */
  taskRunStates(owner: TaskRunsOwner, id: string): Promise<State[] | null>;
  /** A state of one of the task runs, by its own id. */
  stateOfTaskRun(owner: TaskRunsOwner, state: string): Promise<State | null>;
  /** Null where the task run is not there. */
  setTaskRunState(
    owner: TaskRunsOwner,
    id: string,
    state: StateInput,
    how: { force: boolean; reporter: Reporter },
  ): Promise<Judged | null | Problem>;
  renameTaskRun(owner: TaskRunsOwner, id: string, name: string, reporter: Reporter): Promise<"done" | Problem>;
  removeTaskRun(owner: TaskRunsOwner, id: string, reporter: Reporter): Promise<"done" | Problem>;
}
