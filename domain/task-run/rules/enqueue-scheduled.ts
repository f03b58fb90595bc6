/** [TR40] A background task that is SCHEDULED is handed to the task workers; one that awaits a retry, before the others. */
import { ANY_OR_NONE, type Rule } from "../rule.ts";

export const enqueueScheduled: Rule = {
  name: "enqueue-scheduled",
  from: ANY_OR_NONE,
  to: ["SCHEDULED"],
  judge: ({ to }) =>
    to.details.deferred ? { kind: "adjust", effects: [{ kind: "enqueue", retry: to.name === "AwaitingRetry" }] } : null,
};
