/**
 * A run as lists and headers show it: the few fields of the wire that people look at, with times as milliseconds.
 * Lists never carry parameters: a run's may be megabytes.
 */
import type { WireEvent } from "@millrace/contract/events.ts";
import type { WireFlowRun } from "@millrace/contract/flow-runs.ts";
import type { WireState } from "@millrace/contract/states.ts";
import { isTerminal, STATE_TYPES, type StateType } from "@millrace/domain/state.ts";
import { milliseconds } from "../time/tell.ts";

export interface RunState {
  type: StateType;
  name: string;
  /** When the run came into it. */
  at: number;
  message: string | null;
}

export interface RunRow {
  id: string;
  name: string;
  flowId: string;
  deploymentId: string | null;
  pool: string | null;
  state: RunState | null;
  /** When it was meant to start. */
  expected: number | null;
  started: number | null;
  ended: number | null;
  /** Milliseconds in RUNNING before the present state. */
  ran: number;
  attempts: number;
  tags: string[];
}

export const stateOfWire = (state: WireState | null): RunState | null =>
  state && { type: state.type, name: state.name, at: milliseconds(state.timestamp) ?? 0, message: state.message };

export function runRow(run: WireFlowRun): RunRow {
  return {
    id: run.id,
    name: run.name,
    flowId: run.flow_id,
    deploymentId: run.deployment_id,
    pool: run.work_pool_name,
    state: stateOfWire(run.state),
    expected: milliseconds(run.expected_start_time),
    started: milliseconds(run.start_time),
    ended: milliseconds(run.end_time),
    ran: run.total_run_time * 1000,
    attempts: run.run_count,
    tags: run.tags,
  };
}

/** Milliseconds that the run has worked by `now`; null before it began. */
export function workedFor(run: Pick<RunRow, "started" | "state" | "ran">, now: number): number | null {
  if (run.started === null) return null;
  return run.ran + (run.state?.type === "RUNNING" ? Math.max(0, now - run.state.at) : 0);
}

/** Milliseconds that a run which has not begun is behind its time; null when it is not. A little waiting is no lateness. */
export function lateBy(run: Pick<RunRow, "state" | "expected">, now: number): number | null {
  if (run.expected === null || (run.state?.type !== "SCHEDULED" && run.state?.type !== "PENDING")) return null;
  const late = now - run.expected;
  return late > 15_000 ? late : null;
}

/** Which run an event tells of, and its new state; null for an event that tells of no state. */
export function stateOfEvent(event: WireEvent): { run: string; state: RunState } | null {
  const resource = event.resource["prefect.resource.id"] ?? "";
  const type = event.resource["prefect.state-type"] as StateType | undefined;
  if (!resource.startsWith("prefect.flow-run.") || !type || !STATE_TYPES.includes(type)) return null;
  const at = milliseconds(event.resource["prefect.state-timestamp"] ?? event.occurred) ?? 0;
  const name = event.resource["prefect.state-name"] ?? event.event.slice("prefect.flow-run.".length);
  const message = event.resource["prefect.state-message"] || null;
  return { run: resource.slice("prefect.flow-run.".length), state: { type, name, at, message } };
}

/**
 * The row after a state that an event told of. Events come late, double and out of order: an older one changes nothing.
 */
export function withState(row: RunRow, state: RunState): RunRow {
  if (row.state && state.at <= row.state.at) return row;
  const leftRunning = row.state?.type === "RUNNING" ? Math.max(0, state.at - row.state.at) : 0;
  const begins = state.type === "RUNNING";
  return {
    ...row,
    state,
    started: row.started ?? (begins ? state.at : null),
    ended: isTerminal(state.type) ? state.at : null,
    ran: row.ran + leftRunning,
    attempts: row.attempts + (begins && row.state?.type !== "PAUSED" ? 1 : 0),
  };
}
