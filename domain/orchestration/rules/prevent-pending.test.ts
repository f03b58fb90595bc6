import { expect, test } from "vitest";
import { at, judged, outcome, sampleRun, sampleState } from "../../flow-run/sample-run.ts";
import { STATE_TYPES } from "../../state.ts";
import { preventPending } from "./prevent-pending.ts";

const REFUSED = ["PENDING", "RUNNING", "CANCELLING", "CANCELLED"];

test.each(STATE_TYPES)("[FR9] from %s to PENDING", (type) => {
  const expected = REFUSED.includes(type) ? "abort" : "accept Pending";
  expect(outcome([preventPending], sampleRun(sampleState(type)), sampleState("PENDING"))).toBe(expected);
});

test.each([
  ["[FR9] by another name from RUNNING", sampleState("RUNNING"), "Submitting", "abort"],
  ["[FR9] back to the plain name", sampleState("PENDING", { name: "Submitting" }), "Pending", "abort"],
  ["[FR9] the same name again", sampleState("PENDING", { name: "Submitting" }), "Submitting", "abort"],
  ["[FR10] on to another name", sampleState("PENDING"), "Submitting", "accept Submitting"],
  [
    "[FR10] and to the next",
    sampleState("PENDING", { name: "Submitting" }),
    "InfrastructurePending",
    "accept InfrastructurePending",
  ],
])("%s", (_case, from, name, expected) => {
  expect(outcome([preventPending], sampleRun(from), sampleState("PENDING", { name }))).toBe(expected);
});

test("[FR10] the time it was scheduled for is kept", () => {
  const run = sampleRun(sampleState("PENDING", { details: { scheduledTime: at(-5) } }));
  const verdict = judged([preventPending], run, sampleState("PENDING", { name: "Submitting" }));
  expect(verdict).toMatchObject({ kind: "accept", state: { details: { scheduledTime: at(-5) } } });
});
