/**
 * [FR60] The lease of a deployment's slot goes from state to state: a worker proposes states without it, and the slot would
 * otherwise be held by nobody and never given back.
 */
import { ANY_STATE, type Rule } from "../rule.ts";

export const keepLease: Rule = {
  name: "keep-lease",
  from: ANY_STATE,
  to: ANY_STATE,
  judge({ from, to }) {
    const lease = from?.details.deploymentConcurrencyLeaseId ?? null;
    if (lease === null || to.details.deploymentConcurrencyLeaseId !== null) return null;
    return { kind: "adjust", state: { ...to, details: { ...to.details, deploymentConcurrencyLeaseId: lease } } };
  },
};
