/** Which flow runs a filter of the wire means. */
import type { FlowRun } from "../flow-run/run.ts";
import { isObject } from "../json.ts";
import type { State, StateType } from "../state.ts";
import {
  type AnyOf,
  type AnyOrNot,
  type AnyOrNull,
  type Condition,
  combine,
  isAny,
  isNull,
  matchesAnyOf,
  matchesAnyOrNot,
  matchesAnyOrNull,
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

export interface StateFilter {
  operator?: Operator;
  type?: AnyOrNot<StateType> | null;
  name?: AnyOrNot | null;
}

export interface CreatedByFilter {
  operator?: Operator;
  id_?: readonly string[] | null;
  type_?: readonly string[] | null;
  is_null_?: boolean | null;
}

/** Runs of one deployment, and of these versions of it where some are named. */
export interface DeploymentVersionFilter extends AnyOf {
  operator?: Operator;
  deployment_id: string;
}

export interface FlowRunFilter {
  operator?: Operator;
  id?: AnyOrNot | null;
  name?: NameFilter | null;
  tags?: TagsFilter | null;
  flow_id?: AnyOf | null;
  deployment_id?: AnyOrNull | null;
  deployment_version_id?: DeploymentVersionFilter | null;
  work_queue_id?: AnyOrNull | null;
  work_queue_name?: AnyOrNull | null;
  state?: StateFilter | null;
  flow_version?: AnyOf | null;
  /** A run that has not begun counts with the time it is expected to. */
  start_time?: TimeOrNullFilter | null;
  end_time?: TimeOrNullFilter | null;
  expected_start_time?: TimeFilter | null;
  next_scheduled_start_time?: TimeFilter | null;
  parent_flow_run_id?: AnyOf | null;
  parent_task_run_id?: AnyOrNull | null;
  idempotency_key?: AnyOrNot | null;
  created_by?: CreatedByFilter | null;
}

/** What a filter may ask about a run that the run itself does not know. */
export interface FlowRunSurroundings {
  /** The flow run within which it began. */
  parentFlowRunId: string | null;
}

/** True if `filter` means this run. */
export function matchesFlowRun(filter: FlowRunFilter, run: FlowRun, around?: FlowRunSurroundings): boolean {
  return combine(filter.operator, [
    part(filter.id, (f) => matchesAnyOrNot(f, run.id)),
    part(filter.name, (f) => matchesName(f, run.name)),
    part(filter.tags, (f) => matchesTags(f, run.tags)),
    part(filter.flow_id, (f) => matchesAnyOf(f, run.flowId)),
    part(filter.deployment_id, (f) => matchesAnyOrNull(f, run.deploymentId)),
    part(filter.deployment_version_id, (f) =>
      combine(f.operator, [run.deploymentId === f.deployment_id, isAny(f.any_, run.deploymentVersionId)]),
    ),
    part(filter.work_queue_id, (f) => matchesAnyOrNull(f, run.workQueueId)),
    part(filter.work_queue_name, (f) => matchesAnyOrNull(f, run.workQueueName)),
    part(filter.state, (f) => matchesState(f, run.state)),
    part(filter.flow_version, (f) => matchesAnyOf(f, run.flowVersion)),
    part(filter.start_time, (f) =>
      combine("and_", [matchesTime(f, run.startTime ?? run.expectedStartTime), isNull(f.is_null_, run.startTime)]),
    ),
    part(filter.end_time, (f) => matchesTimeOrNull(f, run.endTime)),
    part(filter.expected_start_time, (f) => matchesTime(f, run.expectedStartTime)),
    part(filter.next_scheduled_start_time, (f) => matchesTime(f, run.nextScheduledStartTime)),
    part(filter.parent_flow_run_id, (f) => matchesAnyOf(f, around?.parentFlowRunId ?? null)),
    part(filter.parent_task_run_id, (f) => matchesAnyOrNull(f, run.parentTaskRunId)),
    part(filter.idempotency_key, (f) => matchesAnyOrNot(f, run.idempotencyKey)),
    part(filter.created_by, (f) => matchesCreatedBy(f, run)),
  ]);
}

/** A part of a state filter that asks for nothing is left out, so that under "or_" it does not let everything through. */
export function matchesState(filter: StateFilter, state: State | null): boolean {
  const asked = (f: AnyOrNot, value: string | null): Condition =>
    f.any_ || (f.not_any_ && f.not_any_.length > 0) ? matchesAnyOrNot(f, value) : null;
  return combine(filter.operator, [
    filter.type ? asked(filter.type, state?.type ?? null) : null,
    filter.name ? asked(filter.name, state?.name ?? null) : null,
  ]);
}

export const matchesTimeOrNull = (filter: TimeOrNullFilter, value: FlowRun["endTime"]): boolean =>
  combine("and_", [matchesTime(filter, value), isNull(filter.is_null_, value)]);

function matchesCreatedBy(filter: CreatedByFilter, { createdBy }: FlowRun): boolean {
  const creator = isObject(createdBy) ? createdBy : {};
  const text = (key: string): string | null => (typeof creator[key] === "string" ? creator[key] : null);
  return combine(filter.operator, [
    isAny(filter.id_, text("id")),
    isAny(filter.type_, text("type")),
    isNull(filter.is_null_, createdBy),
  ]);
}
