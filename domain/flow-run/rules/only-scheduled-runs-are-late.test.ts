import { expect, test } from "vitest";
import { outcome, sampleRun, sampleState } from "../sample-run.ts";
import { onlyScheduledRunsAreLate } from "./only-scheduled-runs-are-late.ts";

const late = sampleState("SCHEDULED", { name: "Late" });

test.each([
  ["[FR11] scheduled", sampleState("SCHEDULED"), late, "accept Late"],
  ["[FR11] late already", late, late, "reject, still Late"],
  ["[FR11] picked up meanwhile", sampleState("PENDING"), late, "reject, still Pending"],
  ["[FR11] ended meanwhile", sampleState("CANCELLED"), late, "reject, still Cancelled"],
  ["[FR11] not about lateness", sampleState("PENDING"), sampleState("SCHEDULED"), "accept Scheduled"],
  ["[FR11] first state", null, late, "accept Late"],
])("%s", (_case, from, to, expected) => {
  expect(outcome([onlyScheduledRunsAreLate], sampleRun(from), to)).toBe(expected);
});
