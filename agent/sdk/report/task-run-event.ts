/**
 * How a task run is told of: one event for each of its states, as Prefect's client sends them. The server records task runs
 * from these alone, in the order of `occurred`; `follows` names the event of the state before.
 */
import type { Json, JsonObject } from "@millrace/domain/json.ts";
import type { StateType } from "@millrace/domain/state.ts";
import { formatInstant, type Instant, secondsBetween } from "@millrace/domain/time.ts";

/** What never changes about a task run. */
export interface TaskRunIdentity {
  id: string;
  name: string;
  taskKey: string;
  dynamicKey: string;
  tags: readonly string[];
  retries: number;
  /** Seconds, or a list with one for each retry. */
  retryDelay: number | number[];
  retryJitter: number | null;
  taskInputs: { [parameter: string]: Json[] };
  flowRun: { id: string; name: string; attempt: number };
  flow: { id: string; name: string };
}

export interface TaskRunState {
  type: StateType;
  name: string;
  message: string;
  details: JsonObject;
}

/** What the events so far add up to. */
export interface TaskRunProgress {
  state: TaskRunState | null;
  lastEventId: string | null;
  runCount: number;
  expectedStart: Instant;
  start: Instant | null;
  end: Instant | null;
  /** Seconds in RUNNING, up to the current state. */
  totalRunTime: number;
  /** When the current RUNNING state began. */
  runningSince: Instant | null;
}

export interface TaskRunEvent {
  occurred: string;
  event: string;
  resource: { [label: string]: string };
  related: { [label: string]: string }[];
  payload: JsonObject;
  id: string;
  follows: string | null;
}

/** Where a task run stands before its first state. */
export const beforeFirstState = (at: Instant): TaskRunProgress => ({
  state: null,
  lastEventId: null,
  runCount: 0,
  expectedStart: at,
  start: null,
  end: null,
  totalRunTime: 0,
  runningSince: null,
});

/** The event of a step into `next`, and where the task run stands after it. */
export function step(
  identity: TaskRunIdentity,
  before: TaskRunProgress,
  next: TaskRunState,
  { at, eventId }: { at: Instant; eventId: string },
): { event: TaskRunEvent; after: TaskRunProgress } {
  const running = next.type === "RUNNING";
  const ended =
    next.type === "COMPLETED" || next.type === "FAILED" || next.type === "CANCELLED" || next.type === "CRASHED";
  const after: TaskRunProgress = {
    state: next,
    lastEventId: eventId,
    runCount: before.runCount + (running ? 1 : 0),
    expectedStart: before.expectedStart,
    start: before.start ?? (running ? at : null),
    end: ended ? at : null,
    totalRunTime: before.totalRunTime + (before.runningSince === null ? 0 : secondsBetween(before.runningSince, at)),
    runningSince: running ? at : null,
  };
  return { event: toEvent(identity, before, next, after, at, eventId), after };
}

function toEvent(
  identity: TaskRunIdentity,
  before: TaskRunProgress,
  next: TaskRunState,
  after: TaskRunProgress,
  at: Instant,
  id: string,
): TaskRunEvent {
  const occurred = formatInstant(at);
  return {
    occurred,
    event: `prefect.task-run.${next.name}`,
    resource: {
      "prefect.resource.id": `prefect.task-run.${identity.id}`,
      "prefect.resource.name": identity.name,
      "prefect.run-count": String(after.runCount),
      "prefect.state-message": next.message,
      "prefect.state-name": next.name,
      "prefect.state-timestamp": occurred,
      "prefect.state-type": next.type,
      "prefect.orchestration": "client",
    },
    related: [
      {
        "prefect.resource.id": `prefect.flow-run.${identity.flowRun.id}`,
        "prefect.resource.role": "flow-run",
        "prefect.resource.name": identity.flowRun.name,
      },
      {
        "prefect.resource.id": `prefect.flow.${identity.flow.id}`,
        "prefect.resource.role": "flow",
        "prefect.resource.name": identity.flow.name,
      },
    ],
    payload: {
      intended: { from: before.state?.type ?? null, to: next.type },
      initial_state: before.state && stateJson(before.state),
      validated_state: { ...stateJson(next), data: null },
      task_run: taskRunJson(identity, after),
    },
    id,
    follows: before.lastEventId,
  };
}

const stateJson = (state: TaskRunState): JsonObject => ({
  type: state.type,
  name: state.name,
  message: state.message,
  state_details: state.details,
});

function taskRunJson(identity: TaskRunIdentity, after: TaskRunProgress): JsonObject {
  return {
    name: identity.name,
    task_key: identity.taskKey,
    dynamic_key: identity.dynamicKey,
    empirical_policy: {
      max_retries: 0,
      retry_delay_seconds: 0,
      retries: identity.retries,
      retry_delay: identity.retryDelay,
      ...(identity.retryJitter !== null && { retry_jitter_factor: identity.retryJitter }),
    },
    tags: [...identity.tags],
    labels: {},
    task_inputs: identity.taskInputs,
    run_count: after.runCount,
    flow_run_run_count: identity.flowRun.attempt,
    expected_start_time: formatInstant(after.expectedStart),
    ...(after.start !== null && { start_time: formatInstant(after.start) }),
    ...(after.end !== null && { end_time: formatInstant(after.end) }),
    total_run_time: Math.round(after.totalRunTime * 1e6) / 1e6,
  };
}
