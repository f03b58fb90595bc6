/**
 * [FR2] A COMPLETED state that points at a stored result is not overwritten by one that does not, not even by force: the
 * result would be lost to everyone who waits for it.
 */
import { hasStoredResult } from "../../orchestration/result.ts";
import type { Rule } from "../rule.ts";

export const keepResults: Rule = {
  name: "keep-results",
  from: ["COMPLETED"],
  to: ["COMPLETED"],
  judge({ from, to }) {
    if (!hasStoredResult(from) || hasStoredResult(to)) return null;
    return {
      kind: "reject",
      state: null,
      reason: "The run is COMPLETED with a stored result, and the proposed state has none: it would be lost.",
    };
  },
};
