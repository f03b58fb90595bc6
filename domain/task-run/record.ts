/**
 * Makes task runs of the events in which Prefect's client tells of them. Nobody posts these task runs: the events are all
 * there is, and they come late, twice and out of order.
 *
 * R1  The event that occurred last decides; an older one changes nothing, however late it comes.
 * R2  An event says only what it knows: fields that it leaves out keep what earlier events said.
 * R3  Which run it is comes from the event's resources alone. What its payload says of ids and owners is not read, so a
 *     payload cannot reach into another run.
 */
import { isObject, type JsonObject } from "../json.ts";
import type { Problem } from "../problem.ts";
import { newState, type State } from "../state.ts";
import type { Instant } from "../time.ts";
import { blankTaskRun, taskRunPolicy } from "./create.ts";
import { Reader, readDetails, readInputs, readPolicy, readStateType, readUuid, said } from "./event-reader.ts";
import type { TaskRun } from "./run.ts";

export type Recording =
  | { kind: "recorded"; taskRun: TaskRun }
  /** The event is older than what is known: a state that the task run was in before. */
  | { kind: "late"; state: State }
  /** The event is known already, or not one that task runs are made of. */
  | { kind: "unchanged" }
  | { kind: "malformed"; problem: Problem };

/** Whose task run an event is about. `taskKey` and `dynamicKey` name it within its flow run, whatever its id. */
export interface TaskRunTarget {
  taskRunId: string;
  flowRunId: string | null;
  taskKey: string | null;
  dynamicKey: string | null;
}

/** True of the events that task runs are recorded from: those of a client that orchestrates its own tasks. */
export const isTaskRunEvent = (event: unknown): boolean =>
  isObject(event) &&
  typeof event.event === "string" &&
  event.event.startsWith("prefect.task-run") &&
  isObject(event.resource) &&
  event.resource["prefect.orchestration"] === "client";

/** Where a task-run event belongs; null where its resources do not say, or say it wrongly. */
export function taskRunTarget(event: unknown): TaskRunTarget | null {
  if (!isObject(event) || !isTaskRunEvent(event)) return null;
  const taskRunId = idOf(event.resource, "prefect.task-run.");
  const parent = relatedFlowRun(event);
  const flowRunId = parent === null ? null : idOf(parent, "prefect.flow-run.");
  if (taskRunId === null || (parent !== null && flowRunId === null)) return null;
  const payload = isObject(event.payload) ? event.payload : {};
  const { task_key: taskKey, dynamic_key: dynamicKey } = isObject(payload.task_run) ? payload.task_run : {};
  return {
    taskRunId,
    flowRunId,
    taskKey: typeof taskKey === "string" ? taskKey : null,
    dynamicKey: typeof dynamicKey === "string" ? dynamicKey : null,
  };
}

/**
 * What `event` makes of `existing`, which is the task run of that id or, within the flow run, of that task key and
 * dynamic key; null where there is none yet. `now` dates the record, never the state.
 */
export function recordTaskRunEvent(existing: TaskRun | null, event: unknown, now: Instant): Recording {
  if (!isObject(event) || !isTaskRunEvent(event)) return { kind: "unchanged" };
  const target = taskRunTarget(event);
  if (target === null) {
    const named = idOf(event.resource, "prefect.task-run.") !== null;
    if (named) return malformed("related", "The resource in the role flow-run must name a flow run by its UUID.");
    return malformed("resource.prefect.resource.id", "This must name a task run by its UUID.");
  }
  const reader = new Reader(event);
  const occurred = reader.instant("occurred");
  const id = reader.uuid("id");
  const follows = reader.uuidOrNull("follows");
  const payload = reader.object("payload");
  const state = readState(payload.object("validated_state"), id, occurred);
  const fields = readFields(payload.object("task_run"));
  if (reader.problem !== null) return { kind: "malformed", problem: reader.problem };
  if (occurred === undefined) return malformed("occurred", "This is required.");
  if (id === undefined) return malformed("id", "This is required.");
  if (state === null) return malformed("payload.validated_state.type", "This is required.");
  if (existing !== null && !supersedes(existing.state, state, follows ?? null)) {
    if (existing.state?.id === state.id) return { kind: "unchanged" };
    const details = { ...state.details, taskRunId: existing.id, flowRunId: existing.flowRunId };
    return { kind: "late", state: { ...state, details } };
  }
  const known = existing ?? newcomer(target, fields, now);
  if (known === null) {
    const missing = target.taskKey === null ? "task_key" : "dynamic_key";
    return malformed(`payload.task_run.${missing}`, "This is required.");
  }
  const taskRun: TaskRun = { ...known, ...fields, flowRunId: target.flowRunId ?? known.flowRunId, updated: now };
  const details = { ...state.details, taskRunId: taskRun.id, flowRunId: taskRun.flowRunId };
  return { kind: "recorded", taskRun: { ...taskRun, state: { ...state, details } } };
}

/** Later wins. Two states of one instant, as coarse clocks make them, are told apart by what the later one follows. */
function supersedes(known: State | null, told: State, follows: string | null): boolean {
  if (known === null || told.timestamp > known.timestamp) return true;
  return told.timestamp === known.timestamp && follows === known.id && told.id !== known.id;
}

function newcomer(target: TaskRunTarget, fields: Partial<TaskRun>, now: Instant): TaskRun | null {
  const { taskRunId: id, flowRunId, taskKey, dynamicKey } = target;
  if (taskKey === null || dynamicKey === null) return null;
  return blankTaskRun({ id, flowRunId, taskKey, dynamicKey, name: fields.name ?? `${taskKey}-${dynamicKey}`, now });
}

function readState(reader: Reader, id: string | undefined, occurred: Instant | undefined): State | null {
  const type = readStateType(reader);
  const name = reader.textOrNull("name");
  const message = reader.textOrNull("message");
  const data = reader.json("data");
  const details = readDetails(reader.object("state_details"));
  if (type === undefined || id === undefined || occurred === undefined) return null;
  return newState({ type, name, message, data, details }, { id, now: occurred });
}

function readFields(reader: Reader): Partial<TaskRun> {
  const policy = readPolicy(reader.object("empirical_policy"));
  return said<TaskRun>({
    name: reader.text("name") || undefined,
    taskKey: reader.text("task_key"),
    dynamicKey: reader.text("dynamic_key"),
    cacheKey: reader.textOrNull("cache_key"),
    cacheExpiration: reader.instantOrNull("cache_expiration"),
    taskVersion: reader.textOrNull("task_version"),
    policy: reader.has("empirical_policy") ? taskRunPolicy(policy) : undefined,
    tags: reader.texts("tags"),
    labels: reader.labels("labels"),
    taskInputs: reader.take("task_inputs", "an object of lists of objects", readInputs),
    runCount: reader.count("run_count"),
    flowRunRunCount: reader.count("flow_run_run_count"),
    expectedStartTime: reader.instantOrNull("expected_start_time"),
    nextScheduledStartTime: reader.instantOrNull("next_scheduled_start_time"),
    startTime: reader.instantOrNull("start_time"),
    endTime: reader.instantOrNull("end_time"),
    totalRunTime: reader.number("total_run_time"),
  });
}

function relatedFlowRun(event: JsonObject): JsonObject | null {
  if (!Array.isArray(event.related)) return null;
  return event.related.filter(isObject).find((one) => one["prefect.resource.role"] === "flow-run") ?? null;
}

function idOf(resource: unknown, prefix: string): string | null {
  const id = isObject(resource) ? resource["prefect.resource.id"] : null;
  return typeof id === "string" && id.startsWith(prefix) ? readUuid(id.slice(prefix.length)) : null;
}

const malformed = (field: string, message: string): Recording => ({
  kind: "malformed",
  problem: { code: "invalid", field, message },
});
