/**
 * A task run with the states that it went through.
 *
 * [TR60] The current state is the last; one that is heard of late takes its place among the earlier ones, and none is there twice.
 */
import type { State } from "../state.ts";
import type { TaskRun } from "./run.ts";

export interface TaskRunRecord {
  run: TaskRun;
  /** The states before the current one, oldest first. */
  past: State[];
}

/** States that are remembered; of a task run that had more, the oldest are forgotten. */
const MOST_STATES = 500;

/** The record after the run became `next`. */
export function movedOn({ run, past }: TaskRunRecord, next: TaskRun): TaskRunRecord {
  const left = run.state;
  if (left === null || next.state === null || left.id === next.state.id) return { run: next, past };
  return { run: next, past: [...past, left].slice(-MOST_STATES) };
}

/** The record with a state that the run was in before; the same record where that is known. */
export function withEarlier(record: TaskRunRecord, state: State): TaskRunRecord {
  const { run, past } = record;
  if (run.state?.id === state.id || past.some(({ id }) => id === state.id)) return record;
  const at = past.findIndex(({ timestamp }) => timestamp > state.timestamp);
  const place = at < 0 ? past.length : at;
  return { run, past: [...past.slice(0, place), state, ...past.slice(place)].slice(-MOST_STATES) };
}

/** All states, oldest first. */
export const statesOf = ({ run, past }: TaskRunRecord): State[] => (run.state === null ? past : [...past, run.state]);
