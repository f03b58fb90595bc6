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
const full = { name: "limit", limit: 1, taken: 1, holders: [{ id: "run-9", since: at(-77) }] };

test.each([
  ["[FR80] due later", { run: scheduled("Scheduled") }, "due", at(-5)],
  ["[FR80] waits for its retry", { run: scheduled("AwaitingRetry") }, "due", at(-5)],
  ["[FR80] found no slot", { run: scheduled("AwaitingConcurrencySlot") }, "due", at(-5)],
  ["[FR80] deployment paused", { deployment: { name: "nightly", paused: true } }, "deployment", null],
  ["[FR80] deployment deleted", { deployment: "gone" }, "deployment", null],
  ["[FR80] limit of the deployment", { limit: full }, "limit", at(-77)],
  ["[FR80] no pool", { pool: null }, "pool", null],
  ["[FR80] pool deleted", { pool: "gone" }, "pool", null],
  ["[FR80] pool paused", { pool: { ...pool, paused: true } }, "pool", null],
  ["[FR80] queue paused", { pool: { ...pool, queue: "queue_paused" } }, "queue", null],
  ["[FR80] pool full", { pool: { ...pool, limit: 2, taken: 2 } }, "pool-limit", null],
  ["[FR80] no agent", { pool: { ...pool, agents: [] } }, "agents", null],
  ["[FR80] agent gone", { pool: { ...pool, agents: [{ ...agent, online: false }] } }, "agents", at(-10)],
  ["[FR80] agents full", { pool: { ...pool, agents: [{ ...agent, free: 0 }] } }, "slots", null],
  [
    "[FR80] a worker may have room",
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
  ["[FR80] queue full", { pool: { ...pool, queue: "queue_limit" } }, "queue", null],
  ["[FR80] claimed, not begun", { claim }, "claim", at(-20)],
  ["[FR80] paused", { run: sampleRun(sampleState("PAUSED")) }, "paused", at(-60)],
  ["[FR80] being cancelled", { run: sampleRun(sampleState("CANCELLING")), claim }, "cancellation", at(-60)],
  ["[FR80] silent", { run: running, heartbeat: { at: at(-99), every: 30 } }, "heartbeat", at(-99)],
  ["[FR80] ready to go", {}, undefined, undefined],
  ["[FR80] running", { run: running, claim, heartbeat: { at: at(-9), every: 30 } }, undefined, undefined],
  ["[FR80] ended", { run: sampleRun(sampleState("FAILED")) }, undefined, undefined],
] as const)("%s is the first thing that it waits for, since when", (_case, changes, name, since) => {
  const first = diagnose(evidence(changes as Partial<Evidence>)).find(({ verdict }) => verdict === "blocked");
  expect(first?.name).toBe(name);
  expect(first?.since).toBe(since);
});

test("[FR80] what nobody can say is called unknown, and what is in order is said too", () => {
  const checks = diagnose(evidence({ pool: "unknown", limit: "unknown" }));
  expect(checks.map(({ name, verdict }) => `${name} ${verdict}`)).toEqual([
    "due passed",
    "deployment passed",
    "limit unknown",
    "pool unknown",
  ]);
});

test("[FR80] everything that blocks has a sentence, and all but a time to come say what to do", () => {
  const all = [{ pool: null }, { deployment: "gone" as const }, { limit: full }, { claim }].flatMap((one) =>
    diagnose(evidence(one)).filter(({ verdict }) => verdict === "blocked"),
  );
  for (const { message, fix } of all)
    expect([message, fix]).toEqual([expect.stringMatching(/\.$/), expect.any(String)]);
});
