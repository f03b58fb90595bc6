import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Backlog, type Queue, type Waiting } from "./backlog.ts";
import { explain } from "./explain.ts";
import { Shares } from "./shares.ts";

const queue = (id: string, changes: Partial<Queue> = {}): Queue => ({
  ...{ id, name: id, priority: 1, paused: false, limit: null },
  ...changes,
});
let arrivals = 0;
const run = (id: string, changes: Partial<Waiting> = {}): Waiting => ({
  ...{ run: id, queue: "default", priority: 100, due: 0, since: arrivals++ },
  ...changes,
});
const ANY = Number.POSITIVE_INFINITY;

function order(
  waiting: readonly Waiting[],
  queues: readonly Queue[] = [queue("default")],
  { pool = ANY, rooms = {} as Record<string, number>, due = 100, shares = new Shares() } = {},
): string[] {
  const backlog = new Backlog();
  for (const one of waiting) backlog.add(one);
  const given: string[] = [];
  const room = { pool, queues: new Map(Object.entries(rooms)) };
  backlog.offer({ queues, own: "default", room, shares, due }, (one) => {
    given.push(one.run);
    return "take";
  });
  return given;
}

describe("order", () => {
  const [high, low] = [queue("high", { priority: 1 }), queue("default", { priority: 2 })];
  test.each([
    ["[DI1] queue priority before run priority", [run("a", { priority: 1 }), run("b", { queue: "high" })], ["b", "a"]],
    ["[DI1] run priority before due time", [run("a", { due: 1 }), run("b", { priority: 5, due: 9 })], ["b", "a"]],
    ["[DI1] due time before arrival", [run("a", { due: 2 }), run("b", { due: 1 })], ["b", "a"]],
    ["[DI1] arrival where all else is equal", [run("a"), run("b"), run("c")], ["a", "b", "c"]],
    [
      "[DI3] a run of a queue that is gone goes with the pool's own",
      [run("a", { queue: "gone" }), run("b")],
      ["a", "b"],
    ],
    ["[DI3] a run without a queue goes with the pool's own", [run("a", { queue: null }), run("b")], ["a", "b"]],
  ] as const)("%s", (_case, waiting, wanted) => {
    expect(order(waiting, [low, high])).toEqual(wanted);
  });

  test("[DI3] a run that is added twice stands once, where it was added last", () => {
    expect(order([run("a", { due: 1 }), run("b", { due: 2 }), run("a", { due: 3 })])).toEqual(["b", "a"]);
  });

  const some = fc.record({
    queue: fc.constantFrom("high", "default", "gone"),
    priority: fc.integer({ min: 0, max: 2 }),
    due: fc.integer({ min: 0, max: 5 }),
  });
  test("[DI1] without keys the order is that of one sort, whatever came and went", () => {
    fc.assert(fc.property(fc.array(some, { maxLength: 40 }), sorted));
  });
  function sorted(ones: { queue: string; priority: number; due: number }[]): void {
    const waiting = ones.map((one, at) => run(`r${String(at).padStart(2, "0")}`, one));
    const backlog = new Backlog();
    for (const one of waiting) backlog.add(one);
    for (const one of waiting) if (one.due === 3) backlog.remove(one.run);
    const given: string[] = [];
    const room = { pool: ANY, queues: new Map() };
    backlog.offer({ queues: [high, low], own: "default", room, shares: new Shares(), due: 4 }, (one) => {
      given.push(one.run);
      return "take";
    });
    const rank = (one: Waiting) => (one.queue === "high" ? 1 : 2);
    const wanted = waiting
      .filter(({ due }) => due !== 3 && due <= 4)
      .sort((a, b) => rank(a) - rank(b) || a.priority - b.priority || a.due - b.due || a.since - b.since)
      .map((one) => one.run);
    expect(given).toEqual(wanted);
  }
});

describe("limits", () => {
  const queues = [queue("high", { priority: 1 }), queue("default", { priority: 2 })];
  const waiting = [run("h1", { queue: "high" }), run("h2", { queue: "high" }), run("d1"), run("d2")];
  test.each([
    ["[DI2] the pool's limit", { pool: 3 }, ["h1", "h2", "d1"]],
    ["[DI2] a queue's limit lets the next queue through", { rooms: { high: 1 } }, ["h1", "d1", "d2"]],
    ["[DI2] a full queue", { rooms: { high: 0 } }, ["d1", "d2"]],
    ["[DI2] a full pool", { pool: 0 }, []],
    ["[DI2] a pool beyond its limit", { pool: -2 }, []],
  ] as const)("%s", (_case, how, wanted) => {
    expect(order(waiting, queues, how)).toEqual(wanted);
  });

  test("[DI2] a paused queue is passed over", () => {
    expect(order(waiting, [queue("high", { priority: 1, paused: true }), queues[1] as Queue])).toEqual(["d1", "d2"]);
  });

  test("[DI2] what is not due waits, and what is due does not wait for it", () => {
    expect(order([run("later", { priority: 1, due: 101 }), run("now")])).toEqual(["now"]);
  });

  test("[DI2] a run that is left does not stand in the way, and what is stopped stops", () => {
    const backlog = new Backlog();
    for (const one of waiting) backlog.add(one);
    const seen: string[] = [];
    const room = { pool: ANY, queues: new Map() };
    backlog.offer({ queues, own: "default", room, shares: new Shares(), due: 1 }, (one) => {
      seen.push(one.run);
      return one.run === "h1" ? "leave" : one.run === "d1" ? "stop" : "take";
    });
    expect(seen).toEqual(["h1", "h2", "d1"]);
  });
});

describe("shares", () => {
  const many = (key: string, count: number, weight = 1, due = 0) =>
    Array.from({ length: count }, (_, at) => run(`${key}${at}`, { key, weight, due }));
  const keys = (runs: readonly string[]) => runs.map((one) => one[0]).join("");

  test("[DI4] keys take turns, however many runs one of them has", () => {
    expect(keys(order([...many("a", 6), ...many("b", 3)]))).toBe("abababaaa");
  });

  test("[DI4] a key of weight 2 has two turns beside one", () => {
    const given = keys(order([...many("a", 8, 2), ...many("b", 4)]));
    expect([...given.slice(0, 6)].filter((key) => key === "a")).toHaveLength(4);
    expect([...given.slice(0, 9)].filter((key) => key === "a")).toHaveLength(6);
  });

  test("[DI5] a key that had nothing to do saves up no turns", () => {
    const shares = new Shares();
    for (let turn = 0; turn < 100; turn++) shares.took("a", 1);
    expect(keys(order([...many("a", 4), ...many("b", 4)], undefined, { shares })).slice(1)).toMatch(/^(ab|ba)+/);
    expect(shares.startOf("c")).toBeGreaterThan(90);
  });

  test("[DI4] nobody starves: a key waits at most one round of the others", () => {
    fc.assert(fc.property(fc.array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 60 }), fair));
  });
  function fair(wishes: string[]): void {
    const weights: Record<string, number> = { a: 1, b: 2, c: 4 };
    const given = keys(order(wishes.map((key, at) => run(`${key}${at}`, { key, weight: weights[key] ?? 1 }))));
    for (const key of new Set(given)) {
      const mine = [...given].flatMap((one, at) => (one === key ? [at] : []));
      const gaps = mine.map((at, index) => at - (mine[index - 1] ?? -1) - 1);
      expect(Math.max(...gaps)).toBeLessThanOrEqual(1 + 2 + 4 + 2);
    }
  }
});

describe("explaining", () => {
  const queues = [
    queue("high", { priority: 1, limit: 1 }),
    queue("default", { priority: 2 }),
    queue("off", { priority: 3, paused: true }),
  ];
  const backlog = new Backlog();
  for (const one of [
    run("h1", { queue: "high" }),
    run("h2", { queue: "high" }),
    run("d1"),
    run("later", { due: 50 }),
    run("off1", { queue: "off" }),
  ])
    backlog.add(one);
  const why = (changes: Partial<Parameters<typeof explain>[1]> = {}) =>
    Object.fromEntries(
      explain(backlog, {
        ...{ queues, own: "default", paused: false, room: { pool: 10, queues: new Map([["high", 1]]) } },
        ...{ shares: new Shares(), now: 10, slots: 1 },
        ...changes,
      }).map(({ run: id, reason, place }) => [id, [reason, place]]),
    );

  test("[DI10] each has its reason, and those in turn their place", () => {
    expect(why()).toEqual({
      h1: ["next", 1],
      d1: ["no_free_agent", 2],
      h2: ["queue_limit", null],
      off1: ["queue_paused", null],
      later: ["not_due", null],
    });
  });

  test("[DI10] a full pool and a paused one say so", () => {
    expect(why({ room: { pool: 1, queues: new Map([["high", 1]]) } })).toMatchObject({
      h1: ["next", 1],
      d1: ["pool_limit", null],
    });
    expect(why({ paused: true })).toMatchObject({ h1: ["pool_paused", null], later: ["not_due", null] });
  });
});
