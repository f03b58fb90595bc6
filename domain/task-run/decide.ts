/** Judges one transition of a task run: domain/orchestration with the books of task runs. */
import { judge, type Transition as SomeTransition, type Verdict as SomeVerdict } from "../orchestration/judge.ts";
import type { Effect, Facts, TaskRunOrchestration } from "./rule.ts";
import type { TaskRun } from "./run.ts";
import { setTaskRunState } from "./set-state.ts";

export type TaskTransition = SomeTransition<TaskRun, Facts>;
export type TaskVerdict = SomeVerdict<TaskRun, Effect>;

/** What becomes of `transition` under `policy`. */
export const decideTaskRun = (policy: TaskRunOrchestration, transition: TaskTransition): TaskVerdict =>
  judge(policy, setTaskRunState, transition);
