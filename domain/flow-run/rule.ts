/**
 * What an orchestration rule is: a value with a name, the transitions it has a say in, and a judgement.
 *
 * A rule sees the run, the two states, the clock and the facts; it changes none of them, and returns an opinion or null.
 * The first opinion that is no `adjust` ends the matter: what earlier rules adjusted is then dropped, since the transition
 * that they agreed to does not happen.
 */
import { STATE_TYPES, type State, type StateType } from "../state.ts";
import type { Instant } from "../time.ts";
import type { FlowRun, RunPolicy } from "./run.ts";

/** What other objects know and a rule needs. No rule of today's policies needs any. */
export type Facts = Readonly<Record<never, never>>;

/** One transition as a rule sees it. */
export interface View {
  readonly run: FlowRun;
  readonly from: State | null;
  readonly to: State;
  readonly now: Instant;
  readonly newId: () => string;
  readonly facts: Facts;
}

/**
 * `adjust`: agreed, with changes. `policy` counts before the run's books are kept, `policyAfter` after them: a run that
 * is told to resume by this very transition still counts its attempt.
 * `reject` with a state puts that state in place; with null the current one stays.
 */
export type Opinion =
  | { kind: "adjust"; state?: State; policy?: Partial<RunPolicy>; policyAfter?: Partial<RunPolicy> }
  | { kind: "reject"; state: State | null; reason: string; policy?: Partial<RunPolicy> }
  | { kind: "wait"; seconds: number; reason: string }
  | { kind: "abort"; reason: string };

export interface Rule {
  readonly name: string;
  /** Null: a run that has no state yet. */
  readonly from: readonly (StateType | null)[];
  readonly to: readonly StateType[];
  /** True of the few rules that hold even where the caller forces the transition. */
  readonly evenForced?: boolean;
  judge(view: View): Opinion | null;
}

export const ANY_STATE: readonly StateType[] = STATE_TYPES;
export const TERMINAL_STATES: readonly StateType[] = ["COMPLETED", "FAILED", "CANCELLED", "CRASHED"];
