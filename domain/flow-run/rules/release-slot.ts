/**
 * [FR64] A run that stops being PENDING, RUNNING or CANCELLING gives its deployment's slot back, however it came about;
 * only a retry within its own process keeps it.
 */
import type { StateType } from "../../state.ts";
import type { Consequence } from "../rule.ts";

const HOLDS: readonly StateType[] = ["PENDING", "RUNNING", "CANCELLING"];

export const releaseSlot: Consequence = {
  name: "release-slot",
  effects({ run, from, state, rejected }) {
    if (run.deploymentId === null || from === null) return [];
    if (!HOLDS.includes(from.type) || HOLDS.includes(state.type)) return [];
    if (rejected && state.name === "AwaitingRetry") return [];
    return [{ kind: "release-slot", lease: from.details.deploymentConcurrencyLeaseId }];
  },
};
