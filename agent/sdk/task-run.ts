import { formatInstant, fromMilliseconds, instant } from "@millrace/domain/time.ts";
import { uuidv7 } from "uuidv7";
import { attempt, type Outcome } from "./attempt.ts";
import { checkpointKey } from "./checkpoints.ts";
import { now, sleep } from "./clock.ts";
import { readable } from "./duration.ts";
import { describe, LeaseLostError, stackOf, TimeoutError, UpstreamError } from "./errors.ts";
import type { FlowRunScope } from "./flow-run-scope.ts";
import { Future, futuresIn, withResults } from "./future.ts";
import { createLogger, type Logger } from "./logger.ts";
import { beforeFirstState, step, type TaskRunIdentity, type TaskRunState } from "./report/task-run-event.ts";
import { nextDelay, wireDelay } from "./retry.ts";
import { inScope, type Scope } from "./scope.ts";
import type { TaskDefinition } from "./task.ts";

/** Begins a run of `task`; everything up to its PENDING event happens before this returns. */
export function runTask<Args extends readonly unknown[], Result>(
  task: TaskDefinition<Args, Result>,
  args: readonly unknown[],
  scope: Scope,
): Future<Result> {
  const { flowRun } = scope;
  const call = flowRun.nextCall(task.name);
  const { run } = flowRun;
  const identity: TaskRunIdentity = {
    id: uuidv7(),
    name: nameOf(task, args, call),
    taskKey: task.name,
    // A later attempt of the flow makes task runs of its own.
    dynamicKey: run.attempt === 1 ? String(call) : `${call}-${run.attempt}`,
    tags: task.tags,
    retries: task.plan.retries,
    retryDelay: wireDelay(task.plan),
    retryJitter: task.plan.jitter === 0 ? null : task.plan.jitter,
    taskInputs: taskInputs(task, args, flowRun),
    flowRun: { id: run.id, name: run.name, attempt: run.attempt },
    flow: run.flow,
  };
  const keeps = task.checkpoint ?? flowRun.keepsResults;
  const life = new TaskRunLife(identity, flowRun, keeps ? checkpointKey(task.name, call) : null);
  life.enter({ type: "PENDING", name: "Pending" });
  const future = new Future(identity, execute(task, args, life, scope));
  return flowRun.track(future);
}

/** The states of one task run, each with its event. */
class TaskRunLife {
  readonly identity: TaskRunIdentity;
  readonly flowRun: FlowRunScope;
  /** Under which its result is kept; null: it is not kept. */
  readonly checkpoint: string | null;
  #progress = beforeFirstState(now());

  constructor(identity: TaskRunIdentity, flowRun: FlowRunScope, checkpoint: string | null) {
    this.identity = identity;
    this.flowRun = flowRun;
    this.checkpoint = checkpoint;
  }

  enter(state: Pick<TaskRunState, "type" | "name"> & Partial<TaskRunState>): void {
    const { event, after } = step(
      this.identity,
      this.#progress,
      { message: "", details: {}, ...state },
      { at: now(), eventId: uuidv7() },
    );
    this.#progress = after;
    this.flowRun.session.events.push(event);
  }
}

async function execute<Args extends readonly unknown[], Result>(
  task: TaskDefinition<Args, Result>,
  args: readonly unknown[],
  life: TaskRunLife,
  scope: Scope,
): Promise<Result> {
  const { flowRun } = scope;
  const ready = await prepare(task, args, life, scope);
  // A task within a task has its caller's slot: it would wait for ever for one that its caller holds.
  const nested = scope.task !== null;
  try {
    if (!nested) await flowRun.slots.take(scope.signal);
  } catch (reason) {
    throw cancelled(life, reason);
  }
  try {
    return await attempts(task, ready as unknown as Args, life, scope);
  } finally {
    if (!nested) flowRun.slots.give();
  }
}

/** The arguments with all results in place. */
async function prepare<Args extends readonly unknown[], Result>(
  task: TaskDefinition<Args, Result>,
  args: readonly unknown[],
  life: TaskRunLife,
  scope: Scope,
): Promise<readonly unknown[]> {
  await life.flowRun.session.events.room();
  const results = new Map<Future<unknown>, unknown>();
  for (const future of [...futuresIn(args), ...task.waitFor]) {
    try {
      results.set(future, await future);
    } catch (cause) {
      if (scope.signal.aborted) throw cancelled(life, scope.signal.reason);
      const message = `${future.taskRun.name} did not complete.`;
      life.enter({ type: "PENDING", name: "NotReady", message });
      throw new UpstreamError(`${life.identity.name} was not begun: ${message}`, { cause });
    }
  }
  return withResults(args, results) as readonly unknown[];
}

async function attempts<Args extends readonly unknown[], Result>(
  task: TaskDefinition<Args, Result>,
  args: Args,
  life: TaskRunLife,
  scope: Scope,
): Promise<Result> {
  const { flowRun } = scope;
  const { identity } = life;
  const kept = life.checkpoint === null ? undefined : await flowRun.checkpoints.find(life.checkpoint);
  if (kept) {
    life.enter({ type: "COMPLETED", name: "Cached", message: "An earlier attempt did this." });
    flowRun.noteOrigin(kept.result, identity.id);
    return kept.result as Result;
  }
  const log = createLogger(
    { name: "millrace.task_run", flowRunId: flowRun.run.id, taskRunId: identity.id },
    flowRun.session.logThreshold,
    flowRun.session.write,
  );
  for (let number = 1; ; number++) {
    life.enter({ type: "RUNNING", name: number === 1 ? "Running" : "Retrying" });
    const outcome = await attempt(
      (signal) => inScope(taskScope(task, scope, life, number, signal, log), () => task.fn(...args)),
      {
        parent: scope.signal,
        limitMs: task.limitMs,
        patience: flowRun.session.patience,
      },
    );
    if (outcome.kind === "returned") {
      flowRun.noteOrigin(outcome.value, identity.id);
      if (life.checkpoint !== null) await keep(life.checkpoint, outcome.value, flowRun, log);
      life.enter({ type: "COMPLETED", name: "Completed" });
      return outcome.value;
    }
    if (outcome.kind === "stopped") throw cancelled(life, outcome.reason);
    const delay = await nextDelay(task.plan, outcome.error, number).catch((error: unknown) => {
      log.error(`retryIf itself failed: ${describe(error)}`);
      return null;
    });
    if (delay === null) throw failed(task, life, outcome, log);
    log.warn(
      `Attempt ${number} failed: ${describe(outcome.error)}. Retry ${number} of ${task.plan.retries} in ${readable(delay)}.`,
    );
    const scheduled = instant(now() + fromMilliseconds(delay));
    life.enter({ type: "SCHEDULED", name: "AwaitingRetry", details: { scheduled_time: formatInstant(scheduled) } });
    try {
      await sleep(delay, scope.signal);
    } catch (reason) {
      throw cancelled(life, reason);
    }
  }
}

/** Keeps a result with the run. One that cannot be kept is no reason to fail: its task is run again, as any other. */
async function keep(key: string, value: unknown, { checkpoints, session }: FlowRunScope, log: Logger): Promise<void> {
  try {
    const note = await checkpoints.keep(key, value);
    if (note !== null) log.warn(note);
  } catch (error) {
    if (session.noteLoss(error)) throw session.signal.reason;
    log.warn(`The result could not be kept: ${describe(error)}`);
  }
}

function taskScope<Args extends readonly unknown[], Result>(
  task: TaskDefinition<Args, Result>,
  parent: Scope,
  life: TaskRunLife,
  number: number,
  signal: AbortSignal,
  log: Logger,
): Scope {
  const { id, name } = life.identity;
  return {
    signal,
    log,
    run: parent.run,
    task: { id, name, key: task.name, attempt: number },
    flowRun: parent.flowRun,
    logPrints: task.logPrints ?? parent.logPrints,
  };
}

/** Notes that the run was stopped from above, and gives back what to throw. */
function cancelled(life: TaskRunLife, reason: unknown): unknown {
  if (!(reason instanceof LeaseLostError)) {
    const message = reason instanceof TimeoutError ? "The flow took too long." : describe(reason);
    life.enter({ type: "CANCELLED", name: "Cancelled", message });
  }
  return reason;
}

function failed<Result>(
  task: { name: string },
  life: TaskRunLife,
  outcome: Extract<Outcome<Result>, { kind: "threw" | "timed-out" }>,
  log: Logger,
): unknown {
  const timedOut = outcome.kind === "timed-out";
  const error = timedOut ? new TimeoutError(`Task "${task.name}" ${outcome.error.message}`) : outcome.error;
  log.error(timedOut ? describe(error) : `The task failed.\n${stackOf(error)}`);
  life.enter({ type: "FAILED", name: timedOut ? "TimedOut" : "Failed", message: describe(error) });
  return error;
}

function nameOf<Args extends readonly unknown[], Result>(
  task: TaskDefinition<Args, Result>,
  args: readonly unknown[],
  call: number,
): string {
  if (task.runName === null) return `${task.name}-${call}`;
  if (typeof task.runName === "string") return task.runName;
  return futuresIn(args).size > 0 ? `${task.name}-${call}` : task.runName(...(args as unknown as Args));
}

/** Task runs from which each parameter of a task run comes. */
type TaskInputs = { [parameter: string]: { input_type: "task_run"; id: string }[] };

/** Where each argument came from. Functions have no names for their arguments once they are bundled: these are numbered. */
export function taskInputs(
  task: { waitFor: readonly Future<unknown>[] },
  args: readonly unknown[],
  flowRun: FlowRunScope,
): TaskInputs {
  const inputs: TaskInputs = {};
  for (const [index, argument] of args.entries()) inputs[`arg${index}`] = flowRun.originsOf(argument).map(asInput);
  if (task.waitFor.length > 0) inputs.wait_for = task.waitFor.map((future) => asInput(future.taskRun.id));
  return inputs;
}

const asInput = (id: string): TaskInputs[string][number] => ({ input_type: "task_run", id });
