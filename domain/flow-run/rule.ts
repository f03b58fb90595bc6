/** What a rule about flow runs is: the rules of domain/orchestration, with what a flow run asks of others and of its limit. */
import type {
  Entered,
  Opinion,
  Consequence as SomeConsequence,
  Rule as SomeRule,
  View as SomeView,
} from "../orchestration/rule.ts";
import type { FlowRun, RunPolicy } from "./run.ts";

export { ANY_OR_NONE, ANY_STATE, TERMINAL_STATES } from "../orchestration/rule.ts";

/**
 * How the limit of the run's deployment answered to what the transition needs of it (`needs.ts`).
 * `granted`: a slot was taken under this lease. `renewed`: the lease it had holds on. `closed`: the limit is 0.
 */
export type SlotAnswer =
  | { kind: "granted"; lease: string }
  | { kind: "renewed" }
  | { kind: "full"; collision: "ENQUEUE" | "CANCEL_NEW" }
  | { kind: "closed" };

export interface Facts {
  /** Null: nothing was asked, or the deployment has no limit. */
  readonly slot: SlotAnswer | null;
  /** Whether the caller is a client that renews its leases; others are not judged by them. */
  readonly renewsLeases: boolean;
}

export const NO_FACTS: Facts = Object.freeze({ slot: null, renewsLeases: true });

/** What others have to do once a state is entered. */
export type Effect =
  /** The slot of the deployment's limit is free again; null: the one that the run holds, whatever its lease. */
  | { kind: "release-slot"; lease: string | null }
  /** The slot is held without a lease from now on: the client that has it never renews. */
  | { kind: "hold-slot"; lease: string }
  /** Inputs of an earlier attempt are not the answers to this one's questions. */
  | { kind: "forget-inputs"; keys: readonly string[] };

export type View = SomeView<FlowRun, Facts>;
export type Rule = SomeRule<FlowRun, Facts, Effect>;
export type FlowRunOpinion = Opinion<FlowRun, Effect>;
export type Consequence = SomeConsequence<FlowRun, Facts, Effect>;
export type EnteredState = Entered<FlowRun, Facts>;

/** The run's policy with changes, as an opinion carries it. */
export const policyOf = (run: FlowRun, changes: Partial<RunPolicy>): { policy: RunPolicy } => ({
  policy: { ...run.policy, ...changes },
});
