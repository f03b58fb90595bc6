import { expect, test } from "vitest";
import { minimalPolicy } from "../policy.ts";
import { judged, outcome, sampleRun, sampleState } from "../sample-run.ts";
import { cancelWithoutInfrastructure } from "./cancel-without-infrastructure.ts";

const withProcess = { infrastructurePid: "host:4711" };
const suspended = sampleState("PAUSED", { name: "Suspended", details: { pauseReschedule: true } });

test.each([
  ["[FR8] scheduled, no process", sampleState("SCHEDULED"), {}, "reject, now Cancelled"],
  ["[FR8] scheduled, empty process id", sampleState("SCHEDULED"), { infrastructurePid: "" }, "reject, now Cancelled"],
  [
    "[FR8] awaiting retry in a process",
    sampleState("SCHEDULED", { name: "AwaitingRetry" }),
    withProcess,
    "accept Cancelling",
  ],
  ["[FR8] about to resume", sampleState("SCHEDULED", { name: "Resuming" }), withProcess, "reject, now Cancelled"],
  ["[FR8] suspended", suspended, withProcess, "reject, now Cancelled"],
  ["[FR8] paused, its process waits", sampleState("PAUSED"), {}, "accept Cancelling"],
  ["[FR8] pending", sampleState("PENDING"), {}, "accept Cancelling"],
] as const)("%s", (_case, from, changes, expected) => {
  for (const policy of [[cancelWithoutInfrastructure], minimalPolicy]) {
    expect(outcome(policy, sampleRun(from, changes), sampleState("CANCELLING"))).toBe(expected);
  }
});

test("[FR8] the run has ended, with a state of its own", () => {
  const verdict = judged([cancelWithoutInfrastructure], sampleRun(sampleState("SCHEDULED")), sampleState("CANCELLING"));
  expect(verdict).toMatchObject({
    kind: "reject",
    state: { id: "id-1", type: "CANCELLED" },
    run: { state: { id: "id-1" } },
  });
  expect(verdict).toHaveProperty("run.endTime", expect.any(Number));
});
