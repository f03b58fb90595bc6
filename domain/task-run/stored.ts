/**
 * Task runs as they are kept: a run may have ten thousand, so each is a tuple of what tells it from others.
 *
 * A task run as the wire shows it takes two kilobytes, and each state that it went through half of one. Kept like this, one with three
 * states takes some four hundred bytes: names of fields are left out, times count from its creation, and what goes without saying is
 * not said.
 */
import { isObject, type Json, type JsonObject } from "../json.ts";
import { STATE_TYPES, type State, type StateDetails } from "../state.ts";
import { differing, restoredState, storedState } from "../stored-state.ts";
import { type Instant, instant } from "../time.ts";
import { taskRunPolicy } from "./create.ts";
import type { TaskRunRecord } from "./history.ts";
import type { TaskRun } from "./run.ts";

/** What goes without saying for the task runs that lie together. */
export interface Usual {
  flowRunId: string | null;
}

type Delta = number | null;
type StoredTaskRun = [
  name: string,
  taskKey: string,
  dynamicKey: string,
  created: Instant,
  updated: number,
  expectedStartTime: Delta,
  startTime: Delta,
  endTime: Delta,
  totalRunTime: number,
  runCount: number,
  flowRunRunCount: number,
  states: StoredStateTuple[],
  rest: Partial<Rest> | null,
  taskInputs: { [parameter: string]: Json[] },
];
type Rest = Omit<
  TaskRun,
  | "id"
  | "name"
  | "taskKey"
  | "dynamicKey"
  | "created"
  | "updated"
  | "expectedStartTime"
  | "startTime"
  | "endTime"
  | "totalRunTime"
  | "runCount"
  | "flowRunRunCount"
  | "state"
  | "taskInputs"
>;
type StoredStateTuple =
  | [id: string, type: number, timestamp: number, message: string | null]
  | [id: string, type: number, timestamp: number, message: string | null, rest: JsonObject];

const usualRest = ({ flowRunId }: Usual): Rest => ({
  flowRunId,
  labels: {},
  cacheKey: null,
  cacheExpiration: null,
  taskVersion: null,
  policy: taskRunPolicy(),
  tags: [],
  nextScheduledStartTime: null,
});

/** The text that is kept of a task run. */
export function storedTaskRun({ run, past }: TaskRunRecord, usual: Usual): string {
  const { id, name, taskKey, dynamicKey, created, state, ...others } = run;
  const {
    updated,
    expectedStartTime,
    startTime,
    endTime,
    totalRunTime,
    runCount,
    flowRunRunCount,
    taskInputs,
    ...rest
  } = others;
  const since = (at: Instant | null): Delta => (at === null ? null : at - created);
  const states = state === null ? past : [...past, state];
  const own = { flowRunId: run.flowRunId, taskRunId: id };
  const stored: StoredTaskRun = [
    name,
    taskKey,
    dynamicKey,
    created,
    updated - created,
    since(expectedStartTime),
    since(startTime),
    since(endTime),
    totalRunTime,
    runCount,
    flowRunRunCount,
    states.map((one) => tupleOf(one, own, created)),
    withoutUsual(rest, usualRest(usual)),
    eachSource(taskInputs, (source) => idOfTaskRun(source) ?? source),
  ];
  return JSON.stringify(stored);
}

/** The task run that was kept under this id. */
export function restoredTaskRun(id: string, text: string, usual: Usual): TaskRunRecord {
  // Before they were kept as tuples, task runs were kept whole, without their history.
  if (text.startsWith("{")) return { run: JSON.parse(text) as TaskRun, past: [] };
  const [
    name,
    taskKey,
    dynamicKey,
    created,
    updated,
    expected,
    start,
    end,
    total,
    count,
    flowRunCount,
    tuples,
    rest,
    inputs,
  ] = JSON.parse(text) as StoredTaskRun;
  const at = (delta: Delta): Instant | null => (delta === null ? null : instant(created + delta));
  const whole = { ...usualRest(usual), ...rest };
  const own = { flowRunId: whole.flowRunId, taskRunId: id };
  const states = tuples.map((tuple) => stateOf(tuple, own, created));
  const state = states.pop() ?? null;
  const run: TaskRun = {
    id,
    name,
    taskKey,
    dynamicKey,
    created,
    updated: instant(created + updated),
    expectedStartTime: at(expected),
    startTime: at(start),
    endTime: at(end),
    totalRunTime: total,
    runCount: count,
    flowRunRunCount: flowRunCount,
    state,
    taskInputs: eachSource(inputs, (source) =>
      typeof source === "string" ? { input_type: "task_run", id: source } : source,
    ),
    ...whole,
  };
  return { run, past: states };
}

/** Most inputs came from other task runs: those are kept as the ids that they are. A source is never a text by itself. */
function idOfTaskRun(source: Json): string | null {
  if (!isObject(source) || source.input_type !== "task_run" || typeof source.id !== "string") return null;
  return Object.keys(source).join() === "input_type,id" ? source.id : null;
}

const eachSource = (inputs: TaskRun["taskInputs"], change: (source: Json) => Json): TaskRun["taskInputs"] =>
  Object.fromEntries(Object.entries(inputs).map(([parameter, sources]) => [parameter, sources.map(change)]));

function tupleOf(state: State, own: Partial<StateDetails>, created: Instant): StoredStateTuple {
  const { id, type, timestamp, message = null, ...rest } = storedState(state, own);
  const tuple: StoredStateTuple = [id, STATE_TYPES.indexOf(type), timestamp - created, message];
  return Object.keys(rest).length === 0 ? tuple : [...tuple, rest as JsonObject];
}

function stateOf(tuple: StoredStateTuple, own: Partial<StateDetails>, created: Instant): State {
  const [id, type, timestamp, message, rest] = tuple;
  const stored = { id, type: STATE_TYPES[type] as State["type"], timestamp: instant(created + timestamp), message };
  return restoredState({ ...stored, ...rest } as Parameters<typeof restoredState>[0], own);
}

/** A policy is made anew with each event, so it is compared by what it says. */
function withoutUsual(rest: Rest, usual: Rest): Partial<Rest> | null {
  const policy = differing(rest.policy, usual.policy) === null ? usual.policy : rest.policy;
  return differing({ ...rest, policy }, usual);
}
