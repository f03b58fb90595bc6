import { describe, expect, test } from "vitest";
import { type Instant, plusSeconds } from "../time.ts";
import { answerCleanup, type Cleanup, giveBack, lend, newCleanup, nextCleanup } from "./cleanups.ts";
import { jobOf, templateProblem } from "./job-template.ts";
import { freePriority, withPriority } from "./priorities.ts";
import { kebab, poolStatus, queueStatus, queueUnserved, workerGone, workerStatus } from "./signs.ts";
import { wishesOf } from "./wishes.ts";

const NOW = 1_700_000_000_000_000 as Instant;

test.each([
  ["[DI6] nothing said", null, { priority: 100, key: "", weight: 1 }],
  [
    "[DI6] all said",
    { priority: -3, fairness_key: "team", fairness_weight: 2.5 },
    { priority: -3, key: "team", weight: 2.5 },
  ],
  ["[DI6] text for numbers", { priority: "1", fairness_weight: "2" }, { priority: 100, key: "", weight: 1 }],
  ["[DI6] half a priority", { priority: 1.5 }, { priority: 100, key: "", weight: 1 }],
  ["[DI6] a priority beyond all", { priority: 1e12 }, { priority: 100, key: "", weight: 1 }],
  ["[DI6] weights that would starve others", { fairness_weight: 1e9 }, { priority: 100, key: "", weight: 100 }],
  ["[DI6] a weight of nothing", { fairness_weight: 0 }, { priority: 100, key: "", weight: 1 }],
  ["[DI6] an endless key", { fairness_key: "x".repeat(300) }, { priority: 100, key: "x".repeat(200), weight: 1 }],
] as const)("%s", (_case, variables, wanted) => {
  expect(wishesOf(variables)).toEqual(wanted);
});

describe("priorities of queues", () => {
  const queues = [
    { id: "a", priority: 1 },
    { id: "b", priority: 2 },
    { id: "c", priority: 5 },
  ];
  test.each([
    ["[DI7] a gap is filled first", queues, 3],
    ["[DI7] without a gap the next number", queues.slice(0, 2), 3],
    ["[DI7] the first of all", [], 1],
  ] as const)("%s", (_case, some, wanted) => {
    expect(freePriority(some)).toBe(wanted);
  });
  test.each([
    ["[DI7] one that is free moves nobody", "d", 4, [["d", 4]]],
    [
      "[DI7] one that is taken moves as few as possible",
      "d",
      1,
      [
        ["d", 1],
        ["a", 2],
        ["b", 3],
      ],
    ],
    [
      "[DI7] a queue that moves up",
      "c",
      2,
      [
        ["c", 2],
        ["b", 3],
      ],
    ],
    ["[DI7] a queue that stays", "b", 2, [["b", 2]]],
  ] as const)("%s", (_case, id, priority, wanted) => {
    expect(withPriority(queues, id, priority).map((one) => [one.id, one.priority])).toEqual(wanted);
  });
});

describe("signs of life", () => {
  test.each([
    ["[DI8] a worker that was heard of", 0, 30, "ONLINE"],
    ["[DI8] three intervals later", 90, 30, "ONLINE"],
    ["[DI8] after that", 91, 30, "OFFLINE"],
    ["[DI8] by an interval of its own", 91, 60, "ONLINE"],
    ["[DI8] that does not say its interval", 91, null, "OFFLINE"],
  ] as const)("%s", (_case, after, interval, wanted) => {
    expect(workerStatus(workerGone(NOW, interval), plusSeconds(NOW, after))).toBe(wanted);
  });
  test.each([
    ["[DI8] a queue that nobody polled", false, null, 0, "NOT_READY"],
    ["[DI8] a queue polled a minute ago", false, NOW, 60, "READY"],
    ["[DI8] a queue polled longer ago", false, NOW, 61, "NOT_READY"],
    ["[DI8] a paused queue", true, NOW, 0, "PAUSED"],
  ] as const)("%s", (_case, paused, polled, after, wanted) => {
    expect(queueStatus(paused, polled && queueUnserved(polled), plusSeconds(NOW, after))).toBe(wanted);
  });
  test("[DI8] a pool is what its workers make of it, unless it is paused", () => {
    expect([poolStatus(false, true), poolStatus(false, false), poolStatus(true, true)].map(kebab)).toEqual([
      "ready",
      "not-ready",
      "paused",
    ]);
  });
});

describe("clean-up messages", () => {
  const made = (id: string, queue: string | null, at = NOW): Cleanup =>
    newCleanup({ id, kind: "teardown", queue, target: {} }, at);
  const answer = (cleanup: Cleanup | null, does: "ack" | "release" | "renew", token = "t", now = NOW) =>
    answerCleanup(cleanup, { does, token, reason: "why", now });

  test("[DI9] a receiver's own queues first, then the oldest; what is lent, dead or of another kind is not given out", () => {
    const all = [made("old", "other"), made("mine", "q", plusSeconds(NOW, 1)), lend(made("lent", "q"), "t", NOW)];
    expect(nextCleanup(all, { kinds: ["teardown"], queues: ["q"] })?.id).toBe("mine");
    expect(nextCleanup(all, { kinds: ["teardown"], queues: [] })?.id).toBe("old");
    expect(nextCleanup(all, { kinds: ["else"], queues: ["q"] })).toBeNull();
  });

  test.each([
    ["[DI9] done", "ack", "t", 0, { status: "accepted", cleanup: null }],
    [
      "[DI9] given back",
      "release",
      "t",
      0,
      { status: "accepted", cleanup: { lease: null, dead: null, deliveries: 1 } },
    ],
    ["[DI9] still at it", "renew", "t", 20, { status: "accepted", leaseEnds: plusSeconds(NOW, 50) }],
    ["[DI9] by somebody else", "ack", "other", 0, { status: "invalid_token" }],
    ["[DI9] too late", "ack", "t", 31, { status: "expired" }],
  ] as const)("%s", (_case, does, token, after, wanted) => {
    expect(answer(lend(made("m", null), "t", NOW), does, token, plusSeconds(NOW, after))).toMatchObject(wanted);
  });

  test("[DI9] a message that is given back the third time is put aside", () => {
    let cleanup = made("m", null);
    for (let time = 0; time < 3; time++) {
      expect(cleanup.dead).toBeNull();
      cleanup = giveBack(lend(cleanup, "t", NOW), "broken");
    }
    expect(cleanup.dead).toBe("broken");
    expect(answer(cleanup, "ack")).toMatchObject({ status: "dead_lettered", reason: "broken" });
    expect(answer(null, "ack")).toMatchObject({ status: "not_found" });
  });
});

describe("base job templates", () => {
  const template = {
    job_configuration: {
      command: "{{ command }}",
      env: "{{ env }}",
      name: "{{ name }}-{{n}}",
      steps: ["{{ none }}", "x"],
    },
    variables: {
      type: "object",
      properties: { command: { default: null }, env: {}, name: { default: "job" }, n: { default: 3 }, none: {} },
    },
  };
  test.each([
    ["[DI11] one that is whole", template, null],
    ["[DI11] none at all", {}, null],
    ["[DI11] only a job", { job_configuration: { a: "b" } }, /must contain both/],
    ["[DI11] an empty schema", { job_configuration: { a: "b" }, variables: {} }, /must contain both/],
    [
      "[DI11] a variable that the schema does not have",
      { job_configuration: { a: { deep: ["{{ x }}", "{{y}}"] } }, variables: { properties: { x: {} } } },
      /does not have: y\./,
    ],
    [
      "[DI11] what belongs to the workspace is no variable",
      { job_configuration: { a: "{{ prefect.variables.x }}" }, variables: { properties: {} } },
      null,
    ],
  ] as const)("%s", (_case, one, wanted) => {
    const problem = templateProblem(one as never);
    if (wanted === null) expect(problem).toBeNull();
    else expect(problem).toMatch(wanted);
  });

  test("[DI12] defaults and values fill the job, by their kinds", () => {
    expect(jobOf(template as never)).toEqual({ command: null, name: "job-3", steps: ["x"] });
    expect(jobOf(template as never, { env: { A: "1" }, none: 0 })).toMatchObject({ env: { A: "1" }, steps: [0, "x"] });
  });
});
