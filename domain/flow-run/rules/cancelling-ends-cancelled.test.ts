import { expect, test } from "vitest";
import { STATE_TYPES } from "../../state.ts";
import { outcome, sampleRun, sampleState } from "../sample-run.ts";
import { cancellingEndsCancelled } from "./cancelling-ends-cancelled.ts";

test.each(STATE_TYPES)("[FR7] from CANCELLING to %s", (type) => {
  const expected = type === "CANCELLED" ? "accept Cancelled" : "reject, still Cancelling";
  expect(outcome([cancellingEndsCancelled], sampleRun(sampleState("CANCELLING")), sampleState(type))).toBe(expected);
});
