/**
 * Judges one transition of a flow run: asks the rules in order, then keeps the run's books.
 *
 * Pure: the clock and new ids come in, the run after the transition goes out, nothing is changed in place.
 */
import type { State } from "../state.ts";
import type { Instant } from "../time.ts";
import { enter } from "./bookkeeping.ts";
import type { Facts, Opinion, Rule } from "./rule.ts";
import type { FlowRun, RunPolicy } from "./run.ts";

export interface Transition {
  /** The run as it is; its `state` is the one that would be left. */
  run: FlowRun;
  /** The state that is proposed. */
  to: State;
  now: Instant;
  /** Makes ids for the states that rules put in place of the proposed one. */
  newId: () => string;
  /** Skips the rules, except those that hold even then; the books are kept all the same. */
  force: boolean;
  facts: Facts;
}

/**
 * `accept` and `reject` carry the run as it now is, and the state that the caller is told. A reject with `changed: false`
 * left everything as it was; one with `changed: true` put a state of the rules' own in place.
 */
export type Verdict =
  | { kind: "accept"; run: FlowRun; state: State; changed: true }
  | { kind: "reject"; run: FlowRun; state: State; changed: boolean; reason: string }
  | { kind: "wait"; seconds: number; reason: string }
  | { kind: "abort"; reason: string };

/** What becomes of `t` under `policy`, whose order is the order of precedence. */
export function decide(policy: readonly Rule[], t: Transition): Verdict {
  const { run, now } = t;
  let to = t.to;
  let before: Partial<RunPolicy> = {};
  let after: Partial<RunPolicy> = {};
  for (const rule of policy) {
    if (t.force && !rule.evenForced) continue;
    if (!rule.from.includes(run.state?.type ?? null) || !rule.to.includes(to.type)) continue;
    const opinion = rule.judge({ run, from: run.state, to, now, newId: t.newId, facts: t.facts });
    if (opinion === null) continue;
    if (opinion.kind !== "adjust") return refused(opinion, run, now);
    to = opinion.state ?? to;
    before = { ...before, ...opinion.policy };
    after = { ...after, ...opinion.policyAfter };
  }
  const next = enter(run, to, now, before, after);
  return { kind: "accept", run: next, state: next.state as State, changed: true };
}

function refused(opinion: Exclude<Opinion, { kind: "adjust" }>, run: FlowRun, now: Instant): Verdict {
  if (opinion.kind !== "reject") return opinion;
  const { reason } = opinion;
  if (opinion.state !== null) {
    const next = enter(run, opinion.state, now, opinion.policy);
    return { kind: "reject", run: next, state: next.state as State, changed: true, reason };
  }
  if (run.state === null) return { kind: "abort", reason };
  return { kind: "reject", run, state: run.state, changed: false, reason };
}
