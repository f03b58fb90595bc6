import fc from "fast-check";
import { expect, test } from "vitest";
import { STATE_TYPES, type State } from "../state.ts";
import { type Claim, claim, finish, type Head, lost, release, report } from "./claim.ts";
import { at, NOW, sampleIds, sampleRun, sampleState } from "./sample-run.ts";

const mine = { agent: "agent-1", session: "session-1" };
const held: Claim = { ...mine, generation: 7, since: at(-30) };
const scheduled = (seconds = -5) => sampleState("SCHEDULED", { details: { scheduledTime: at(seconds) } });
const head = (state: State | null, claimed: Claim | null = null, changes = {}): Head => ({
  run: sampleRun(state, changes),
  generation: 7,
  claim: claimed,
});

test.each([
  ["[FR36] due", head(scheduled()), 8],
  ["[FR36] due this moment", head(scheduled(0)), 8],
  ["[FR36] the same session again", head(sampleState("RUNNING"), held), 7],
])("%s", (_case, before, generation) => {
  const outcome = claim(before, { ...mine, now: NOW });
  expect(outcome).toMatchObject({ kind: "claimed", claim: { ...mine, generation }, head: { generation } });
});

const inProcess = { policy: { retryType: "in_process" as const } };

test.each([
  ["[FR37] another session holds it", head(scheduled(), { ...held, session: "other" }), "held"],
  ["[FR37] another agent holds it", head(scheduled(), { ...held, agent: "other" }), "held"],
  ["[FR37] ended", head(sampleState("FAILED")), "terminal"],
  ["[FR37] ended, though its claim is still there", head(sampleState("FAILED"), held), "terminal"],
  ["[FR37] a moment too early", head(scheduled(0.001)), "not_due"],
  ["[FR37] pending without a claim: a worker that polls has it", head(sampleState("PENDING")), "not_waiting"],
  ["[FR37] running without a claim", head(sampleState("RUNNING")), "not_waiting"],
  ["[FR37] paused", head(sampleState("PAUSED")), "not_waiting"],
  ["[FR37] no state", head(null), "not_waiting"],
  [
    "[FR37] retrying in its process",
    head(sampleState("SCHEDULED", { name: "AwaitingRetry" }), null, inProcess),
    "not_waiting",
  ],
])("%s", (_case, before, reason) => {
  expect(claim(before, { ...mine, now: NOW })).toEqual({ kind: "refused", reason });
});

test.each([
  ["[FR38] the live claim", held, 7, "ok"],
  ["[FR38] after it finished", null, 7, "ok"],
  ["[FR38] an older one", held, 6, "stale"],
  ["[FR38] one that never was", held, 8, "stale"],
] as const)("%s", (_case, claimed, generation, expected) => {
  expect(report(head(sampleState("RUNNING"), claimed), generation)).toBe(expected);
});

const suspended = sampleState("PAUSED", { name: "Suspended", details: { pauseReschedule: true } });
const retrying = sampleState("SCHEDULED", { name: "AwaitingRetry" });

test.each([
  ["[FR39] running", sampleState("RUNNING"), {}, "Crashed", "AwaitingRetry"],
  ["[FR39] pending", sampleState("PENDING"), {}, "Crashed", "AwaitingRetry"],
  ["[FR39] paused", sampleState("PAUSED"), {}, "Crashed", "AwaitingRetry"],
  ["[FR39] retrying in its process", retrying, inProcess, "Crashed", "AwaitingRetry"],
  ["[FR39] being cancelled", sampleState("CANCELLING"), {}, "Cancelled", "Cancelled"],
  ["[FR39] never left SCHEDULED", scheduled(), {}, null, null],
  ["[FR39] suspended", suspended, {}, null, null],
  ["[FR39] ended", sampleState("COMPLETED"), {}, null, null],
] as const)("%s", (_case, state, changes, crash, reclaim) => {
  for (const [policy, expected] of [["crash", crash] as const, ["reclaim", reclaim] as const]) {
    const before = head(state, held, changes);
    const loss = lost(before, 7, policy, { now: NOW, newId: sampleIds() });
    expect(loss).toMatchObject({ head: { generation: 8, claim: null }, state: expected && { name: expected } });
    expect(loss?.head.run.state).toEqual(loss?.state ?? state);
  }
});

test("[FR39] what another agent may take, it can claim at once, as a new attempt", () => {
  const before = head(sampleState("RUNNING"), held, { policy: { pauseKeys: ["k"] } });
  const after = lost(before, 7, "reclaim", { now: NOW, newId: sampleIds() })?.head as Head;
  expect(after.run.policy).toMatchObject({ retryType: "reschedule", pauseKeys: [] });
  expect(claim(after, { agent: "agent-2", session: "session-2", now: NOW })).toMatchObject({
    kind: "claimed",
    claim: { generation: 9 },
  });
});

test.each([
  ["[FR40] an older generation", head(sampleState("RUNNING"), held), 6],
  ["[FR40] a newer generation", head(sampleState("RUNNING"), held), 8],
  ["[FR40] no claim", head(sampleState("RUNNING")), 7],
])("%s", (_case, before, generation) => {
  expect(lost(before, generation, "crash", { now: NOW, newId: sampleIds() })).toBeNull();
  expect(release(before, generation)).toBeNull();
  expect(finish(before, generation)).toBeNull();
});

test("[FR40] reports after a finish count, after a release they do not", () => {
  const before = head(scheduled(), held);
  expect(report(finish(before, 7) as Head, 7)).toBe("ok");
  expect(report(release(before, 7) as Head, 7)).toBe("stale");
  expect(release(before, 7)?.run).toBe(before.run);
});

type Step = { kind: "claim" | "lost" | "release" | "finish"; who: string; back: number; policy: "crash" | "reclaim" };

function step(before: Head, { kind, who, back, policy }: Step): Head {
  const generation = before.generation - back;
  switch (kind) {
    case "claim": {
      const outcome = claim(before, { agent: who, session: who, now: NOW });
      return outcome.kind === "claimed" ? outcome.head : before;
    }
    case "lost":
      return lost(before, generation, policy, { now: NOW, newId: sampleIds() })?.head ?? before;
    case "release":
      return release(before, generation) ?? before;
    case "finish":
      return finish(before, generation) ?? before;
  }
}

test("[FR41] generations only grow, and each claim has its own", () => {
  const anyStep = fc.record<Step>({
    kind: fc.constantFrom("claim", "lost", "release", "finish"),
    who: fc.constantFrom("a", "b", "c"),
    back: fc.nat({ max: 2 }),
    policy: fc.constantFrom("crash", "reclaim"),
  });
  const anyState = fc.constantFrom(
    null,
    scheduled(),
    suspended,
    retrying,
    ...STATE_TYPES.map((type) => sampleState(type)),
  );
  fc.assert(
    fc.property(anyState, fc.array(anyStep, { maxLength: 20 }), (state, steps) => {
      const holders = new Map<number, string>();
      let now: Head = { ...head(state), generation: 0 };
      for (const one of steps) {
        const next = step(now, one);
        expect(next.generation).toBeGreaterThanOrEqual(now.generation);
        if (next.claim) {
          expect(next.claim.generation).toBe(next.generation);
          expect(holders.get(next.generation) ?? next.claim.agent).toBe(next.claim.agent);
          holders.set(next.generation, next.claim.agent);
        }
        now = next;
      }
    }),
  );
});
