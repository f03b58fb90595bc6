/** What lists, counts and histories ask of many task runs. */
import { type TaskRunSort, taskRunOrder } from "../filter/order.ts";
import { matchesTaskRun, type TaskRunFilter } from "../filter/task-runs.ts";
import { estimatedRunTime, estimatedStartTimeDelta } from "../flow-run/estimates.ts";
import type { StateType } from "../state.ts";
import type { Instant } from "../time.ts";
import type { TaskRun } from "./run.ts";

export interface TaskRunQuery {
  filter: TaskRunFilter;
  sort: TaskRunSort;
  limit: number;
}

/** Task runs beyond those wanted that may wait for the next sorting. */
const SLACK = 1_000;

/** True if the filter means this task run; one stands for a subflow where its state says which. */
export const isMeant = (filter: TaskRunFilter, run: TaskRun): boolean =>
  matchesTaskRun(filter, run, { hasSubflowRun: hasSubflow(run) });

/** Whether the task run stands for a subflow. */
export const hasSubflow = (run: TaskRun): boolean => (run.state?.details.childFlowRunId ?? null) !== null;

/** The first task runs that a query means, in its order. Holds little more than that many of them. */
export function selectTaskRuns(
  runs: Iterable<TaskRun>,
  { filter, sort, limit }: TaskRunQuery,
  now: Instant,
): TaskRun[] {
  const order = taskRunOrder(sort, now);
  let found: TaskRun[] = [];
  for (const run of runs) {
    if (isMeant(filter, run)) found.push(run);
    if (found.length > 2 * limit + SLACK) found = found.sort(order).slice(0, limit);
  }
  return found.sort(order).slice(0, limit);
}

/** How many task runs a filter means. */
export function countTaskRuns(runs: Iterable<TaskRun>, filter: TaskRunFilter): number {
  let count = 0;
  for (const run of runs) if (isMeant(filter, run)) count += 1;
  return count;
}

/** As much of a run as histories are made of. */
export interface RunFigures {
  stateType: StateType | null;
  stateName: string | null;
  expectedStartTime: Instant | null;
  startTime: Instant | null;
  endTime: Instant | null;
  /** Seconds, at the moment of asking. */
  runTime: number;
  lateness: number;
}

/** The figures of the task runs that a filter means. */
export function figuresOf(runs: Iterable<TaskRun>, filter: TaskRunFilter, now: Instant): RunFigures[] {
  const figures: RunFigures[] = [];
  for (const run of runs) {
    if (!isMeant(filter, run)) continue;
    figures.push({
      stateType: run.state?.type ?? null,
      stateName: run.state?.name ?? null,
      expectedStartTime: run.expectedStartTime,
      startTime: run.startTime,
      endTime: run.endTime,
      runTime: estimatedRunTime(run, now),
      lateness: estimatedStartTimeDelta(run, now),
    });
  }
  return figures;
}
