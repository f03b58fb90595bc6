/**
 * Who may execute a run: at most one claim is live at a time, and each has a number that fences off the ones before it.
 *
 * C1  `generation` only grows. A claim takes the next number; giving one up, in whichever way, takes another, so that
 *     nobody who held an older one can report any more.
 * C2  A report counts if and only if it shows the current generation.
 * C3  `lost` and `release` name the generation they mean: late or doubled ones change nothing.
 */
import { isTerminal, newState, type State, type StateInput } from "../state.ts";
import type { Instant } from "../time.ts";
import { enter } from "./bookkeeping.ts";
import { policyOf } from "./rule.ts";
import type { FlowRun } from "./run.ts";

/** A live claim: which agent has the run, in which of its sessions. */
export interface Claim {
  readonly generation: number;
  readonly agent: string;
  readonly session: string;
  readonly since: Instant;
}

/** As much of a run's object as claims are about. */
export interface Head {
  readonly run: FlowRun;
  readonly generation: number;
  readonly claim: Claim | null;
}

/** `no_slot`: the limit of its deployment is reached. `held`: another claim is live. `not_waiting`: the run is not SCHEDULED, as somebody works on it, or it waits in its own process. */
export type ClaimRefusal = "terminal" | "held" | "not_waiting" | "not_due" | "no_slot";

export type ClaimOutcome<H extends Head> =
  | { kind: "claimed"; head: H; claim: Claim }
  | { kind: "refused"; reason: ClaimRefusal };

export interface Claimant {
  agent: string;
  session: string;
  now: Instant;
}

/** Gives the run to an agent's session. A session that asks again for what it holds gets the same claim again. */
export function claim<H extends Head>(head: H, { agent, session, now }: Claimant): ClaimOutcome<H> {
  const { run } = head;
  if (run.state !== null && isTerminal(run.state.type)) return { kind: "refused", reason: "terminal" };
  if (head.claim !== null) {
    const mine = head.claim.agent === agent && head.claim.session === session;
    return mine ? { kind: "claimed", head, claim: head.claim } : { kind: "refused", reason: "held" };
  }
  if (!waits(run)) return { kind: "refused", reason: "not_waiting" };
  const due = run.state?.details.scheduledTime ?? null;
  if (due !== null && due > now) return { kind: "refused", reason: "not_due" };
  const generation = head.generation + 1;
  const taken: Claim = { generation, agent, session, since: now };
  return { kind: "claimed", head: { ...head, generation, claim: taken }, claim: taken };
}

/** Whether a report that shows `generation` counts. After the end of a claim its own last words still do. */
export const report = (head: Head, generation: number): "ok" | "stale" =>
  generation === head.generation ? "ok" : "stale";

/** The claim ended as it should: the process is gone. Its generation stays current, for reports still on their way. */
export const finish = <H extends Head>(head: H, generation: number): H | null =>
  head.claim?.generation === generation ? { ...head, claim: null } : null;

/** The claim is given back before anything ran (an assignment that nobody acknowledged). Null: not the live claim. */
export const release = <H extends Head>(head: H, generation: number): H | null =>
  head.claim?.generation === generation ? fenced(head, head.run) : null;

/** What becomes of a run whose agent vanished: it ends, or another agent may take it. */
export type LossPolicy = "crash" | "reclaim";

/** `state`: the one entered, null where only the claim was taken back. */
export interface Loss<H extends Head> {
  head: H;
  state: State | null;
}

/**
 * The agent that held `generation` vanished. Null: that claim is not the live one, and nothing changes.
 *
 * A run that was being cancelled is CANCELLED now. One that has ended, is suspended, or never left SCHEDULED keeps its
 * state, and only the claim is taken back.
 */
export function lost<H extends Head>(
  head: H,
  generation: number,
  policy: LossPolicy,
  { now, newId }: { now: Instant; newId: () => string },
): Loss<H> | null {
  if (head.claim?.generation !== generation) return null;
  const next = stateAfterLoss(head.run, policy, head.claim.agent);
  if (next === null) return { head: fenced(head, head.run), state: null };
  const anew =
    next.type === "SCHEDULED" ? policyOf(head.run, { resuming: false, pauseKeys: [], retryType: "reschedule" }) : null;
  const run = enter({ ...head.run, ...anew }, newState(next, { id: newId(), now }), now);
  return { head: fenced(head, run), state: run.state };
}

function stateAfterLoss(run: FlowRun, policy: LossPolicy, agent: string): StateInput | null {
  const state = run.state;
  if (state === null || isTerminal(state.type)) return null;
  if (state.type === "SCHEDULED" && !waitsInProcess(run)) return null;
  if (state.type === "PAUSED" && state.details.pauseReschedule) return null;
  if (state.type === "CANCELLING")
    return { type: "CANCELLED", message: `Its agent ${agent} vanished while cancelling it.` };
  if (policy === "reclaim") {
    return {
      type: "SCHEDULED",
      name: "AwaitingRetry",
      message: `Its agent ${agent} vanished; another one may take it.`,
    };
  }
  return { type: "CRASHED", message: `Its agent ${agent} vanished: no sign of life within the lease.` };
}

const fenced = <H extends Head>(head: H, run: FlowRun): H => ({
  ...head,
  run,
  generation: head.generation + 1,
  claim: null,
});

const waits = (run: FlowRun): boolean => run.state?.type === "SCHEDULED" && !waitsInProcess(run);

/** Somebody works on the run, or is about to. */
export const isWorked = (run: FlowRun): boolean =>
  run.state?.type === "PENDING" ||
  run.state?.type === "RUNNING" ||
  run.state?.type === "CANCELLING" ||
  waitsInProcess(run);

/** A retry within the process that failed: the run is SCHEDULED, but whoever has it keeps it. */
export const waitsInProcess = (run: FlowRun): boolean =>
  run.state?.type === "SCHEDULED" && run.state.name === "AwaitingRetry" && run.policy.retryType === "in_process";
