/** [FR18] A PENDING state remembers what time the run was scheduled for, unless it names another. */
import type { CommonRule } from "../rule.ts";

export const copyScheduledTime: CommonRule = {
  name: "copy-scheduled-time",
  from: ["SCHEDULED"],
  to: ["PENDING"],
  judge({ from, to }) {
    if (from === null || to.details.scheduledTime !== null) return null;
    return {
      kind: "adjust",
      state: { ...to, details: { ...to.details, scheduledTime: from.details.scheduledTime } },
    };
  },
};
