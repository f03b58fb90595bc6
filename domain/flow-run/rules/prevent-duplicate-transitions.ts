/**
 * [FR1] A repetition of the transition that led to the current state changes nothing, and is answered with that state: a
 * client that lost the answer may ask again.
 */
import { ANY_STATE, type Rule } from "../rule.ts";

export const preventDuplicateTransitions: Rule = {
  name: "prevent-duplicate-transitions",
  from: ANY_STATE,
  to: ANY_STATE,
  judge({ from, to }) {
    const done = from?.details.transitionId ?? null;
    if (done === null || done !== to.details.transitionId) return null;
    return {
      kind: "reject",
      state: null,
      reason: "This transition was made already; the run is in the state it led to.",
    };
  },
};
