/** [TR39] A task run that runs notes in which attempt of its flow run it does. */
import { ANY_OR_NONE, type Rule } from "../rule.ts";

export const trackFlowAttempt: Rule = {
  name: "track-flow-attempt",
  from: ANY_OR_NONE,
  to: ["RUNNING"],
  judge: ({ facts: { flowRun } }) =>
    flowRun === null ? null : { kind: "adjust", after: (run) => ({ ...run, flowRunRunCount: flowRun.runCount }) },
};
