/** A task run as the timeline and the tables show it. */
import type { WireTaskRun } from "@millrace/contract/task-runs.ts";
import { type RunState, stateOfWire } from "../run/run-row.ts";
import { milliseconds } from "../time/tell.ts";

export interface TaskRow {
  id: string;
  name: string;
  state: RunState | null;
  expected: number | null;
  started: number | null;
  ended: number | null;
  /** Milliseconds in RUNNING before the present state. */
  ran: number;
  attempts: number;
  /** The attempt of the flow run in which it began. */
  flowAttempt: number;
  tags: string[];
  /** The flow run that this task stands for. */
  child: string | null;
  /** Names of its parameters. */
  inputs: string[];
}

export function taskRow(task: WireTaskRun): TaskRow {
  return {
    id: task.id,
    name: task.name,
    state: stateOfWire(task.state),
    expected: milliseconds(task.expected_start_time),
    started: milliseconds(task.start_time),
    ended: milliseconds(task.end_time),
    ran: task.total_run_time * 1000,
    attempts: task.run_count,
    flowAttempt: task.flow_run_run_count,
    tags: task.tags,
    child: task.state?.state_details.child_flow_run_id ?? null,
    inputs: Object.keys(task.task_inputs),
  };
}
