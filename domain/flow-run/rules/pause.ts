/**
 * How a run is paused (its process waits) or suspended (its process ends, and the run is scheduled anew when resumed).
 *
 * [FR12] Only a RUNNING run is paused; a run without a state cannot be.
 * [FR13] Each pause fires once in an attempt: its key is remembered. A pause without a key gets one of its own.
 *        Input that was stored for it belongs to an earlier attempt, and is forgotten.
 * [FR14] A subflow, or a run without a deployment, is not suspended: nobody would start it again.
 */
import { ANY_OR_NONE, policyOf, type Rule } from "../rule.ts";

export const pause: Rule = {
  name: "pause",
  from: ANY_OR_NONE,
  to: ["PAUSED"],
  judge({ run, from, to, newId }) {
    const verb = to.name === "Suspended" ? "suspended" : "paused";
    if (from === null) return { kind: "abort", reason: `A run without a state cannot be ${verb}.` };
    if (from.type !== "RUNNING") {
      return { kind: "reject", state: null, reason: `The run is ${from.type}: only a RUNNING run can be ${verb}.` };
    }
    const key = to.details.pauseKey ?? newId();
    if (run.policy.pauseKeys.includes(key)) {
      return { kind: "reject", state: null, reason: `The run was ${verb} here before in this attempt.` };
    }
    if (to.details.pauseReschedule) {
      if (run.parentTaskRunId !== null) return { kind: "abort", reason: `A subflow cannot be ${verb}.` };
      if (run.deploymentId === null) return { kind: "abort", reason: `A run without a deployment cannot be ${verb}.` };
    }
    const inputs = Object.values(to.details.runInputKeyset ?? {});
    return {
      kind: "adjust",
      after: (next) => ({ ...next, ...policyOf(next, { pauseKeys: [...next.policy.pauseKeys, key] }) }),
      effects: inputs.length > 0 ? [{ kind: "forget-inputs", keys: inputs }] : [],
    };
  },
};
