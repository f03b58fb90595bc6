/** [TR36] What a background task's parameters are kept under goes on to PENDING and RUNNING, unless those name another. */
import type { Rule } from "../rule.ts";

export const copyParametersId: Rule = {
  name: "copy-parameters-id",
  from: ["SCHEDULED", "PENDING"],
  to: ["PENDING", "RUNNING"],
  judge({ from, to }) {
    if (from === null || to.details.taskParametersId !== null) return null;
    return {
      kind: "adjust",
      state: { ...to, details: { ...to.details, taskParametersId: from.details.taskParametersId } },
    };
  },
};
