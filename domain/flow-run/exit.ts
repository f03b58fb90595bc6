/** What becomes of a run when its process is gone. */
import { isTerminal, newState, type State, type StateInput } from "../state.ts";
import type { Instant } from "../time.ts";
import { enter } from "./bookkeeping.ts";
import { waitsInProcess } from "./claim.ts";
import type { FlowRun } from "./run.ts";

/** How a process ended; null where nobody knows. */
export interface Exit {
  exitCode: number | null;
  signal: string | null;
}

/**
 * The run after its process is gone. One that has ended, is suspended, or waits to be started anew stays as it is; one that was being
 * cancelled is CANCELLED; whatever else it was doing, it CRASHED: nobody is left to do it.
 */
export function afterExit(run: FlowRun, exit: Exit, { now, newId }: { now: Instant; newId: () => string }): FlowRun {
  const state = run.state;
  if (state === null || isTerminal(state.type)) return run;
  if (state.type === "SCHEDULED" && !waitsInProcess(run)) return run;
  if (state.type === "PAUSED" && state.details.pauseReschedule) return run;
  const how = exit.signal ? `was ended by ${exit.signal}` : `ended with code ${exit.exitCode ?? "unknown"}`;
  const next: StateInput =
    state.type === "CANCELLING"
      ? { type: "CANCELLED", message: `The run was cancelled; its process ${how}.` }
      : { type: "CRASHED", message: `The process ${how} before the run did.` };
  return enter(run, newState(next, { id: newId(), now }), now);
}

/**
 * What a run's own process means by its report. Prefect's engine, ended because its run is being cancelled, insists on CRASHED: that run
 * is CANCELLED.
 */
export const meantBy = (proposed: StateInput, current: State | null): StateInput =>
  current?.type === "CANCELLING" && proposed.type === "CRASHED"
    ? { ...proposed, type: "CANCELLED", name: null }
    : proposed;
