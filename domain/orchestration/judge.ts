/**
 * Judges one transition: asks the rules in order, then keeps the run's books.
 *
 * Pure: the clock, the facts and new ids come in, the run after the transition goes out, nothing is changed in place.
 */
import type { State } from "../state.ts";
import type { Instant } from "../time.ts";
import type { Opinion, Orchestrated, Policy } from "./rule.ts";

export interface Transition<R extends Orchestrated, F> {
  /** The run as it is; its `state` is the one that would be left. */
  run: R;
  /** The state that is proposed. */
  to: State;
  now: Instant;
  /** Makes ids for the states that rules put in place of the proposed one. */
  newId: () => string;
  facts: F;
}

/**
 * `accept` and `reject` carry the run as it now is, the state that the caller is told, and what others must do. A reject
 * with `changed: false` left everything as it was; one with `changed: true` put a state of the rules' own in place.
 */
export type Verdict<R extends Orchestrated, E> =
  | { kind: "accept"; run: R; state: State; changed: true; effects: readonly E[] }
  | { kind: "reject"; run: R; state: State; changed: boolean; reason: string; effects: readonly E[] }
  | { kind: "wait"; seconds: number; reason: string }
  | { kind: "abort"; reason: string };

/** Writes an entered state into a run: its times, its counts, and whose state it is. */
export type Books<R extends Orchestrated> = (run: R, to: State, now: Instant) => R;

/** What becomes of `t` under `policy`. */
export function judge<R extends Orchestrated, F, E>(
  policy: Policy<R, F, E>,
  enter: Books<R>,
  t: Transition<R, F>,
): Verdict<R, E> {
  const { now, newId, facts } = t;
  const from = t.run.state;
  const afterwards: ((run: R) => R)[] = [];
  const effects: E[] = [];
  let { run, to } = t;
  for (const rule of policy.rules) {
    if (!rule.from.includes(from?.type ?? null) || !rule.to.includes(to.type)) continue;
    const opinion = rule.judge({ run, from, to, now, newId, facts });
    if (opinion === null) continue;
    if (opinion.kind !== "adjust") return refused(policy, enter, t, opinion);
    to = opinion.state ?? to;
    run = opinion.run ? { ...run, ...opinion.run } : run;
    if (opinion.after) afterwards.push(opinion.after);
    effects.push(...(opinion.effects ?? []));
  }
  const entered = afterwards.reduce((next, change) => change(next), enter(run, to, now));
  const state = entered.state as State;
  effects.push(...consequences(policy, { run: entered, from, state, rejected: false, facts }));
  return { kind: "accept", run: entered, state, changed: true, effects };
}

function refused<R extends Orchestrated, F, E>(
  policy: Policy<R, F, E>,
  enter: Books<R>,
  { run, now, facts }: Transition<R, F>,
  opinion: Exclude<Opinion<R, E>, { kind: "adjust" }>,
): Verdict<R, E> {
  if (opinion.kind !== "reject") return opinion;
  const { reason } = opinion;
  if (opinion.state !== null) {
    const entered = enter({ ...run, ...opinion.run }, opinion.state, now);
    const state = entered.state as State;
    const follows = consequences(policy, { run: entered, from: run.state, state, rejected: true, facts });
    return {
      kind: "reject",
      run: entered,
      state,
      changed: true,
      reason,
      effects: [...(opinion.effects ?? []), ...follows],
    };
  }
  if (run.state === null) return { kind: "abort", reason };
  return { kind: "reject", run, state: run.state, changed: false, reason, effects: [] };
}

const consequences = <R extends Orchestrated, F, E>(
  policy: Policy<R, F, E>,
  entered: Parameters<Policy<R, F, E>["consequences"][number]["effects"]>[0],
): E[] => policy.consequences.flatMap((one) => one.effects(entered));
