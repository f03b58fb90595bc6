/** What a rule about task runs is: the rules of domain/orchestration, with what a task run asks of others. */
import type { Consequence as SomeConsequence, Policy as SomePolicy, Rule as SomeRule } from "../orchestration/rule.ts";
import type { State } from "../state.ts";
import type { Instant } from "../time.ts";
import type { TaskRun } from "./run.ts";

export { ANY_OR_NONE, ANY_STATE, TERMINAL_STATES } from "../orchestration/rule.ts";

/** How the limits of the run's tags answered when it asked for a slot of each. */
export type TagSlots =
  | { kind: "granted" }
  | { kind: "full"; tags: readonly string[]; seconds: number }
  /** One of the limits is 0. */
  | { kind: "closed"; tag: string };

export interface Facts {
  /** The flow run it belongs to; null for a background task. */
  readonly flowRun: { readonly state: State | null; readonly runCount: number } | null;
  /** The COMPLETED state kept under the proposed cache key, unless it has expired. */
  readonly cached: State | null;
  /** Null: nothing was asked, or none of its tags has a limit. */
  readonly slots: TagSlots | null;
  /** A number from 0 to 1 that nobody can foresee. */
  readonly chance: number;
}

export const NO_FACTS: Facts = Object.freeze({ flowRun: null, cached: null, slots: null, chance: 0.5 });

/** What others have to do once a state is entered. */
export type Effect =
  /** The slots of its tags' limits are free again. */
  | { kind: "release-slots" }
  /** The state entered is the answer for this key. */
  | { kind: "keep-cached"; key: string; expiration: Instant | null }
  /** A task worker is to be given the run; `retry`: before those that have not been tried. */
  | { kind: "enqueue"; retry: boolean };

export type Rule = SomeRule<TaskRun, Facts, Effect>;
export type Consequence = SomeConsequence<TaskRun, Facts, Effect>;
export type TaskRunOrchestration = SomePolicy<TaskRun, Facts, Effect>;
