/**
 * Sequences of transitions: runs that are made, and states that are proposed for them, as a seed decides.
 *
 * Half of the proposals are what a client would do next, half are anything. Times are offsets from the moment of sending, far
 * enough apart that a slow machine does not blur them.
 */
import { STATE_TYPES, type StateType } from "@millrace/domain/state.ts";
import { Random } from "../../faults/platform/random.ts";

/** What a step says of a state; every field that is left out is not sent. `T+90` in details: 90 s after it is sent. */
export interface ProposedState {
  type: StateType;
  name?: string;
  message?: string;
  data?: unknown;
  details?: { [field: string]: unknown };
}

export interface RunSpec {
  deployment?: true;
  parent?: true;
  state?: ProposedState;
  policy?: { [field: string]: unknown };
}

/** `flow`: a state for the flow run. `task`: for its task run. `pid`: its infrastructure becomes known. `run`: the second run, where there are two. */
export type Step =
  | { on: "flow" | "task"; run?: 1; state: ProposedState; force?: true }
  | { on: "pid"; run?: 1; pid: string };

export interface Sequence {
  seed: number;
  /** `limited`: two runs of a deployment with room for one. */
  kind: "flow" | "task" | "limited";
  collision?: "ENQUEUE" | "CANCEL_NEW";
  runs: RunSpec[];
  task?: { state?: ProposedState; policy?: { [field: string]: unknown } };
  steps: Step[];
}

/** Names under each type that servers and clients give; the first is the type's own. */
const NAMES: { [type in StateType]: readonly string[] } = {
  SCHEDULED: ["Scheduled", "Scheduled", "Late", "AwaitingRetry", "Resuming", "AwaitingConcurrencySlot"],
  PENDING: ["Pending", "Pending", "Submitting", "InfrastructurePending"],
  RUNNING: ["Running", "Running", "Running", "Retrying"],
  COMPLETED: ["Completed", "Completed", "Cached"],
  FAILED: ["Failed", "Failed", "TimedOut"],
  CANCELLED: ["Cancelled"],
  CRASHED: ["Crashed"],
  PAUSED: ["Paused", "Suspended", "NotReady"],
  CANCELLING: ["Cancelling"],
};

/** Where a run that is left alone goes next. */
const NEXT: { [type in StateType]: readonly StateType[] } = {
  SCHEDULED: ["PENDING", "RUNNING", "CANCELLING", "SCHEDULED"],
  PENDING: ["RUNNING", "PENDING", "CANCELLING", "CRASHED", "SCHEDULED"],
  RUNNING: ["COMPLETED", "FAILED", "PAUSED", "CANCELLING", "CRASHED", "SCHEDULED"],
  PAUSED: ["RUNNING", "SCHEDULED", "CANCELLING"],
  CANCELLING: ["CANCELLED", "COMPLETED", "CRASHED"],
  COMPLETED: ["RUNNING", "SCHEDULED", "COMPLETED"],
  FAILED: ["SCHEDULED", "RUNNING", "PENDING"],
  CRASHED: ["SCHEDULED", "PENDING", "RUNNING"],
  CANCELLED: ["SCHEDULED", "PENDING"],
};

const DATA = [
  null,
  { type: "unpersisted" },
  { type: "reference", storage_key: "k" },
  { type: "reference", storage_key: "other" },
];
const DUE = ["T-3600", "T-3600", "T+90", "T+3600"];

/** A first state. Prefect's server fails to create a run whose first state has data. */
function firstState(dice: Random, type: StateType, ofTask: boolean): ProposedState {
  const { data, ...proposed } = state(dice, type, ofTask);
  return proposed;
}

/** The sequence of a seed. */
export function sequenceOf(seed: number): Sequence {
  const dice = new Random(seed, "transitions");
  const kind = dice.pick(["flow", "flow", "flow", "task", "task", "limited"] as const);
  if (kind === "limited") return limited(dice, seed);
  const run = runSpec(dice, kind);
  const sequence: Sequence = { seed, kind, runs: [run], steps: [] };
  if (kind === "task") {
    sequence.task = { policy: policy(dice, true) };
    if (dice.chance(0.5)) sequence.task.state = firstState(dice, dice.pick(["SCHEDULED", "PENDING", "RUNNING"]), true);
  }
  const about = { flow: run.state?.type ?? "PENDING", task: sequence.task?.state?.type ?? "PENDING" };
  const length = 3 + dice.below(5);
  while (sequence.steps.length < length) {
    if (kind === "flow" && dice.chance(0.08)) {
      sequence.steps.push({ on: "pid", pid: "host:4711" });
      continue;
    }
    const on = kind === "flow" || dice.chance(0.2) ? "flow" : "task";
    const type = dice.chance(0.55) ? dice.pick(NEXT[about[on]]) : dice.pick(STATE_TYPES);
    about[on] = type;
    const forced = dice.chance(kind === "task" && on === "flow" ? 0.7 : 0.12);
    sequence.steps.push({ on, state: state(dice, type, on === "task"), ...(forced && { force: true }) });
  }
  return sequence;
}

function limited(dice: Random, seed: number): Sequence {
  const runs = [0, 1].map(() => ({ deployment: true as const, state: { type: "SCHEDULED" as const } }));
  const steps: Step[] = [];
  const length = 5 + dice.below(5);
  const about: StateType[] = ["SCHEDULED", "SCHEDULED"];
  while (steps.length < length) {
    const run = dice.below(2) as 0 | 1;
    const type = dice.chance(0.85) ? dice.pick(NEXT[about[run] as StateType]) : dice.pick(STATE_TYPES);
    about[run] = type;
    const proposed: ProposedState = { type, ...(type === "PENDING" && dice.chance(0.2) && { name: "Submitting" }) };
    steps.push({
      on: "flow",
      state: proposed,
      ...(run === 1 && { run: 1 }),
      ...(dice.chance(0.06) && { force: true }),
    });
  }
  return { seed, kind: "limited", collision: dice.pick(["ENQUEUE", "CANCEL_NEW"]), runs, steps };
}

function runSpec(dice: Random, kind: "flow" | "task"): RunSpec {
  const spec: RunSpec = {};
  if (dice.chance(0.5)) spec.deployment = true;
  if (kind === "flow" && dice.chance(0.15)) spec.parent = true;
  if (dice.chance(0.6)) spec.policy = policy(dice, false);
  if (kind === "task") spec.state = firstState(dice, dice.chance(0.8) ? "RUNNING" : dice.pick(STATE_TYPES), false);
  else if (dice.chance(0.85))
    spec.state = firstState(
      dice,
      dice.chance(0.7) ? dice.pick(["SCHEDULED", "PENDING", "RUNNING"]) : dice.pick(STATE_TYPES),
      false,
    );
  return spec;
}

function policy(dice: Random, ofTask: boolean): { [field: string]: unknown } {
  const retries = dice.pick([null, 0, 1, 1, 2]);
  const delays = ofTask ? [null, 0, 60, [60, 600], [600]] : [null, 0, 60, 600];
  return { retries, retry_delay: dice.pick(delays) };
}

function state(dice: Random, type: StateType, ofTask: boolean): ProposedState {
  const proposed: ProposedState = { type };
  const name = dice.pick(NAMES[type]);
  if (name !== NAMES[type][0] || dice.chance(0.3)) proposed.name = name;
  if (dice.chance(0.2)) proposed.message = `a message of ${dice.below(9)}`;
  if (dice.chance(type === "COMPLETED" ? 0.8 : 0.15)) proposed.data = dice.pick(DATA);
  const details = detailsOf(dice, type, name, ofTask);
  if (Object.keys(details).length > 0) proposed.details = details;
  return proposed;
}

function detailsOf(dice: Random, type: StateType, name: string, ofTask: boolean): { [field: string]: unknown } {
  const details: { [field: string]: unknown } = {};
  if (type === "SCHEDULED" && dice.chance(0.7)) details.scheduled_time = dice.pick(DUE);
  if (type === "PENDING" && dice.chance(0.1)) details.scheduled_time = dice.pick(DUE);
  if (type === "PAUSED") {
    if (dice.chance(0.7)) details.pause_timeout = dice.pick(["T+3600", "T+3600", "T-60"]);
    if (dice.chance(0.6)) details.pause_key = dice.pick(["k1", "k2"]);
    if (name === "Suspended" || dice.chance(0.1)) details.pause_reschedule = true;
  }
  if (dice.chance(0.1)) details.transition_id = `0000000${dice.below(2)}-0000-4000-8000-000000000000`;
  if (dice.chance(0.05)) details.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  if (!ofTask) return details;
  if (type === "FAILED" && dice.chance(0.3)) details.retriable = dice.pick([false, false, true]);
  if ((type === "RUNNING" || type === "COMPLETED") && dice.chance(0.25)) details.cache_key = dice.pick(["ck1", "ck2"]);
  if (details.cache_key !== undefined && dice.chance(0.2)) details.refresh_cache = true;
  if (details.cache_key !== undefined && dice.chance(0.3)) details.cache_expiration = dice.pick(["T-60", "T+3600"]);
  if (dice.chance(0.15)) details.deferred = true;
  if (details.deferred && dice.chance(0.5)) details.task_parameters_id = "000000aa-0000-4000-8000-000000000000";
  return details;
}
