/** [FR63] A client too old to renew leases keeps its slot without one, until its run ends. */
import type { Rule } from "../rule.ts";

export const holdSlotOfOldClient: Rule = {
  name: "hold-slot-of-old-client",
  from: ["PENDING"],
  to: ["RUNNING", "CANCELLING"],
  judge({ from, facts }) {
    const lease = from?.details.deploymentConcurrencyLeaseId ?? null;
    return facts.renewsLeases || lease === null ? null : { kind: "adjust", effects: [{ kind: "hold-slot", lease }] };
  },
};
