/**
 * The orders in which lists come, as comparators that agree with SQLite: what is missing comes first going up and last
 * going down, and text is compared by code point. What an order leaves open is settled by id, newest first, so that the
 * pages of a list fit together.
 */
import { estimatedRunTime } from "../flow-run/estimates.ts";
import type { FlowRun } from "../flow-run/run.ts";
import type { Log } from "../log.ts";
import type { TaskRun } from "../task-run/run.ts";
import type { Instant } from "../time.ts";

export const FLOW_RUN_SORTS = [
  "ID_DESC",
  "START_TIME_ASC",
  "START_TIME_DESC",
  "EXPECTED_START_TIME_ASC",
  "EXPECTED_START_TIME_DESC",
  "NAME_ASC",
  "NAME_DESC",
  "NEXT_SCHEDULED_START_TIME_ASC",
  "END_TIME_DESC",
] as const;
export type FlowRunSort = (typeof FLOW_RUN_SORTS)[number];

export const TASK_RUN_SORTS = [
  "ID_DESC",
  "EXPECTED_START_TIME_ASC",
  "EXPECTED_START_TIME_DESC",
  "NAME_ASC",
  "NAME_DESC",
  "NEXT_SCHEDULED_START_TIME_ASC",
  "END_TIME_DESC",
  "DURATION_DESC",
  "DURATION_ASC",
] as const;
export type TaskRunSort = (typeof TASK_RUN_SORTS)[number];

export const LOG_SORTS = ["TIMESTAMP_ASC", "TIMESTAMP_DESC"] as const;
export type LogSort = (typeof LOG_SORTS)[number];

export type Order<T> = (a: T, b: T) => number;
type Key = string | number | null;

const byId: Order<{ id: string }> = (a, b) => compare(b.id, a.id);

const FLOW_RUN_ORDERS: { [S in FlowRunSort]: Order<FlowRun> } = {
  ID_DESC: byId,
  START_TIME_ASC: up((run) => run.startTime ?? run.expectedStartTime),
  START_TIME_DESC: down((run) => run.startTime ?? run.expectedStartTime),
  EXPECTED_START_TIME_ASC: up((run) => run.expectedStartTime),
  EXPECTED_START_TIME_DESC: down((run) => run.expectedStartTime),
  NAME_ASC: up((run) => run.name),
  NAME_DESC: down((run) => run.name),
  NEXT_SCHEDULED_START_TIME_ASC: up((run) => run.nextScheduledStartTime),
  END_TIME_DESC: down((run) => run.endTime),
};

export const flowRunOrder = (sort: FlowRunSort): Order<FlowRun> => then(FLOW_RUN_ORDERS[sort], byId);

/** `now` decides how long the runs that are still running have run. */
export function taskRunOrder(sort: TaskRunSort, now: Instant): Order<TaskRun> {
  const expectedLast = down<TaskRun>((run) => run.expectedStartTime);
  const orders: { [S in TaskRunSort]: Order<TaskRun> } = {
    ID_DESC: byId,
    EXPECTED_START_TIME_ASC: up((run) => run.expectedStartTime),
    EXPECTED_START_TIME_DESC: expectedLast,
    NAME_ASC: up((run) => run.name),
    NAME_DESC: down((run) => run.name),
    NEXT_SCHEDULED_START_TIME_ASC: up((run) => run.nextScheduledStartTime),
    END_TIME_DESC: down((run) => run.endTime),
    DURATION_DESC: then(
      down((run) => estimatedRunTime(run, now)),
      expectedLast,
    ),
    DURATION_ASC: then(
      up((run) => estimatedRunTime(run, now)),
      expectedLast,
    ),
  };
  return then(orders[sort], byId);
}

/** Lines of one instant keep the order of their ids, in either direction: ids are given in order of arrival. */
export const logOrder = (sort: LogSort): Order<Log> => {
  const earliest = then<Log>(
    up((log) => log.timestamp),
    up((log) => log.id),
  );
  return sort === "TIMESTAMP_ASC" ? earliest : (a, b) => earliest(b, a);
};

function up<T>(key: (item: T) => Key): Order<T> {
  return (a, b) => compare(key(a), key(b));
}

function down<T>(key: (item: T) => Key): Order<T> {
  return (a, b) => compare(key(b), key(a));
}

function then<T>(first: Order<T>, second: Order<T>): Order<T> {
  return (a, b) => first(a, b) || second(a, b);
}

function compare(a: Key, b: Key): number {
  if (a === b) return 0;
  if (a === null) return -1;
  if (b === null) return 1;
  if (typeof a === "string" && typeof b === "string") return compareText(a, b);
  return a < b ? -1 : 1;
}

/** By code point, as UTF-8 bytes compare; `<` on strings compares halves of surrogate pairs instead. */
function compareText(a: string, b: string): number {
  let at = 0;
  while (at < a.length && at < b.length && a[at] === b[at]) at++;
  if (at === a.length || at === b.length) return a.length - b.length;
  const [x, y] = [a.charCodeAt(at), b.charCodeAt(at)];
  const surrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdfff;
  if (surrogate(x) !== surrogate(y)) return surrogate(x) ? 1 : -1;
  return x - y;
}
