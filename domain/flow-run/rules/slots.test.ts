import { expect, test } from "vitest";
import { STATE_TYPES } from "../../state.ts";
import { slotNeed } from "../needs.ts";
import { corePolicy, latePolicy, minimalPolicy, unruled } from "../policy.ts";
import { at, judged, outcome, sampleRun, sampleState } from "../sample-run.ts";

const deployed = { deploymentId: "deployment-1" };
const withLease = (type: "PENDING" | "RUNNING" | "SCHEDULED" | "CANCELLING", name?: string) =>
  sampleState(type, { ...(name && { name }), details: { deploymentConcurrencyLeaseId: "lease-1" } });
const full = (collision: "ENQUEUE" | "CANCEL_NEW") => ({ slot: { kind: "full", collision } }) as const;
const granted = { slot: { kind: "granted", lease: "lease-2" } } as const;

test.each([
  ["[FR60] proposed without", null, "lease-1"],
  ["[FR60] proposed with another", "lease-9", "lease-9"],
])("%s", (_case, proposed, expected) => {
  const to = sampleState("CANCELLING", { details: { deploymentConcurrencyLeaseId: proposed } });
  for (const policy of [corePolicy, minimalPolicy]) {
    const verdict = judged(policy, sampleRun(withLease("RUNNING"), deployed), to);
    expect(verdict).toMatchObject({ kind: "accept", state: { details: { deploymentConcurrencyLeaseId: expected } } });
  }
});

test.each([
  ["[FR61] no limit", { slot: null }, "accept Pending"],
  ["[FR61] a free slot", granted, "accept Pending"],
  ["[FR61] none, and it waits", full("ENQUEUE"), "reject, now AwaitingConcurrencySlot"],
  ["[FR61] none, and it is too much", full("CANCEL_NEW"), "reject, now Cancelled"],
  ["[FR61] a limit of 0", { slot: { kind: "closed" } }, "abort"],
] as const)("%s", (_case, facts, expected) => {
  const run = sampleRun(sampleState("SCHEDULED"), deployed);
  expect(outcome(corePolicy, run, sampleState("PENDING"), facts)).toBe(expected);
});

test("[FR61] the slot's lease is in the state, and who finds none is due again in half a minute", () => {
  const run = sampleRun(sampleState("SCHEDULED"), deployed);
  const pending = judged(corePolicy, run, sampleState("PENDING"), granted);
  expect(pending).toMatchObject({ state: { details: { deploymentConcurrencyLeaseId: "lease-2" } } });
  const waiting = judged(corePolicy, run, sampleState("PENDING"), full("ENQUEUE"));
  expect(waiting).toMatchObject({ state: { details: { scheduledTime: at(30) } } });
});

test.each([
  ["[FR62] renewed", { slot: { kind: "renewed" } }, "lease-1"],
  ["[FR62] taken anew", granted, "lease-2"],
  ["[FR62] of a deployment that has no limit any more", { slot: null }, "lease-1"],
] as const)("%s", (_case, facts, lease) => {
  const verdict = judged(corePolicy, sampleRun(withLease("PENDING"), deployed), sampleState("RUNNING"), facts);
  expect(verdict).toMatchObject({ kind: "accept", state: { details: { deploymentConcurrencyLeaseId: lease } } });
});

test("[FR62] lost for good", () => {
  const run = sampleRun(withLease("PENDING"), deployed);
  expect(outcome(corePolicy, run, sampleState("RUNNING"), full("ENQUEUE"))).toBe("reject, now Cancelled");
});

test.each([
  ["[FR63] old", false, [{ kind: "hold-slot", lease: "lease-1" }]],
  ["[FR63] new", true, []],
])("%s", (_case, renewsLeases, effects) => {
  const run = sampleRun(withLease("PENDING"), deployed);
  expect(judged(corePolicy, run, sampleState("RUNNING"), { renewsLeases })).toMatchObject({ effects });
});

const released = [{ kind: "release-slot", lease: "lease-1" }];

test.each([
  ["[FR64] ended", withLease("RUNNING"), "COMPLETED", released],
  ["[FR64] suspended", withLease("RUNNING"), "PAUSED", released],
  ["[FR64] rescheduled", withLease("PENDING"), "SCHEDULED", released],
  ["[FR64] cancelled", withLease("CANCELLING"), "CANCELLED", released],
  ["[FR64] begins", withLease("PENDING"), "RUNNING", []],
  ["[FR64] is being cancelled", withLease("RUNNING"), "CANCELLING", []],
  ["[FR64] had none to give", withLease("SCHEDULED"), "CANCELLED", []],
] as const)("%s", (_case, from, type, effects) => {
  const policies = type === "PAUSED" ? [minimalPolicy] : [corePolicy, minimalPolicy, unruled];
  for (const policy of policies) {
    expect(judged(policy, sampleRun(from, deployed), sampleState(type))).toMatchObject({ effects });
  }
});

test("[FR64] a retry in the process keeps its slot, one that leaves it does not", () => {
  const run = sampleRun(withLease("RUNNING"), { ...deployed, runCount: 1, policy: { retries: 1 } });
  const inProcess = judged(corePolicy, run, sampleState("FAILED"));
  expect(inProcess).toMatchObject({
    kind: "reject",
    effects: [],
    state: { name: "AwaitingRetry", details: { deploymentConcurrencyLeaseId: "lease-1" } },
  });
  const leaves = sampleState("SCHEDULED", { name: "AwaitingRetry" });
  expect(judged(corePolicy, run, leaves)).toMatchObject({ kind: "accept", effects: released });
});

test.each([
  ["[FR64] a retry in the process that is lost gives its slot back", "CRASHED", null, released],
  ["[FR64] one that another process is to begin anew gives it back", "SCHEDULED", null, released],
  ["[FR64] one that another process takes gives it back, and has another", "PENDING", "lease-2", released],
  ["[FR64] one that goes on keeps it", "RUNNING", null, []],
] as const)("%s", (_case, type, lease, effects) => {
  const from = sampleState("SCHEDULED", {
    name: "AwaitingRetry",
    details: { deploymentConcurrencyLeaseId: "lease-1", scheduledTime: at(-1) },
  });
  const facts = lease === null ? {} : ({ slot: { kind: "granted", lease } } as const);
  expect(judged(corePolicy, sampleRun(from, deployed), sampleState(type), facts)).toMatchObject({ effects });
});

test.each([
  ["[FR65] full, what is too much is cancelled", full("CANCEL_NEW"), "reject, now Cancelled"],
  ["[FR65] full, and it waits", full("ENQUEUE"), "accept Late"],
  ["[FR65] not full", { slot: null }, "accept Late"],
] as const)("%s", (_case, facts, expected) => {
  const run = sampleRun(sampleState("SCHEDULED"), deployed);
  expect(outcome(latePolicy, run, sampleState("SCHEDULED", { name: "Late" }), facts)).toBe(expected);
});

const how = { force: false, renewsLeases: true };

test("[FR61] a slot is asked for by who has none, on the way to PENDING", () => {
  const asked = STATE_TYPES.filter((type) =>
    slotNeed(sampleRun(sampleState(type), deployed), sampleState("PENDING"), how),
  );
  expect(asked).toEqual(["SCHEDULED", "COMPLETED", "FAILED", "CANCELLED", "CRASHED", "PAUSED"]);
  expect(slotNeed(sampleRun(null, deployed), sampleState("PENDING"), how)).toEqual({ kind: "take" });
});

test.each([
  ["[FR61] without a deployment", sampleRun(sampleState("SCHEDULED")), "PENDING", how, null],
  ["[FR61] by force", sampleRun(sampleState("SCHEDULED"), deployed), "PENDING", { ...how, force: true }, null],
  ["[FR62] begins", sampleRun(withLease("PENDING"), deployed), "RUNNING", how, { kind: "renew", lease: "lease-1" }],
  ["[FR62] an old client", sampleRun(withLease("PENDING"), deployed), "RUNNING", { ...how, renewsLeases: false }, null],
  ["[FR62] without a lease", sampleRun(sampleState("PENDING"), deployed), "RUNNING", how, null],
] as const)("%s", (_case, run, type, options, expected) => {
  expect(slotNeed(run, sampleState(type), options)).toEqual(expected);
});

test("[FR65] who would be late looks whether there is a slot", () => {
  const late = sampleState("SCHEDULED", { name: "Late" });
  expect(slotNeed(sampleRun(sampleState("SCHEDULED"), deployed), late, how)).toEqual({ kind: "look" });
});
