/** Judges one transition of a flow run: domain/orchestration with the books of flow runs. */
import { judge, type Transition as SomeTransition, type Verdict as SomeVerdict } from "../orchestration/judge.ts";
import { enter } from "./bookkeeping.ts";
import type { FlowRunPolicy } from "./policy.ts";
import type { Effect, Facts } from "./rule.ts";
import type { FlowRun } from "./run.ts";

export type Transition = SomeTransition<FlowRun, Facts>;
export type Verdict = SomeVerdict<FlowRun, Effect>;

/** What becomes of `transition` under `policy`. */
export const decide = (policy: FlowRunPolicy, transition: Transition): Verdict => judge(policy, enter, transition);
