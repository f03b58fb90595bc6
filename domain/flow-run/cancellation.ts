/**
 * Cancelling a run cancels what belongs to it: its task runs, and the runs that it began as subflows, which do the same with theirs.
 *
 * [FR92] A subflow with a deployment has a process of its own, which is to be ended: it becomes CANCELLING as soon as its parent
 *        does. One without lives in its parent's process, and is CANCELLED when that is over.
 */
import { isTerminal, type StateInput } from "../state.ts";
import type { TaskRun } from "../task-run/run.ts";
import type { Instant } from "../time.ts";
import type { FlowRun } from "./run.ts";

/** What a parent is: being cancelled, or cancelled. */
export type Cancelled = "CANCELLING" | "CANCELLED";

/** What one node was asked, and what it answered. */
export interface Receipt {
  kind: "flow-run" | "task-run";
  id: string;
  asked: Instant;
  /** Null: it has not answered yet, and is asked again. */
  answered: Instant | null;
  /** The name of the state in which it was then; null: there is no such run any more, or no answer yet. */
  state: string | null;
}

const MESSAGE = "The parent flow run was cancelled.";

/** What a subflow becomes with its parent; null: it stays as it is. */
export function cancelledWith(parent: Cancelled, { state, deploymentId }: FlowRun): StateInput | null {
  if (state === null || isTerminal(state.type)) return null;
  if (deploymentId !== null) return state.type === "CANCELLING" ? null : { type: "CANCELLING", message: MESSAGE };
  return parent === "CANCELLED" ? { type: "CANCELLED", message: MESSAGE } : null;
}

/** What a task run becomes when its flow run is CANCELLED. */
export const CANCELLED_TASK: StateInput = { type: "CANCELLED", message: MESSAGE };

/** The task runs that have not ended: those that are the flow run's own, and the subflows that others stand for. */
export function liveNodes(taskRuns: readonly TaskRun[]): { tasks: TaskRun[]; subflows: string[] } {
  const live = taskRuns.filter(({ state }) => state !== null && !isTerminal(state.type));
  return {
    tasks: live.filter(({ state }) => !state?.details.childFlowRunId),
    subflows: live.flatMap(({ state }) => state?.details.childFlowRunId ?? []),
  };
}

/** The receipts after these nodes were asked at `now`; those of other nodes stay. */
export function askedAt(
  receipts: readonly Receipt[],
  nodes: readonly Pick<Receipt, "kind" | "id">[],
  now: Instant,
): Receipt[] {
  const again = new Set(nodes.map(({ id }) => id));
  const asked = nodes.map(({ kind, id }) => ({ kind, id, asked: now, answered: null, state: null }));
  return [...receipts.filter(({ id }) => !again.has(id)), ...asked];
}

/** The receipts after a node answered. */
export const answeredAt = (receipts: readonly Receipt[], id: string, state: string | null, now: Instant): Receipt[] =>
  receipts.map((receipt) => (receipt.id === id ? { ...receipt, answered: now, state } : receipt));
