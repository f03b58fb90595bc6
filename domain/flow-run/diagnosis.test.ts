import { expect, test } from "vitest";
import { diagnose, type Evidence, type PoolEvidence } from "./diagnosis.ts";
import { at, NOW, sampleRun, sampleState } from "./sample-run.ts";

const agent = { name: "box", online: true, seen: at(-10), free: 2 };
const pool: PoolEvidence = { name: "boxes", paused: false, queue: null, limit: null, taken: 0, agents: [agent] };
const waiting = sampleRun(sampleState("SCHEDULED", { timestamp: at(-600), details: { scheduledTime: at(-300) } }), {
  deploymentId: "deployment-1",
});
const claim = { generation: 1, agent: "box", session: "s", since: at(-20) };

const evidence = (changes: Partial<Evidence> = {}): Evidence => ({
  ...{ run: waiting, now: NOW, claim: null, offers: 1, nextOffer: at(20), heartbeat: null },
  ...{ deployment: { name: "nightly", paused: false }, pool, limit: null },
  ...changes,
});
const scheduled = (name: string) =>
  sampleRun(sampleState("SCHEDULED", { name, timestamp: at(-5), details: { scheduledTime: at(60) } }), {
    deploymentId: "deployment-1",
  });
const running = sampleRun(sampleState("RUNNING"));
const resting = { name: "nightly", paused: true };
const full = { name: "limit", limit: 1, taken: 1, holders: [{ id: "run-9", since: at(-77) }] };

test.each([
  ["[FR90] due later", { run: scheduled("Scheduled") }, "due", at(-5)],
  ["[FR90] waits for its retry", { run: scheduled("AwaitingRetry") }, "due", at(-5)],
  ["[FR90] found no slot", { run: scheduled("AwaitingConcurrencySlot") }, "due", at(-5)],
  ["[FR90] deployment paused, which holds no run that is there", { deployment: resting }, undefined, undefined],
  ["[FR90] deployment deleted", { deployment: "gone" }, "deployment", null],
  ["[FR90] limit of the deployment", { limit: full }, "limit", at(-77)],
  ["[FR90] no pool", { pool: null }, "pool", null],
  ["[FR90] pool deleted", { pool: "gone" }, "pool", null],
  ["[FR90] pool paused", { pool: { ...pool, paused: true } }, "pool", null],
  ["[FR90] queue paused", { pool: { ...pool, queue: "queue_paused" } }, "queue", null],
  ["[FR90] pool full", { pool: { ...pool, limit: 2, taken: 2 } }, "pool-limit", null],
  ["[FR90] no agent", { pool: { ...pool, agents: [] } }, "agents", null],
  ["[FR90] agent gone", { pool: { ...pool, agents: [{ ...agent, online: false }] } }, "agents", at(-10)],
  ["[FR90] agents full", { pool: { ...pool, agents: [{ ...agent, free: 0 }] } }, "slots", null],
  [
    "[FR90] a worker may have room",
    {
      pool: {
        ...pool,
        agents: [
          { ...agent, free: 0 },
          { ...agent, free: null },
        ],
      },
    },
    undefined,
    undefined,
  ],
  ["[FR90] queue full", { pool: { ...pool, queue: "queue_limit" } }, "queue", null],
  ["[FR90] claimed, not begun", { claim }, "claim", at(-20)],
  ["[FR90] claimed as the pool's last", { claim, pool: { ...pool, limit: 1, taken: 1 } }, "claim", at(-20)],
  ["[FR90] claimed before its pool was paused", { claim, pool: { ...pool, paused: true } }, "claim", at(-20)],
  ["[FR90] paused", { run: sampleRun(sampleState("PAUSED")) }, "paused", at(-60)],
  ["[FR90] being cancelled", { run: sampleRun(sampleState("CANCELLING")), claim }, "cancellation", at(-60)],
  ["[FR90] silent", { run: running, heartbeat: { at: at(-99), every: 30 } }, "heartbeat", at(-99)],
  ["[FR90] ready to go", {}, undefined, undefined],
  ["[FR90] running", { run: running, claim, heartbeat: { at: at(-9), every: 30 } }, undefined, undefined],
  ["[FR90] ended", { run: sampleRun(sampleState("FAILED")) }, undefined, undefined],
] as const)("%s is the first thing that it waits for, since when", (_case, changes, name, since) => {
  const first = diagnose(evidence(changes as Partial<Evidence>)).find(({ verdict }) => verdict === "blocked");
  expect(first?.name).toBe(name);
  expect(first?.since).toBe(since);
});

test("[FR90] what nobody can say is called unknown, and what is in order is said too", () => {
  const checks = diagnose(evidence({ pool: "unknown", limit: "unknown" }));
  expect(checks.map(({ name, verdict }) => `${name} ${verdict}`)).toEqual([
    "due passed",
    "deployment passed",
    "limit unknown",
    "pool unknown",
  ]);
});

test("[FR90] everything that blocks has a sentence, and all but a time to come say what to do", () => {
  const all = [{ pool: null }, { deployment: "gone" as const }, { limit: full }, { claim }].flatMap((one) =>
    diagnose(evidence(one)).filter(({ verdict }) => verdict === "blocked"),
  );
  for (const { message, fix } of all)
    expect([message, fix]).toEqual([expect.stringMatching(/\.$/), expect.any(String)]);
});

test.each([
  ["resume-pool", { pool: { ...pool, paused: true } }],
  ["resume-queue", { pool: { ...pool, queue: "queue_paused" as const } }],
  ["start-agent", { pool: { ...pool, agents: [] } }],
  ["start-now", { run: scheduled("AwaitingRetry") }],
  ["resume-run", { run: sampleRun(sampleState("PAUSED")) }],
  ["cancel-by-force", { run: sampleRun(sampleState("CANCELLING")) }],
] as const)("[FR90] %s is named as what can be done at once", (remedy, changes) => {
  const first = diagnose(evidence(changes)).find(({ verdict }) => verdict === "blocked");
  expect(first?.remedy).toBe(remedy);
});
