/**
 * [FR64] A run that stops being PENDING, RUNNING or CANCELLING gives its deployment's slot back, however it came about;
 * only a retry within its own process keeps it, and gives it back where nothing comes of it.
 */
import type { State, StateType } from "../../state.ts";
import type { Consequence } from "../rule.ts";

const HOLDS: readonly StateType[] = ["PENDING", "RUNNING", "CANCELLING"];

/** Whether a run in this state may have a slot: it works, or waits to try again in its own process. */
export const mayHoldSlot = ({ type, name, details }: State): boolean =>
  HOLDS.includes(type) ||
  (type === "SCHEDULED" && name === "AwaitingRetry" && details.deploymentConcurrencyLeaseId !== null);

export const releaseSlot: Consequence = {
  name: "release-slot",
  effects({ run, from, state, rejected }) {
    if (run.deploymentId === null || from === null || !mayHoldSlot(from)) return [];
    const lease = from.details.deploymentConcurrencyLeaseId;
    // Whoever takes the run to a new process has another slot for it.
    const goesOn = from.type !== "SCHEDULED" || state.details.deploymentConcurrencyLeaseId === lease;
    if (HOLDS.includes(state.type) && goesOn) return [];
    if (rejected && state.name === "AwaitingRetry") return [];
    return [{ kind: "release-slot", lease }];
  },
};
