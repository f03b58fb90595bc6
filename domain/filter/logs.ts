/** Which log lines a filter of the wire means. */
import type { Log } from "../log.ts";
import {
  type AnyOf,
  combine,
  isAny,
  isNull,
  matchesAnyOf,
  matchesTime,
  type Operator,
  part,
  type TimeFilter,
} from "./condition.ts";
import { searched } from "./text-search.ts";

export interface LogFilter {
  operator?: Operator;
  level?: { ge_?: number | null; le_?: number | null } | null;
  timestamp?: TimeFilter | null;
  flow_run_id?: AnyOf | null;
  task_run_id?: { any_?: readonly string[] | null; is_null_?: boolean | null } | null;
  text?: { query: string } | null;
}

/** True if `filter` means this line. */
export const matchesLog = (filter: LogFilter, log: Log): boolean =>
  combine(filter.operator, [
    part(filter.level, (f) =>
      combine("and_", [part(f.ge_, (least) => log.level >= least), part(f.le_, (most) => log.level <= most)]),
    ),
    part(filter.timestamp, (f) => matchesTime(f, log.timestamp)),
    part(filter.flow_run_id, (f) => matchesAnyOf(f, log.flowRunId)),
    part(filter.task_run_id, (f) => combine("and_", [isAny(f.any_, log.taskRunId), isNull(f.is_null_, log.taskRunId)])),
    ...(filter.text ? searched(filter.text.query, `${log.message} ${log.name}`) : []),
  ]);
