/** [TR34] A task run runs only with a slot of every limit on its tags; where one is full it waits, and a limit of 0 aborts it. */
import { ANY_OR_NONE, type Rule } from "../rule.ts";

export const secureTagSlots: Rule = {
  name: "secure-tag-slots",
  from: ANY_OR_NONE,
  to: ["RUNNING"],
  judge({ facts: { slots } }) {
    switch (slots?.kind) {
      case "closed":
        return { kind: "abort", reason: `The concurrency limit on tag "${slots.tag}" is 0: the task could never run.` };
      case "full":
        return {
          kind: "wait",
          seconds: slots.seconds,
          reason: `The concurrency limit is reached for ${slots.tags.map((tag) => `tag "${tag}"`).join(", ")}.`,
        };
      default:
        return null;
    }
  },
};
