/** What others may ask of the object that owns a workspace's background tasks. */
import type { LogLineInput } from "@millrace/contract/logs.ts";
import type { LogFilter } from "@millrace/domain/filter/logs.ts";
import type { LogSort } from "@millrace/domain/filter/order.ts";
import type { Log } from "@millrace/domain/log.ts";
import type { Problem } from "@millrace/domain/problem.ts";
import type { TaskRun } from "@millrace/domain/task-run/run.ts";
import type { TaskRunsOwner, TaskRunsRpc } from "../kit/task-runs-rpc.ts";
import type { NewBackgroundTask } from "./desk.ts";

export type { NewBackgroundTask } from "./desk.ts";

/** Somebody who is connected and takes background tasks of these keys. */
export interface TaskWorker {
  identifier: string;
  taskKeys: string[];
}

/** Background tasks belong to no run, so that whoever may report runs may report them: nobody is asked for a claim. */
export interface BackgroundTasksRpc extends TaskRunsRpc<unknown> {
  create(
    owner: TaskRunsOwner,
    input: NewBackgroundTask,
  ): Promise<{ kind: "created" | "existing"; taskRun: TaskRun } | Problem>;
  /** Records events of task runs that name no flow run, in the order given. */
  record(owner: TaskRunsOwner, events: readonly unknown[]): Promise<void>;
  /** Those of these ids that are here. */
  known(owner: TaskRunsOwner, ids: readonly string[]): Promise<string[]>;
  workers(owner: TaskRunsOwner, keys: readonly string[]): Promise<TaskWorker[]>;
  appendLogs(owner: TaskRunsOwner, lines: readonly LogLineInput[]): Promise<void>;
  logs(
    owner: TaskRunsOwner,
    ids: readonly string[],
    query: { filter: LogFilter; sort: LogSort; limit: number },
  ): Promise<Log[]>;
}
