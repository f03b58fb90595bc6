/** Which task runs a filter of the wire means. */
import type { TaskRun } from "../task-run/run.ts";
import {
  type AnyOf,
  combine,
  isAny,
  matchesAnyOf,
  matchesName,
  matchesTags,
  matchesTime,
  type NameFilter,
  type Operator,
  part,
  type TagsFilter,
  type TimeFilter,
  type TimeOrNullFilter,
} from "./condition.ts";
import { matchesState, matchesTimeOrNull, type StateFilter } from "./flow-runs.ts";

export interface TaskRunFilter {
  operator?: Operator;
  id?: AnyOf | null;
  name?: NameFilter | null;
  tags?: Omit<TagsFilter, "any_"> | null;
  state?: StateFilter | null;
  start_time?: TimeOrNullFilter | null;
  end_time?: TimeOrNullFilter | null;
  expected_start_time?: TimeFilter | null;
  subflow_runs?: { exists_?: boolean | null } | null;
  /** Without `any_` it asks for task runs of any flow run; `is_null_: true` for those of none. */
  flow_run_id?: { operator?: Operator; any_?: readonly string[] | null; is_null_?: boolean | null } | null;
}

/** What a filter may ask about a task run that it does not know itself. */
export interface TaskRunSurroundings {
  /** Whether it stands for a subflow that exists. */
  hasSubflowRun: boolean;
}

/** True if `filter` means this task run. */
export function matchesTaskRun(filter: TaskRunFilter, run: TaskRun, around?: TaskRunSurroundings): boolean {
  return combine(filter.operator, [
    part(filter.id, (f) => matchesAnyOf(f, run.id)),
    part(filter.name, (f) => matchesName(f, run.name)),
    part(filter.tags, (f) => matchesTags(f, run.tags)),
    part(filter.state, (f) => matchesState(f, run.state)),
    part(filter.start_time, (f) => matchesTimeOrNull(f, run.startTime)),
    part(filter.end_time, (f) => matchesTimeOrNull(f, run.endTime)),
    part(filter.expected_start_time, (f) => matchesTime(f, run.expectedStartTime)),
    part(filter.subflow_runs, (f) => part(f.exists_, (yes) => (around?.hasSubflowRun ?? false) === yes) ?? true),
    part(filter.flow_run_id, (f) => matchesFlowRunId(f, run.flowRunId)),
  ]);
}

/** `is_null_` is false unless it is true: asking about the flow run at all asks for task runs that have one. */
function matchesFlowRunId(filter: NonNullable<TaskRunFilter["flow_run_id"]>, flowRunId: string | null): boolean {
  if (filter.is_null_) return flowRunId === null;
  return isAny(filter.any_, flowRunId) ?? flowRunId !== null;
}
