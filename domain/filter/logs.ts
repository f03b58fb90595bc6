/** Which log lines a filter of the wire means. */
import type { Log } from "../log.ts";
import {
  type AnyOf,
  type Condition,
  combine,
  isAny,
  isNull,
  matchesAnyOf,
  matchesTime,
  type Operator,
  part,
  type TimeFilter,
} from "./condition.ts";
import { parseTextSearch } from "./text-search.ts";

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
    ...searched(filter, log),
  ]);

/** The three kinds of words are conditions of their own, which matters under "or_". */
function searched({ text }: LogFilter, log: Log): Condition[] {
  if (!text) return [];
  const { include, exclude, require } = parseTextSearch(text.query);
  const line = `${log.message} ${log.name}`.toLowerCase();
  const occurs = (term: string): boolean => line.includes(term);
  return [
    include.length > 0 ? include.some(occurs) : null,
    exclude.length > 0 ? !exclude.some(occurs) : null,
    require.length > 0 ? require.every(occurs) : null,
  ];
}
