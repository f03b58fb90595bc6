/**
 * What every transition writes into the run, whoever asked for it and whether or not it was forced.
 *
 * B1  Nothing here refuses: the rules have spoken.
 * B2  Two states of a run never share a timestamp, and a later state never has an earlier one: what collides is moved
 *     one microsecond past its predecessor, before anything else reads it.
 * B3  An attempt is counted when RUNNING is entered, unless the run resumes a pause.
 */
import { timesAfter } from "../run-times.ts";
import { isTerminal, type State } from "../state.ts";
import { type Instant, instant } from "../time.ts";
import type { FlowRun, RunPolicy } from "./run.ts";

/** The run after it entered `proposed`. */
export function enter(run: FlowRun, proposed: State, now: Instant): FlowRun {
  const from = run.state;
  const state = placed(run, proposed);
  const policy: RunPolicy = { ...run.policy };
  const begins = state.type === "RUNNING" && !policy.resuming;
  if (state.type === "RUNNING" || isTerminal(state.type)) policy.resuming = false;
  return {
    ...run,
    ...timesAfter(run, from, state),
    updated: now,
    state,
    policy,
    runCount: run.runCount + (begins ? 1 : 0),
  };
}

/** The proposed state as it stands in this run's history. */
function placed(run: FlowRun, proposed: State): State {
  const details = { ...proposed.details, flowRunId: run.id };
  if (run.parentTaskRunId !== null) details.taskRunId = run.parentTaskRunId;
  const earliest = run.state === null ? proposed.timestamp : instant(run.state.timestamp + 1);
  return { ...proposed, timestamp: proposed.timestamp < earliest ? earliest : proposed.timestamp, details };
}
