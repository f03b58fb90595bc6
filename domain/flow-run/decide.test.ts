import fc from "fast-check";
import { expect, test } from "vitest";
import { isTerminal, STATE_TYPES, type State } from "../state.ts";
import { decide, type Verdict } from "./decide.ts";
import { corePolicy, minimalPolicy } from "./policy.ts";
import { NO_FACTS, policyOf, type Rule } from "./rule.ts";
import type { FlowRun } from "./run.ts";
import { at, judged, NOW, outcome, sampleIds, sampleRun, sampleState } from "./sample-run.ts";

const always = { from: ["RUNNING"], to: ["COMPLETED"] } as const;
const adjusts: Rule = {
  ...always,
  name: "adjusts",
  judge: ({ run }) => ({ kind: "adjust", run: policyOf(run, { retryType: "reschedule" }) }),
};
const waits: Rule = { ...always, name: "waits", judge: () => ({ kind: "wait", seconds: 3, reason: "not yet" }) };
const aborts: Rule = { ...always, name: "aborts", judge: () => ({ kind: "abort", reason: "never" }) };
const replaces: Rule = {
  ...always,
  name: "replaces",
  judge: () => ({ kind: "reject", state: sampleState("CRASHED"), reason: "this instead" }),
};
const elsewhere: Rule = { ...aborts, from: ["PENDING"], to: ["COMPLETED"] };

test.each([
  ["[FR22] no rule", [], "accept Completed"],
  ["[FR22] a rule for other transitions", [elsewhere], "accept Completed"],
  ["[FR22] wait comes first", [adjusts, waits, aborts], "wait 3"],
  ["[FR22] abort comes first", [aborts, waits, replaces], "abort"],
  ["[FR22] reject comes first", [replaces, aborts], "reject, now Crashed"],
])("%s", (_case, rules, expected) => {
  expect(outcome(rules, sampleRun(sampleState("RUNNING")), sampleState("COMPLETED"))).toBe(expected);
});

test.each([
  ["[FR22] what was agreed happens", [adjusts], "reschedule"],
  ["[FR22] what was agreed before an objection does not", [adjusts, replaces], null],
])("%s", (_case, rules, retryType) => {
  const verdict = judged(rules, sampleRun(sampleState("RUNNING")), sampleState("COMPLETED"));
  expect(verdict).toMatchObject({ run: { policy: { retryType } } });
});

test("[FR23] rules that hold even when forced are three, what follows from a state is the same, and the books are kept", () => {
  expect(minimalPolicy.consequences).toEqual(corePolicy.consequences);
  expect(minimalPolicy.rules.map((rule) => rule.name)).toEqual([
    "keep-lease",
    "keep-results",
    "cancel-without-infrastructure",
  ]);
  const run = sampleRun(sampleState("COMPLETED", { data: { type: "result" } }), { endTime: at(-60), runCount: 1 });
  expect(judged(minimalPolicy, run, sampleState("RUNNING"))).toMatchObject({
    kind: "accept",
    run: { endTime: null, startTime: at(-60) + 1, runCount: 2, updated: NOW },
  });
});

const maybe = <T>(some: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(some, { nil: null });
const second = fc.integer({ min: -1000, max: 1000 }).map((milliseconds) => at(milliseconds / 1000));

const anyState: fc.Arbitrary<State> = fc
  .record({
    type: fc.constantFrom(...STATE_TYPES),
    name: fc.constantFrom(undefined, "Late", "AwaitingRetry", "Submitting", "Suspended", "Resuming"),
    timestamp: second,
    data: fc.constantFrom(null, { type: "unpersisted" }, { type: "result", storage_key: "k" }, 7),
    scheduledTime: maybe(second),
    pauseTimeout: maybe(second),
    pauseReschedule: fc.boolean(),
    pauseKey: maybe(fc.constantFrom("k1", "k2")),
    transitionId: maybe(fc.constantFrom("t1", "t2", "t3")),
  })
  .map(({ type, name, timestamp, data, ...details }) => sampleState(type, { name, timestamp, data, details }));

const anyRun: fc.Arbitrary<FlowRun> = fc
  .record({
    state: maybe(anyState),
    deploymentId: maybe(fc.constant("deployment-1")),
    parentTaskRunId: maybe(fc.constant("task-1")),
    infrastructurePid: maybe(fc.constant("host:4711")),
    runCount: fc.nat({ max: 3 }),
    retries: maybe(fc.nat({ max: 3 })),
    pauseKeys: fc.uniqueArray(fc.constantFrom("k1", "k2")),
    resuming: fc.boolean(),
    retryType: fc.constantFrom(null, "in_process" as const, "reschedule" as const),
  })
  .map(({ state, retries, pauseKeys, resuming, retryType, ...changes }) =>
    sampleRun(state, { ...changes, policy: { retries, pauseKeys, resuming, retryType } }),
  );

const ask = (run: FlowRun, to: State, force: boolean): Verdict =>
  decide(force ? minimalPolicy : corePolicy, { run, to, now: NOW, newId: sampleIds(), facts: NO_FACTS });

function frozen<T>(value: T): T {
  if (typeof value === "object" && value !== null) {
    Object.freeze(value);
    Object.values(value).forEach(frozen);
  }
  return value;
}

test("[FR24] judging changes nothing and is repeatable", () => {
  fc.assert(
    fc.property(anyRun, anyState, fc.boolean(), (run, to, force) => {
      const verdict = ask(frozen(run), frozen(to), force);
      expect(ask(structuredClone(run), structuredClone(to), force)).toEqual(verdict);
      if (verdict.kind === "reject" && !verdict.changed) expect(verdict.run).toBe(run);
    }),
    { numRuns: 2000 },
  );
});

test("[FR25] [FR3] [FR4] [FR5] without force a run leaves a terminal state only for a new attempt", () => {
  const ended = anyRun.filter((run) => run.state !== null && isTerminal(run.state.type));
  fc.assert(
    fc.property(ended, anyState, (run, to) => {
      const verdict = ask(run, to, false);
      if (verdict.kind === "wait") throw new Error("a run that has ended is not told to wait");
      if (verdict.kind === "abort" || isTerminal(verdict.state.type)) return;
      expect(["PENDING", "RUNNING", "SCHEDULED"]).toContain(verdict.state.type);
      if (verdict.state.type === "SCHEDULED") expect(run.deploymentId).not.toBeNull();
      expect(verdict.run.policy).toMatchObject({ resuming: false, pauseKeys: [] });
    }),
    { numRuns: 2000 },
  );
});

test("[FR26] [FR28] [FR29] whatever happens, the books stay in order", () => {
  fc.assert(
    fc.property(anyRun, fc.array(fc.tuple(anyState, fc.boolean()), { maxLength: 8 }), (first, proposals) => {
      let run = first;
      for (const [to, force] of proposals) {
        const verdict = ask(run, to, force);
        if (verdict.kind === "abort" || verdict.kind === "wait") continue;
        const { state } = verdict.run;
        expect(verdict.state).toBe(state);
        if (verdict.changed && run.state) expect(state!.timestamp).toBeGreaterThan(run.state.timestamp);
        if (verdict.changed) expect(verdict.run.endTime !== null).toBe(isTerminal(state!.type));
        expect(verdict.run.totalRunTime).toBeGreaterThanOrEqual(run.totalRunTime);
        expect(verdict.run.runCount).toBeGreaterThanOrEqual(run.runCount);
        run = verdict.run;
      }
    }),
    { numRuns: 1000 },
  );
});
