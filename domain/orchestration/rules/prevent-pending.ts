/**
 * [FR9] A run is submitted once: where it is PENDING, RUNNING, CANCELLING or CANCELLED already, going to PENDING is
 * aborted, so of two workers that take the same run one stops.
 * [FR10] A PENDING run may move on to another named PENDING ("Submitting"), and keeps the time it was scheduled for and its slot.
 */
import { defaultName } from "../../state.ts";
import type { CommonRule } from "../rule.ts";

export const preventPending: CommonRule = {
  name: "prevent-pending",
  from: ["PENDING", "RUNNING", "CANCELLING", "CANCELLED"],
  to: ["PENDING"],
  judge({ from, to }) {
    if (from === null) return null;
    if (from.type === "PENDING" && from.name !== to.name && to.name !== defaultName("PENDING")) {
      const { scheduledTime, deploymentConcurrencyLeaseId } = from.details;
      const details = { ...to.details, scheduledTime, deploymentConcurrencyLeaseId };
      return { kind: "adjust", state: { ...to, details } };
    }
    return { kind: "abort", reason: `The run is ${from.type} and cannot become PENDING: another process has it.` };
  },
};
