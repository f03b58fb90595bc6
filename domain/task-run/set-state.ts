/** What entering a state writes into a task run: its times, its attempts, and where the state belongs. */
import { timesAfter } from "../run-times.ts";
import type { State } from "../state.ts";
import type { Instant } from "../time.ts";
import type { TaskRun } from "./run.ts";

/** The task run after it entered `to`. Nothing is refused here. */
export function setTaskRunState(run: TaskRun, to: State, now: Instant): TaskRun {
  return {
    ...run,
    ...timesAfter(run, run.state, to),
    updated: now,
    state: { ...to, details: { ...to.details, flowRunId: run.flowRunId, taskRunId: run.id } },
    runCount: run.runCount + (to.type === "RUNNING" ? 1 : 0),
  };
}
