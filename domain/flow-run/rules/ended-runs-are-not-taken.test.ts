import { expect, test } from "vitest";
import { corePolicy, minimalPolicy } from "../policy.ts";
import { outcome, sampleRun, sampleState } from "../sample-run.ts";

const pending = sampleState("PENDING");
const pooled = { workPoolId: "pool", deploymentId: "deployment" };

test.each([
  ["[FR66] lost with its agent", "CRASHED", pooled, "abort"],
  ["[FR66] failed", "FAILED", pooled, "abort"],
  ["[FR66] completed", "COMPLETED", pooled, "abort"],
  ["[FR66] of no pool", "CRASHED", {}, "accept Pending"],
  ["[FR66] scheduled again", "SCHEDULED", pooled, "accept Pending"],
] as const)("%s", (_case, type, run, expected) => {
  expect(outcome(corePolicy, sampleRun(sampleState(type), run), pending)).toBe(expected);
});

test("[FR66] force is for people who know what they do", () => {
  expect(outcome(minimalPolicy, sampleRun(sampleState("CRASHED"), pooled), pending)).toBe("accept Pending");
});
