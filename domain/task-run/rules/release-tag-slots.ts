/** [TR35] Any state but RUNNING and CANCELLING gives back the slots of a task run's tags, however it came about. */
import type { Consequence } from "../rule.ts";

export const releaseTagSlots: Consequence = {
  name: "release-tag-slots",
  effects: ({ run, state }) =>
    run.tags.length === 0 || state.type === "RUNNING" || state.type === "CANCELLING" ? [] : [{ kind: "release-slots" }],
};
