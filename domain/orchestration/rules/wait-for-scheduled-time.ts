/**
 * [FR19] A run does not start before it is due: the caller is told how long to wait, and nothing is written. Seconds are
 * rounded to nearest, as the wire carries an integer; half a second early or less counts as due.
 */
import { SECOND } from "../../time.ts";
import type { CommonRule } from "../rule.ts";

export const waitForScheduledTime: CommonRule = {
  name: "wait-for-scheduled-time",
  from: ["SCHEDULED", "PENDING"],
  to: ["RUNNING"],
  judge({ from, now }) {
    const due = from?.details.scheduledTime ?? null;
    if (due === null) return null;
    const seconds = Math.ceil((due - now) / SECOND - 0.5);
    return seconds > 0 ? { kind: "wait", seconds, reason: "The run is not due yet." } : null;
  },
};
