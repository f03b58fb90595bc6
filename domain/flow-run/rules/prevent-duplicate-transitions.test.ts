import { expect, test } from "vitest";
import { outcome, sampleRun, sampleState } from "../sample-run.ts";
import { preventDuplicateTransitions } from "./prevent-duplicate-transitions.ts";

const running = (transitionId: string | null) => sampleState("RUNNING", { details: { transitionId } });

test.each([
  ["[FR1] the same transition again", running("t1"), running("t1"), "reject, still Running"],
  [
    "[FR1] the same id, whatever the state",
    running("t1"),
    sampleState("FAILED", { details: { transitionId: "t1" } }),
    "reject, still Running",
  ],
  ["[FR1] another transition", running("t1"), running("t2"), "accept Running"],
  ["[FR1] no id proposed", running("t1"), running(null), "accept Running"],
  ["[FR1] no id before", running(null), running(null), "accept Running"],
  ["[FR1] first state", null, running("t1"), "accept Running"],
])("%s", (_case, from, to, expected) => {
  expect(outcome([preventDuplicateTransitions], sampleRun(from), to)).toBe(expected);
});
