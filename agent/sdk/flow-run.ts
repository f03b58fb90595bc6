/**
 * The life of one flow run in this process: begin, attempts, the final state.
 *
 * L1  User code runs only while the server says RUNNING: an attempt begins after that was accepted.
 * L2  Whether a failed attempt is repeated is the server's to say: FAILED is proposed, and answered with AwaitingRetry.
 * L3  Logs and task-run events are at the API before the final state is proposed.
 * L4  Once the claim is lost nothing is reported any more.
 */

import type { WireState } from "@millrace/contract/states.ts";
import { TIMEOUT_LABEL } from "@millrace/domain/flow-run/timers.ts";
import { parseInstant } from "@millrace/domain/time.ts";
import { attempt, type Outcome } from "./attempt.ts";
import { now, sleep } from "./clock.ts";
import { readable } from "./duration.ts";
import { CancelledError, describe, type LeaseLostError, RunRefusedError, stackOf, TimeoutError } from "./errors.ts";
import type { FlowDefinition } from "./flow.ts";
import { FlowRunScope } from "./flow-run-scope.ts";
import { futuresIn, withResults } from "./future.ts";
import { createLogger, type Logger } from "./logger.ts";
import { lossOf, type Proposal, propose, type Verdict } from "./propose-state.ts";
import { keepResult } from "./result.ts";
import type { RunInfo } from "./run-info.ts";
import type { RunSession } from "./run-session.ts";
import { inScope, type Scope } from "./scope.ts";

export interface FlowRunStart {
  session: RunSession;
  /** Ends this run and its tasks; of a subflow also aborted with its parent. */
  signal: AbortSignal;
  run: Omit<RunInfo, "attempt">;
  /** Attempts begun before this process took the run. */
  attemptsBefore: number;
  /** Checks the parameters and gives what the function gets. */
  input: () => Promise<unknown>;
  /** The answer to RUNNING, where that was proposed already. */
  running?: Promise<Verdict>;
  /** Told when the API knows how the run ended. */
  onEnded?: () => void;
}

/** Runs the flow to its end and gives its result, or throws what it failed with. */
export async function runFlow(definition: FlowDefinition, start: FlowRunStart): Promise<unknown> {
  const { session, run } = start;
  const log = createLogger(
    { name: "millrace.flow_run", flowRunId: run.id, taskRunId: null },
    session.logThreshold,
    session.write,
  );
  const began = performance.now();
  let verdict = await (start.running ?? propose(session.api, run.id, { type: "RUNNING" }, start.signal));
  for (let number = start.attemptsBefore + 1; ; number++) {
    await untilRunning(verdict);
    if (number > 1) log.info(`Attempt ${number} begins.`);
    const outcome = await oneAttempt(definition, { ...run, attempt: number }, start, log);
    if (session.lost) throw session.signal.reason;
    const proposal = await finalState(definition, outcome, start, log);
    if (proposal.type === "COMPLETED") log.info(`Completed in ${readable(performance.now() - began)}.`);
    await session.flush();
    if (session.lost) throw session.signal.reason;
    verdict = await propose(session.api, run.id, proposal);
    const again = await settle(verdict, proposal, start);
    if (again === null) {
      start.onEnded?.();
      return ending(outcome, proposal);
    }
    log.info(
      again.waitMs > 0 ? `The next attempt begins in ${readable(again.waitMs)}.` : "The next attempt begins now.",
    );
    verdict = await retryWhenDue(start, again.waitMs);
  }

  /** Obeys a verdict that is not RUNNING: waits where the run is due later, ends where it must not run. */
  async function untilRunning(first: Verdict): Promise<void> {
    for (let current = first; ; ) {
      if (current.kind === "accepted") return;
      if (current.kind === "lost") throw loss(session, current.reason);
      if (current.kind === "refused") throw new RunRefusedError(current.reason);
      if (current.state.type === "RUNNING") return;
      if (current.state.type === "CANCELLING") {
        await propose(session.api, run.id, { type: "CANCELLED", message: "Cancelled before it began." });
        start.onEnded?.();
        throw new CancelledError("The run was cancelled before it began.");
      }
      if (current.state.type !== "SCHEDULED")
        throw new RunRefusedError(`The run is ${current.state.name}: ${current.reason}`);
      current = await retryWhenDue(start, untilDue(current.state));
    }
  }
}

async function retryWhenDue(start: FlowRunStart, waitMs: number): Promise<Verdict> {
  const { session, run, signal } = start;
  try {
    await sleep(waitMs, signal);
  } catch (reason) {
    if (!session.lost) {
      await session.flush();
      await propose(session.api, run.id, await session.whenStopped(reason));
      start.onEnded?.();
    }
    throw reason;
  }
  return propose(session.api, run.id, { type: "RUNNING", name: "Retrying" }, signal);
}

async function oneAttempt(
  definition: FlowDefinition,
  run: RunInfo,
  start: FlowRunStart,
  log: Logger,
): Promise<Outcome<unknown>> {
  const { session } = start;
  return attempt(
    async (signal) => {
      const params = await start.input();
      // Ends with the attempt, so that no task outlives the flow that called it.
      const tasks = new AbortController();
      const flowRun = new FlowRunScope({
        session,
        run,
        logPrints: definition.logPrints,
        signal: tasks.signal,
        concurrentTasks: definition.concurrentTasks,
        keepsResults: definition.checkpoints,
      });
      const stop = () => tasks.abort(signal.reason);
      signal.addEventListener("abort", stop, { once: true });
      const scope: Scope = { signal: tasks.signal, log, run, task: null, flowRun, logPrints: definition.logPrints };
      try {
        const returned = await inScope(scope, () => (definition.fn as (params: unknown) => unknown)(params));
        const result = await resolved(returned);
        await flowRun.allSettled();
        const [unseen] = await flowRun.unseenFailures();
        if (unseen) throw unseen.reason;
        return result;
      } catch (error) {
        if (!signal.aborted) tasks.abort(new CancelledError(`The flow failed: ${describe(error)}`));
        await flowRun.allSettled();
        throw error;
      } finally {
        signal.removeEventListener("abort", stop);
      }
    },
    { parent: start.signal, limitMs: definition.limitMs, patience: session.patience },
  );
}

/** Waits for the futures in what a flow returned. */
async function resolved(value: unknown): Promise<unknown> {
  const futures = futuresIn(value);
  if (futures.size === 0) return value;
  const results = new Map(await Promise.all([...futures].map(async (future) => [future, await future] as const)));
  return withResults(value, results);
}

async function finalState(
  definition: FlowDefinition,
  outcome: Outcome<unknown>,
  start: FlowRunStart,
  log: Logger,
): Promise<Proposal> {
  switch (outcome.kind) {
    case "returned": {
      const kept = keepResult(outcome.value);
      if (kept.note !== null) log.warn(kept.note);
      return { type: "COMPLETED", data: kept.data };
    }
    case "threw":
      log.error(`The flow failed.\n${stackOf(outcome.error)}`);
      return { type: "FAILED", message: describe(outcome.error) };
    case "timed-out": {
      const message = `Flow "${definition.name}" ${outcome.error.message}`;
      log.error(message);
      return { type: "FAILED", name: "TimedOut", message };
    }
    case "stopped":
      return start.session.whenStopped(outcome.reason);
  }
}

/** Null: the run has ended. Else: it is tried again after `waitMs`. */
async function settle(verdict: Verdict, proposal: Proposal, start: FlowRunStart): Promise<{ waitMs: number } | null> {
  const { session, run } = start;
  if (verdict.kind === "lost") throw loss(session, verdict.reason);
  if (verdict.kind === "refused") throw new RunRefusedError(verdict.reason);
  if (verdict.kind === "accepted") return null;
  if (verdict.state.type === "SCHEDULED") return { waitMs: untilDue(verdict.state) };
  if (verdict.state.type === "CANCELLING" && proposal.type !== "CANCELLED") {
    const message = `Cancelled while it was ending as ${proposal.type}.`;
    await propose(session.api, run.id, { type: "CANCELLED", message });
    start.onEnded?.();
    throw new CancelledError("The run was cancelled.");
  }
  if (verdict.state.type === proposal.type) return null;
  throw new RunRefusedError(`The run is ${verdict.state.name}: ${verdict.reason}`);
}

function ending(outcome: Outcome<unknown>, proposal: Proposal): unknown {
  if (outcome.kind === "returned") return outcome.value;
  if (outcome.kind === "threw") throw outcome.error;
  if (outcome.kind === "timed-out") throw new TimeoutError(proposal.message);
  throw outcome.reason;
}

function untilDue(state: WireState): number {
  const due = state.state_details.scheduled_time && parseInstant(state.state_details.scheduled_time);
  return due ? Math.max(0, (due - now()) / 1000) : 0;
}

function loss(session: RunSession, reason: string): LeaseLostError {
  const error = lossOf(reason);
  session.stop(error);
  return error;
}

/** The policy of a run as the wire carries it: the server counts the attempts. */
export const policyOf = (definition: FlowDefinition): { retries: number; retry_delay: number } => ({
  retries: definition.plan.retries,
  retry_delay: Math.round((definition.plan.delays[0] ?? 0) / 1000),
});

/** The labels of a run: by its time-out the server ends one that cannot end itself. */
export const labelsOf = ({ limitMs }: FlowDefinition): Record<string, number> =>
  limitMs === null ? {} : { [TIMEOUT_LABEL]: limitMs / 1000 };

/** The name that the flow's options give a run; null where they give none. */
export function runNameOf(definition: FlowDefinition, params: unknown): string | null {
  if (typeof definition.runName !== "function") return definition.runName;
  return (definition.runName as (params: unknown) => string)(params);
}
