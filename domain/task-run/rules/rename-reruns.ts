/** [TR38] A task run that runs once more is "Retrying" after AwaitingRetry, and "Rerunning" otherwise. */
import { ANY_STATE, type Rule } from "../rule.ts";

export const renameReruns: Rule = {
  name: "rename-reruns",
  from: ANY_STATE,
  to: ["RUNNING"],
  judge({ run, from, to }) {
    if (run.runCount === 0) return null;
    return { kind: "adjust", state: { ...to, name: from?.name === "AwaitingRetry" ? "Retrying" : "Rerunning" } };
  },
};
