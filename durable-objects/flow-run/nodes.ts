/** What belongs to a run that has just been, or is to be, cancelled: its task runs end with it, its subflows are asked. */
import {
  answeredAt,
  askedAt,
  CANCELLED_TASK,
  type Cancelled,
  liveNodes,
  type Receipt,
} from "@millrace/domain/flow-run/cancellation.ts";
import { newState } from "@millrace/domain/state.ts";
import type { TaskRun } from "@millrace/domain/task-run/run.ts";
import { setTaskRunState } from "@millrace/domain/task-run/set-state.ts";
import type { Duty } from "./duties.ts";
import type { Clock } from "./ledger.ts";
import type { TaskRuns } from "./task-runs.ts";

/** Seconds after which a subflow that did not answer is asked again. */
export const REASK_SECONDS = 10;
/** Seconds after which what came below a run that was cancelled already is cancelled too: its own end may be on its way. */
export const LATE_NODES_SECONDS = 20;

interface Asked {
  receipts: readonly Receipt[];
  /** Task runs as they are now. */
  cancelled: TaskRun[];
  /** One for each subflow. */
  duties: Duty[];
}

/** What has come below a cancelled run since it was: live task runs, and subflows that were not asked. */
export function lateNodes(known: readonly Receipt[], taskRuns: TaskRuns): ReturnType<typeof liveNodes> {
  const { tasks, subflows } = liveNodes(taskRuns.all());
  return { tasks, subflows: subflows.filter((run) => !known.some(({ id }) => id === run)) };
}

/** Cancels the live task runs of a cancelled run, and asks the subflows of either kind. Must stand in a transaction. */
export function cancelNodes(
  known: readonly Receipt[],
  parent: Cancelled,
  { tasks, subflows }: ReturnType<typeof liveNodes>,
  taskRuns: TaskRuns,
  clock: Clock,
): Asked {
  const now = clock.now();
  let receipts = askedAt(
    known,
    subflows.map((id) => ({ kind: "flow-run", id }) as const),
    now,
  );
  const cancelled: TaskRun[] = [];
  for (const task of parent === "CANCELLED" ? tasks : []) {
    const ended = setTaskRunState(task, newState(CANCELLED_TASK, { id: clock.newId(), now }), now);
    taskRuns.put(ended);
    cancelled.push(ended);
    receipts = askedAt(receipts, [{ kind: "task-run", id: task.id }], now);
    receipts = answeredAt(receipts, task.id, ended.state?.name ?? null, now);
  }
  return { receipts, cancelled, duties: subflows.map((run) => ({ kind: "cancel-child", run, parent })) };
}
