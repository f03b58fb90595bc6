/**
 * What an orchestration rule is, for flow runs and task runs alike: a value with a name, the transitions it has a say in,
 * and a judgement.
 *
 * A rule sees the run, the two states, the clock and the facts; it changes none of them, and returns an opinion or null.
 * The first opinion that is no `adjust` ends the matter: what earlier rules adjusted is then dropped, since the transition
 * that they agreed to does not happen.
 */
import { STATE_TYPES, type State, type StateType } from "../state.ts";
import type { Instant } from "../time.ts";

/** As much of a run as every rule may ask for. */
export interface Orchestrated {
  /** Null only before the first state. */
  readonly state: State | null;
  readonly runCount: number;
}

/** One transition as a rule sees it; `run` and `to` are as earlier rules left them, `from` is the state it is in. */
export interface View<R extends Orchestrated, F> {
  readonly run: R;
  readonly from: State | null;
  readonly to: State;
  readonly now: Instant;
  readonly newId: () => string;
  /** What other objects know and a rule needs. */
  readonly facts: F;
}

/**
 * `adjust`: agreed, with changes. `run` counts before the run's books are kept, `after` after them: a run that is told to
 * resume by this very transition still counts its attempt. `effects` are what others must do once the state is entered.
 * `reject` with a state puts that state in place; with null the current one stays.
 */
export type Opinion<R extends Orchestrated, E> =
  | { kind: "adjust"; state?: State; run?: Partial<R>; after?(run: R): R; effects?: readonly E[] }
  | { kind: "reject"; state: State | null; reason: string; run?: Partial<R>; effects?: readonly E[] }
  | { kind: "wait"; seconds: number; reason: string }
  | { kind: "abort"; reason: string };

export interface Rule<R extends Orchestrated, F, E> {
  readonly name: string;
  /** Null: a run that has no state yet. */
  readonly from: readonly (StateType | null)[];
  readonly to: readonly StateType[];
  judge(view: View<R, F>): Opinion<R, E> | null;
}

/** A rule that asks nothing of a run but its states, and so serves flow runs and task runs. */
export interface CommonRule extends Omit<Rule<Orchestrated, unknown, never>, "judge"> {
  judge(view: View<Orchestrated, unknown>): Opinion<never, never> | null;
}

/** A state that was entered: `from` what was left, `rejected` whether the rules put it in place of the proposed one. */
export interface Entered<R extends Orchestrated, F> {
  readonly run: R;
  readonly from: State | null;
  readonly state: State;
  readonly rejected: boolean;
  readonly facts: F;
}

/** What every entered state brings about, forced or not, whoever put it in place. */
export interface Consequence<R extends Orchestrated, F, E> {
  readonly name: string;
  effects(entered: Entered<R, F>): readonly E[];
}

/** The rules that hold for a kind of transition, in order of precedence, and what follows from each. */
export interface Policy<R extends Orchestrated, F, E> {
  readonly rules: readonly Rule<R, F, E>[];
  readonly consequences: readonly Consequence<R, F, E>[];
}

export const ANY_STATE: readonly StateType[] = STATE_TYPES;
/** Any state, and none. */
export const ANY_OR_NONE: readonly (StateType | null)[] = [...STATE_TYPES, null];
export const TERMINAL_STATES: readonly StateType[] = ["COMPLETED", "FAILED", "CANCELLED", "CRASHED"];
