/**
 * [FR66] A run of a work pool that has ended is not taken by PENDING: who proposes that polled while the run still waited. Whoever wants
 * it to run again schedules it.
 */
import { type Rule, TERMINAL_STATES } from "../rule.ts";

export const endedRunsAreNotTaken: Rule = {
  name: "ended-runs-are-not-taken",
  from: TERMINAL_STATES,
  to: ["PENDING"],
  judge({ run, from }) {
    if (from === null || run.workPoolId === null) return null;
    return { kind: "abort", reason: `The run has ended: it is ${from.type}. Schedule it, if it is to run again.` };
  },
};
