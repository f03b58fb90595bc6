import { expect, test } from "vitest";
import { at, inShort, NOW, sampleIds, sampleState } from "../../flow-run/sample-run.ts";
import { STATE_TYPES, type State } from "../../state.ts";
import { newTaskRun } from "../create.ts";
import { decideTaskRun, type TaskVerdict } from "../decide.ts";
import { taskNeeds } from "../needs.ts";
import { backgroundPolicy, minimalTaskPolicy, policyForTaskRun, taskPolicy } from "../policy.ts";
import { type Facts, NO_FACTS, type TaskRunOrchestration } from "../rule.ts";
import type { TaskRun, TaskRunPolicy } from "../run.ts";

type Changes = Partial<Omit<TaskRun, "policy">> & { policy?: Partial<TaskRunPolicy> };

function taskRun(state: State | null, { policy, ...changes }: Changes = {}): TaskRun {
  const made = newTaskRun(
    { taskKey: "load", dynamicKey: "0", flowRunId: "run-1", policy: policy ?? {} },
    { id: "task-1", name: "load-0", now: at(-3600), newId: () => "state-0" },
  );
  return { ...made, flowRunRunCount: 1, ...changes, state };
}

const flowRun = (state: State | null, runCount = 1) => ({ flowRun: { state, runCount } });
const RUNNING = flowRun(sampleState("RUNNING"));

function judged(
  run: TaskRun,
  to: State,
  facts: Partial<Facts> = RUNNING,
  policy: TaskRunOrchestration = taskPolicy,
): TaskVerdict {
  return decideTaskRun(policy, { run, to, now: NOW, newId: sampleIds(), facts: { ...NO_FACTS, ...facts } });
}
const outcome = (...of: Parameters<typeof judged>): string => inShort(judged(...of));

const answer = sampleState("COMPLETED", { data: { type: "reference" }, details: { cacheKey: "k" } });
const asks = (details = {}) => sampleState("RUNNING", { details: { cacheKey: "k", ...details } });

test.each([
  ["[TR30] known", asks(), answer, "reject, now Cached"],
  ["[TR30] unknown", asks(), null, "accept Running"],
  ["[TR30] to be computed anew", asks({ refreshCache: true }), answer, "accept Running"],
  ["[TR30] asked without a key", sampleState("RUNNING"), answer, "accept Running"],
])("%s", (_case, to, cached, expected) => {
  expect(outcome(taskRun(sampleState("PENDING")), to, { ...RUNNING, cached })).toBe(expected);
});

test("[TR30] the known answer is a state of its own, with the data of the first", () => {
  const verdict = judged(taskRun(sampleState("PENDING")), asks(), { ...RUNNING, cached: answer });
  expect(verdict).toMatchObject({
    run: { runCount: 0, endTime: NOW },
    state: {
      id: "id-1",
      timestamp: NOW,
      type: "COMPLETED",
      data: { type: "reference" },
      details: { taskRunId: "task-1" },
    },
  });
});

test("[TR31] an answer is kept under its key, and a key that is too long is not", () => {
  const done = (cacheKey: string) => sampleState("COMPLETED", { details: { cacheKey, cacheExpiration: at(60) } });
  const kept = judged(taskRun(sampleState("RUNNING")), done("k"));
  expect(kept).toMatchObject({ kind: "accept", effects: [{ kind: "keep-cached", key: "k", expiration: at(60) }] });
  const long = judged(taskRun(sampleState("RUNNING")), done("k".repeat(2001)));
  expect(long).toMatchObject({ kind: "reject", state: { type: "COMPLETED" }, effects: [] });
  expect(judged(taskRun(sampleState("RUNNING")), done("k"), RUNNING, minimalTaskPolicy)).toMatchObject({ effects: [] });
});

const stored = sampleState("COMPLETED", { data: { type: "reference" } });

test.each(STATE_TYPES)("[TR32] from FAILED to %s", (type) => {
  const expected: { [type: string]: string } = { CANCELLING: "abort", PAUSED: "abort", CRASHED: "abort" };
  const name = sampleState(type).name;
  expect(outcome(taskRun(sampleState("FAILED")), sampleState(type))).toBe(expected[type] ?? `accept ${name}`);
});

test.each([
  ["[TR32] with a stored result, begun again", stored, "RUNNING", "reject, still Completed"],
  ["[TR32] with a stored result, failed afterwards", stored, "FAILED", "reject, still Completed"],
  ["[TR32] without one", sampleState("COMPLETED", { data: { type: "unpersisted" } }), "RUNNING", "accept Running"],
] as const)("%s", (_case, from, type, expected) => {
  expect(outcome(taskRun(from), sampleState(type))).toBe(expected);
});

test.each([
  ["[TR32] [TR39] in the same attempt of its flow", 1, "Running", 1],
  ["[TR32] [TR39] in the next", 2, "Retrying", 2],
])("%s", (_case, attempt, name, noted) => {
  const run = taskRun(sampleState("FAILED"), { runCount: 3, flowRunRunCount: 1 });
  const verdict = judged(run, sampleState("RUNNING"), flowRun(sampleState("RUNNING"), attempt));
  expect(verdict).toMatchObject({ state: { name }, run: { runCount: 1, flowRunRunCount: noted } });
});

test.each([
  ["[TR33] it runs", flowRun(sampleState("RUNNING")), "accept Running"],
  ["[TR33] it is paused", flowRun(sampleState("PAUSED")), "reject, now NotReady"],
  ["[TR33] it is being cancelled", flowRun(sampleState("CANCELLING")), "abort"],
  ["[TR33] it has no state", flowRun(null), "abort"],
  ["[TR33] there is none", {}, "accept Running"],
])("%s", (_case, facts, expected) => {
  expect(outcome(taskRun(sampleState("PENDING")), sampleState("RUNNING"), facts)).toBe(expected);
});

test("[TR33] the task is paused as long as its flow", () => {
  const paused = sampleState("PAUSED", { details: { pauseTimeout: at(99), pauseReschedule: true, pauseKey: "k" } });
  const verdict = judged(taskRun(sampleState("PENDING")), sampleState("RUNNING"), flowRun(paused));
  expect(verdict).toMatchObject({
    state: { details: { pauseTimeout: at(99), pauseReschedule: true, pauseKey: null } },
  });
});

test.each([
  ["[TR34] free", { kind: "granted" }, "accept Running"],
  ["[TR34] full", { kind: "full", tags: ["db"], seconds: 7 }, "wait 7"],
  ["[TR34] closed", { kind: "closed", tag: "db" }, "abort"],
] as const)("%s", (_case, slots, expected) => {
  expect(
    outcome(taskRun(sampleState("PENDING"), { tags: ["db"] }), sampleState("RUNNING"), { ...RUNNING, slots }),
  ).toBe(expected);
});

test("[TR34] slots are asked for by who will run, and neither by force nor by background tasks", () => {
  const run = taskRun(sampleState("PENDING"), { tags: ["db"] });
  const deferred = sampleState("RUNNING", { details: { deferred: true, cacheKey: "k" } });
  expect(taskNeeds(run, asks(), { force: false })).toEqual({ cacheKey: "k", tags: ["db"] });
  expect(taskNeeds(run, asks({ refreshCache: true }), { force: false })).toEqual({ cacheKey: null, tags: ["db"] });
  expect(taskNeeds(run, asks(), { force: true })).toEqual({ cacheKey: null, tags: [] });
  expect(taskNeeds(run, deferred, { force: true })).toEqual({ cacheKey: "k", tags: [] });
  expect(taskNeeds(run, sampleState("COMPLETED"), { force: false })).toEqual({ cacheKey: null, tags: [] });
});

test.each([
  ["[TR35] done", "COMPLETED", ["db"], [{ kind: "release-slots" }]],
  ["[TR35] waits again", "SCHEDULED", ["db"], [{ kind: "release-slots" }]],
  ["[TR35] is being cancelled", "CANCELLING", ["db"], []],
  ["[TR35] without tags", "COMPLETED", [], []],
] as const)("%s", (_case, type, tags, effects) => {
  for (const policy of [taskPolicy, minimalTaskPolicy]) {
    const verdict = judged(taskRun(sampleState("RUNNING"), { tags: [...tags] }), sampleState(type), RUNNING, policy);
    expect(verdict).toMatchObject({ effects });
  }
});

test("[TR35] a failure that is retried gives its slots back", () => {
  const run = taskRun(sampleState("RUNNING"), { tags: ["db"], runCount: 1, policy: { retries: 1 } });
  expect(judged(run, sampleState("FAILED"))).toMatchObject({ kind: "reject", effects: [{ kind: "release-slots" }] });
});

test.each([
  ["[TR36] to PENDING", "SCHEDULED", "PENDING", null, "p-1"],
  ["[TR36] to RUNNING", "PENDING", "RUNNING", null, "p-1"],
  ["[TR36] its own", "SCHEDULED", "PENDING", "p-2", "p-2"],
] as const)("%s", (_case, type, next, proposed, expected) => {
  const from = sampleState(type, { details: { taskParametersId: "p-1" } });
  const to = sampleState(next, { details: { taskParametersId: proposed } });
  expect(judged(taskRun(from), to, {}, backgroundPolicy)).toMatchObject({
    state: { details: { taskParametersId: expected } },
  });
});

const failing = (policy: Partial<TaskRunPolicy>, runCount = 1) => taskRun(sampleState("RUNNING"), { runCount, policy });

test.each([
  ["[TR37] none", failing({}), {}, "accept Failed"],
  ["[TR37] one left", failing({ retries: 1 }), {}, "reject, now AwaitingRetry"],
  ["[TR37] all used", failing({ retries: 1 }, 2), {}, "accept Failed"],
  ["[TR37] not retriable", failing({ retries: 1 }), { retriable: false }, "accept Failed"],
  ["[TR37] retriable", failing({ retries: 1 }), { retriable: true }, "reject, now AwaitingRetry"],
])("%s", (_case, run, details, expected) => {
  expect(outcome(run, sampleState("FAILED", { details }))).toBe(expected);
});

test.each([
  ["[TR37] no delay", { retries: 9 }, 1, 0],
  ["[TR37] one for all", { retries: 9, retryDelay: 7 }, 3, 7],
  ["[TR37] the first of a list", { retries: 9, retryDelay: [1, 2, 4] }, 1, 1],
  ["[TR37] the last for all later ones", { retries: 9, retryDelay: [1, 2, 4] }, 9, 4],
  ["[TR37] an empty list", { retries: 9, retryDelay: [] }, 1, 0],
])("%s", (_case, policy, runCount, seconds) => {
  const verdict = judged(failing(policy, runCount), sampleState("FAILED"));
  expect(verdict).toMatchObject({ state: { details: { scheduledTime: at(seconds) } } });
});

test("[TR37] jitter scatters around the delay, and never beyond its factor", () => {
  const due = (chance: number): number => {
    const run = failing({ retries: 1, retryDelay: 100, retryJitterFactor: 0.3 });
    const verdict = judged(run, sampleState("FAILED"), { ...RUNNING, chance });
    if (verdict.kind !== "reject") throw new Error("it has a retry left");
    return ((verdict.state.details.scheduledTime ?? 0) - NOW) / 1_000_000;
  };
  const all = Array.from({ length: 101 }, (_, index) => due(index / 100));
  expect(all).toEqual([...all].sort((a, b) => a - b));
  expect(all.at(-1)).toBeCloseTo(130, 3);
  expect(all[50]).toBeCloseTo(100 * Math.LN2, 3);
  expect(all[0]).toBeGreaterThan(0);
});

test.each([
  ["[TR38] first", sampleState("PENDING"), 0, "accept Running"],
  ["[TR38] again", sampleState("PENDING"), 1, "accept Rerunning"],
  ["[TR38] after a failure", sampleState("SCHEDULED", { name: "AwaitingRetry" }), 1, "accept Retrying"],
  ["[TR38] its first state", null, 1, "accept Running"],
])("%s", (_case, from, runCount, expected) => {
  expect(outcome(taskRun(from, { runCount }), sampleState("RUNNING"))).toBe(expected);
});

test.each([
  ["[TR40] deferred", "Scheduled", true, [{ kind: "enqueue", retry: false }]],
  ["[TR40] deferred once more", "AwaitingRetry", true, [{ kind: "enqueue", retry: true }]],
  ["[TR40] of a flow", "Scheduled", false, []],
])("%s", (_case, name, deferred, effects) => {
  const to = sampleState("SCHEDULED", { name, details: { deferred } });
  expect(judged(taskRun(null), to, {}, backgroundPolicy)).toMatchObject({ kind: "accept", effects });
});

test("[TR39] [TR41] the first state of a background task is judged by its rules", () => {
  const made = newTaskRun(
    { taskKey: "load", dynamicKey: "0", state: { type: "RUNNING", details: { deferred: true } } },
    { id: "task-1", name: "load-0", now: NOW, newId: sampleIds(), flowRun: { state: null, runCount: 2 } },
  );
  expect(made).toMatchObject({ runCount: 1, flowRunRunCount: 2, state: { type: "RUNNING" } });
});

test("[TR41] a background task comes under its own rules even by force", () => {
  const deferred = sampleState("PENDING", { details: { deferred: true } });
  expect(policyForTaskRun(deferred, { force: true })).toBe(backgroundPolicy);
  expect(policyForTaskRun(sampleState("PENDING"), { force: true })).toBe(minimalTaskPolicy);
  expect(policyForTaskRun(sampleState("PENDING"), { force: false })).toBe(taskPolicy);
  expect(outcome(taskRun(sampleState("RUNNING")), deferred, {}, backgroundPolicy)).toBe("abort");
  expect(outcome(taskRun(sampleState("RUNNING")), sampleState("PENDING"))).toBe("accept Pending");
});
