import { evictDurableObject, listDurableObjectIds, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { SECOND } from "@millrace/domain/time.ts";
import { uuidv7 } from "uuidv7";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { testEnv } from "../../test/workerd/env.ts";
import {
  begin,
  bornWith,
  indexRows,
  inPool,
  line,
  newOwner,
  runAt,
  type TestRun,
  taskEvent,
} from "../../test/workerd/runs.ts";
import { eventHubAt } from "../addresses.ts";
import { pack, unpack } from "../kit/packed.ts";
import type { Owner, Reporter } from "./rpc.ts";

let owner: Owner;
beforeEach(() => {
  owner = newOwner();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const ALL = { filter: {}, sort: "TIMESTAMP_ASC", limit: 200, offset: 0 } as const;
const QUEUE = Object.getPrototypeOf(testEnv.DISPATCH) as Queue;
const evict = ({ stub }: TestRun) => evictDurableObject(stub);

/** Moves the clock alone. */
const laterBy = (seconds: number) => vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + seconds * 1000 });

/** What an object's storage holds: names of tables, and the alarm. */
const stored = ({ stub }: TestRun) =>
  runInDurableObject(stub, async (_, { storage }) => ({
    tables: storage.sql
      .exec<{ name: string }>("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'")
      .toArray()
      .map(({ name }) => name),
    alarm: await storage.getAlarm(),
  }));

describe("beginning", () => {
  test("[FO1] a run begins once: a second create answers the first one's run", async () => {
    const birth = bornWith(owner, { idempotencyKey: "key", name: "first" });
    const { object } = runAt(owner, birth.id);
    const answers = await Promise.all([
      object.create(owner, pack(birth)),
      object.create(owner, pack({ ...birth, name: "second" })),
      object.create(owner, pack({ ...birth, name: "third" })),
    ]);
    expect(answers.map((answer) => "kind" in answer && answer.kind)).toEqual(["created", "existing", "existing"]);
    for (const answer of answers) expect(unpack((answer as { body: never }).body)).toMatchObject({ name: "first" });
  });

  test("[FO2] who began a run finds it in the index", async () => {
    const run = await begin(owner, { name: "listed", tags: ["a"] });
    expect(await indexRows(owner)).toEqual([
      expect.objectContaining({ id: run.id, name: "listed", tags: '["a"]', version: 1 }),
    ]);
  });

  test("[FO2] a create whose answer nobody heard is finished by its repetition", async () => {
    const sent = vi.spyOn(QUEUE, "send").mockImplementation(async () => ({}) as never);
    const batch = vi.spyOn(Object.getPrototypeOf(testEnv.SHARD_0), "batch").mockRejectedValue(new Error("away"));
    const birth = bornWith(owner, inPool());
    const run = runAt(owner, birth.id);
    await run.object.create(owner, pack(birth));
    // The process ends before anything was told or offered that could be lost.
    await evict(run);
    sent.mockClear();
    batch.mockRestore();
    expect(await run.object.create(owner, pack(birth))).toMatchObject({ kind: "existing" });
    expect(await indexRows(owner)).toHaveLength(1);
    expect((await stored(run)).alarm).not.toBeNull();
  });
});

describe("owners", () => {
  test("[FO4] to another workspace a run is as one that does not exist", async () => {
    const run = await begin(owner, inPool());
    const [other, nobody] = [newOwner(), runAt(owner, uuidv7()).object];
    const { object } = run;
    const asked = (at: typeof object) => [
      at.read(other),
      at.record(other),
      at.propose(other, run.id, pack({ type: "RUNNING" }), { force: true, reporter: null }),
      at.retry(other, run.id, null),
      at.edit(other, run.id, { name: "theirs" }, null),
      at.remove(other, run.id),
      at.states(other),
      at.claim(other, run.id, { agent: "a", session: "s" }),
      at.finish(other, 0, { exitCode: 0, signal: null }),
      at.release(other, 0),
      at.lose(other, 0),
      at.holds(other, 0),
      at.taskRuns(other),
      at.taskRun(other, uuidv7()),
      at.recordTaskRuns(
        other,
        [taskEvent(run, { id: uuidv7(), type: "RUNNING", occurred: "2026-01-01T00:00:00Z" })],
        null,
      ),
      at.setTaskRunState(other, uuidv7(), { type: "RUNNING" }, null),
      at.appendLogs(other, [line("theirs", 1)], null),
      at.logs(other, ALL),
      at.reconcile(other),
    ];
    const before = await run.read();
    expect(await Promise.all(asked(object))).toEqual(await Promise.all(asked(nobody)));
    expect(await run.read()).toEqual({ ...before, estimated_start_time_delta: expect.any(Number) });
    expect(await object.logs(owner, ALL)).toEqual([]);
  });

  test("[FO4] nor can another workspace begin a run in its place", async () => {
    const birth = bornWith(owner);
    const { object } = runAt(owner, birth.id);
    await object.create(owner, pack(birth));
    expect(await object.create(newOwner(), pack(birth))).toMatchObject({ code: "not_found" });
  });

  test("[KI2] asking for runs that nobody made writes nothing, and leaves no table and no alarm", async () => {
    const run = runAt(owner, uuidv7());
    const { object } = run;
    await Promise.all([object.read(owner), object.record(owner), object.taskRuns(owner), object.logs(owner, ALL)]);
    await object.propose(owner, run.id, pack({ type: "RUNNING" }), { force: true, reporter: null });
    await object.appendLogs(owner, [line("lost", 1)], null);
    await object.reconcile(owner);
    expect(await stored(run)).toEqual({ tables: [], alarm: null });
    expect(await indexRows(owner)).toEqual([]);
  });
});

describe("claims", () => {
  const claimant = { agent: "agent", session: "session" };
  const reporter = (run: TestRun, generation: number): Reporter => ({ run: run.id, generation });

  async function claimed(run: TestRun, session = "session"): Promise<number> {
    const answer = await run.object.claim(owner, run.id, { ...claimant, session });
    if (!("generation" in answer)) throw new Error(JSON.stringify(answer));
    return answer.generation;
  }

  test("[FO3] what a process reports whose claim was taken back changes nothing", async () => {
    const run = await begin(owner, { ...inPool(), lossPolicy: "reclaim" });
    const first = await claimed(run);
    await run.set("RUNNING", {}, { reporter: reporter(run, first) });
    expect(await run.object.lose(owner, first)).toBe("done");
    const second = await claimed(run, "another session");
    expect(second).toBeGreaterThan(first);
    const before = await run.object.states(owner);
    const stale = { code: "stale_claim", held: second, shown: first };
    const old = reporter(run, first);
    const { object } = run;
    expect(await object.propose(owner, run.id, pack({ type: "COMPLETED" }), { force: false, reporter: old })).toEqual(
      stale,
    );
    expect(await object.propose(owner, run.id, pack({ type: "COMPLETED" }), { force: true, reporter: old })).toEqual(
      stale,
    );
    expect(await object.appendLogs(owner, [line("late", 1)], old)).toEqual(stale);
    const event = taskEvent(run, { id: uuidv7(), type: "RUNNING", occurred: "2026-01-01T00:00:00Z" });
    expect(await object.recordTaskRuns(owner, [event], old)).toEqual(stale);
    expect(await object.edit(owner, run.id, { name: "late" }, old)).toEqual(stale);
    expect(await object.retry(owner, run.id, old)).toEqual(stale);
    expect(await object.finish(owner, first, { exitCode: 0, signal: null })).toBe("stale");
    expect(await object.release(owner, first)).toBe("stale");
    expect(await object.lose(owner, first)).toBe("stale");
    expect(await object.states(owner)).toEqual(before);
    expect(await object.logs(owner, ALL)).toEqual([]);
    expect(await object.taskRuns(owner)).toEqual([]);
    expect((await run.read()).name).toBe("steady-heron");
    expect(await object.holds(owner, second)).toBe(true);
  });

  test("[FO3] of many who claim at once one gets the run", async () => {
    const run = await begin(owner, inPool());
    const sessions = Array.from({ length: 20 }, (_, at) => `session ${at}`);
    const answers = await Promise.all(
      sessions.map((session) => run.object.claim(owner, run.id, { agent: "a", session })),
    );
    expect(answers.filter((answer) => "kind" in answer && answer.kind === "claimed")).toHaveLength(1);
    expect(answers.filter((answer) => "reason" in answer && answer.reason === "held")).toHaveLength(19);
  });

  test("[FO10] a run's process reaches its own run and those that it began, and no other", async () => {
    const run = await begin(owner, inPool());
    const generation = await claimed(run);
    const own = reporter(run, generation);
    const child = await begin(owner, { surroundings: { startedBy: run.id } as never });
    const other = await begin(owner);
    expect((await child.set("RUNNING", {}, { reporter: own })).status).toBe("ACCEPT");
    const beyond = { code: "beyond_run", run: run.id };
    const running = pack({ type: "RUNNING" as const });
    expect(await other.object.propose(owner, other.id, running, { force: false, reporter: own })).toEqual(beyond);
    expect(await other.object.appendLogs(owner, [line("x", 1)], own)).toEqual(beyond);
    expect(await other.object.edit(owner, other.id, { name: "x" }, own)).toEqual(beyond);
    expect(await other.object.retry(owner, other.id, own)).toEqual(beyond);
    expect((await other.read()).state_type).toBe("PENDING");
  });

  test("[FO3] a process that tells of its end twice ends its run once", async () => {
    const run = await begin(owner, inPool());
    const own = reporter(run, await claimed(run));
    await run.set("RUNNING", {}, { reporter: own });
    await run.set("COMPLETED", {}, { reporter: own });
    expect(await run.set("RUNNING", {}, { reporter: own })).toMatchObject({
      status: "REJECT",
      state: { type: "COMPLETED" },
    });
    expect((await run.object.states(owner))?.map(({ type }) => type)).toEqual([
      "SCHEDULED",
      "PENDING",
      "RUNNING",
      "COMPLETED",
    ]);
  });

  test.each([
    ["[FO11] a process that ended by itself", { exitCode: 1, signal: null }, "RUNNING", "CRASHED"],
    ["[FO11] a process that was killed", { exitCode: null, signal: "SIGKILL" }, "RUNNING", "CRASHED"],
    ["[FO11] one that was being cancelled", { exitCode: 0, signal: null }, "CANCELLING", "CANCELLED"],
    ["[FO11] one that had said its end", { exitCode: 1, signal: null }, "COMPLETED", "COMPLETED"],
  ] as const)("%s leaves no run that goes on", async (_case, how, last, expected) => {
    const run = await begin(owner, inPool());
    const generation = await claimed(run);
    await run.set("RUNNING");
    if (last !== "RUNNING") await run.set(last);
    expect(await run.object.finish(owner, generation, how)).toBe("done");
    expect((await run.read()).state_type).toBe(expected);
    expect(await run.object.holds(owner, generation)).toBe(false);
  });
});

describe("losing memory", () => {
  test("[FO1] an object that is forgotten after each call has lost nothing", async () => {
    const run = await begin(owner, { ...inPool(), parameters: { x: 1 } });
    const { object } = run;
    const large = "x".repeat(20_000);
    const task = uuidv7();
    const steps: (() => Promise<unknown>)[] = [
      () => object.claim(owner, run.id, { agent: "a", session: "s" }),
      () => run.set("RUNNING", { data: { large } }),
      () =>
        object.recordTaskRuns(
          owner,
          [taskEvent(run, { id: task, type: "RUNNING", occurred: "2026-01-01T00:00:00Z" })],
          null,
        ),
      () => object.appendLogs(owner, [line("one", SECOND), line("two", 2 * SECOND)], null),
      () => object.edit(owner, run.id, { name: "renamed", labels: { a: 1 } }, null),
      () =>
        object.recordTaskRuns(
          owner,
          [taskEvent(run, { id: task, type: "COMPLETED", occurred: "2026-01-01T00:00:01Z" })],
          null,
        ),
      () => object.appendLogs(owner, [line("three", 3 * SECOND)], null),
      () => run.set("COMPLETED", { message: "done" }),
    ];
    for (const step of steps) {
      await step();
      await evict(run);
    }
    expect(await run.read()).toMatchObject({
      name: "renamed",
      parameters: { x: 1 },
      run_count: 1,
      state: { type: "COMPLETED", message: "done" },
      infrastructure_pid: "agent:a",
    });
    const states = (await object.states(owner)) ?? [];
    expect(states.map(({ type }) => type)).toEqual(["SCHEDULED", "PENDING", "RUNNING", "COMPLETED"]);
    expect(states[2]?.data).toEqual({ large });
    expect((await object.logs(owner, ALL))?.map(({ message }) => message)).toEqual(["one", "two", "three"]);
    expect(await object.taskRuns(owner)).toEqual([
      expect.objectContaining({ id: task, state: expect.objectContaining({ type: "COMPLETED" }) }),
    ]);
    await eventHubAt(testEnv, owner.workspace).settle();
    expect(await indexRows(owner)).toEqual([
      expect.objectContaining({ id: run.id, state_type: "COMPLETED", name: "renamed" }),
    ]);
  });

  test("[FO2] what the index did not hear is told again when it is back, also by an object that forgot", async () => {
    const run = await begin(owner);
    const batch = vi.spyOn(Object.getPrototypeOf(testEnv.SHARD_0), "batch").mockRejectedValue(new Error("away"));
    await run.set("RUNNING");
    await run.set("COMPLETED");
    await vi.waitFor(async () => expect((await stored(run)).alarm).not.toBeNull());
    await evict(run);
    batch.mockRestore();
    expect(await indexRows(owner)).toEqual([expect.objectContaining({ state_type: "PENDING" })]);
    laterBy(10);
    expect(await runDurableObjectAlarm(run.stub)).toBe(true);
    await eventHubAt(testEnv, owner.workspace).settle();
    expect(await indexRows(owner)).toEqual([expect.objectContaining({ state_type: "COMPLETED" })]);
    expect(await eventNames()).toEqual(["Pending", "Running", "Completed"].map((name) => `prefect.flow-run.${name}`));
  });

  test("[FO2] one telling that failed among others that were heard leaves no event out", async () => {
    const run = await begin(owner);
    const batch = vi.spyOn(Object.getPrototypeOf(testEnv.SHARD_0), "batch");
    await run.set("RUNNING");
    batch.mockRejectedValueOnce(new Error("away")).mockRejectedValueOnce(new Error("away"));
    await run.set("FAILED");
    await run.set("RUNNING", {}, { force: true });
    await run.set("COMPLETED");
    await vi.waitFor(
      async () => {
        await eventHubAt(testEnv, owner.workspace).settle();
        laterBy(10);
        await runDurableObjectAlarm(run.stub);
        expect(await eventNames()).toEqual(
          ["Pending", "Running", "Failed", "Running", "Completed"].map((name) => `prefect.flow-run.${name}`),
        );
      },
      { timeout: 10_000 },
    );
  });

  /** Events that are stored, by their time, each once. */
  async function eventNames(): Promise<string[]> {
    const { results } = await testEnv.SHARD_0.prepare("SELECT body FROM event_batches WHERE workspace_id = ?1")
      .bind(owner.workspace)
      .all<{ body: string }>();
    const events = results.flatMap(({ body }) => JSON.parse(body) as { id: string; occurred: string; event: string }[]);
    const once = [...new Map(events.map((event) => [event.id, event])).values()];
    return once.sort((a, b) => (a.occurred < b.occurred ? -1 : 1)).map(({ event }) => event);
  }
});

describe("alarms", () => {
  const offers = () => {
    const sent: { run: string; due: number }[] = [];
    vi.spyOn(QUEUE, "send").mockImplementation(async (message) => {
      sent.push(message as never);
      return {} as never;
    });
    return sent;
  };
  const ring = async (run: TestRun, seconds: number) => {
    laterBy(seconds);
    return runDurableObjectAlarm(run.stub);
  };

  test("[FO12] a run that is due now is offered at once", async () => {
    const sent = offers();
    const run = await begin(owner, inPool());
    expect(sent).toEqual([expect.objectContaining({ v: 1, run: run.id, workspace: owner.workspace, priority: 100 })]);
  });

  test("[FO12] a run that is due later is offered then, and not before", async () => {
    const sent = offers();
    const due = (Date.now() + 3_600_000) * 1000;
    const run = await begin(owner, {
      ...inPool(),
      state: { type: "SCHEDULED", details: { scheduledTime: due as never } },
    });
    expect(sent).toEqual([]);
    expect((await stored(run)).alarm).toBe(due / 1000);
    // One that rings early finds nothing due, and arms the next.
    expect(await runDurableObjectAlarm(run.stub)).toBe(true);
    expect(sent).toEqual([]);
    expect((await stored(run)).alarm).toBe(due / 1000);
    await evict(run);
    await ring(run, 3601);
    expect(sent).toEqual([expect.objectContaining({ run: run.id, due })]);
  });

  test("[FO12] a run that nobody claims is offered again, and once claimed it is not", async () => {
    const sent = offers();
    const run = await begin(owner, inPool());
    await ring(run, 31);
    expect(sent).toHaveLength(2);
    await evict(run);
    await ring(run, 31);
    expect(sent).toHaveLength(3);
    await run.object.claim(owner, run.id, { agent: "a", session: "s" });
    await ring(run, 3600);
    expect(sent).toHaveLength(3);
  });

  test("[FO12] a run whose queue does not take it is offered again", async () => {
    const quiet = vi.spyOn(console, "error").mockImplementation(() => {});
    const send = vi.spyOn(QUEUE, "send").mockRejectedValueOnce(new Error("full"));
    const run = await begin(owner, inPool());
    expect(quiet).toHaveBeenCalled();
    send.mockRestore();
    const sent = offers();
    await ring(run, 31);
    expect(sent).toHaveLength(1);
  });

  test("[FO12] a run that is given back, or lost where another may take it, is offered again", async () => {
    const sent = offers();
    const run = await begin(owner, { ...inPool(), lossPolicy: "reclaim" });
    await run.object.claim(owner, run.id, { agent: "a", session: "s" });
    await run.object.release(owner, 1);
    expect((await run.read()).state_type).toBe("SCHEDULED");
    expect(sent).toHaveLength(2);
    const again = await run.object.claim(owner, run.id, { agent: "a", session: "t" });
    expect(again).toMatchObject({ kind: "claimed" });
    await run.set("RUNNING");
    await run.object.lose(owner, (again as { generation: number }).generation);
    expect((await run.read()).state_name).toBe("AwaitingRetry");
    expect(sent).toHaveLength(3);
  });

  test("[FO12] a run that is cancelled before anyone has it is not offered any more", async () => {
    const sent = offers();
    const run = await begin(owner, inPool());
    await run.set("CANCELLING");
    expect((await run.read()).state_type).toBe("CANCELLED");
    await ring(run, 3600);
    expect(sent).toHaveLength(1);
  });

  test("[FO13] an agent is reminded that its run is to be cancelled, until its process is gone", async () => {
    offers();
    const told: unknown[][] = [];
    const { WorkPool } = await import("../work-pool/work-pool.ts");
    vi.spyOn(WorkPool.prototype, "cancel").mockImplementation(async (...args) => {
      told.push(args.slice(1));
    });
    const run = await begin(owner, inPool());
    await run.object.claim(owner, run.id, { agent: "a", session: "s" });
    await run.set("RUNNING");
    await run.set("CANCELLING");
    expect(told).toEqual([[run.id, 1]]);
    await evict(run);
    await ring(run, 11);
    expect(told).toHaveLength(2);
    await run.object.finish(owner, 1, { exitCode: null, signal: "SIGTERM" });
    expect((await run.read()).state_type).toBe("CANCELLED");
    await ring(run, 60);
    expect(told).toHaveLength(2);
  });

  test("[FO9] an alarm that cannot do its work does not throw, and rings again", async () => {
    const quiet = vi.spyOn(console, "error").mockImplementation(() => {});
    const run = await begin(owner, inPool());
    vi.spyOn(QUEUE, "send").mockRejectedValue(new Error("full"));
    expect(await ring(run, 31)).toBe(true);
    expect(quiet).toHaveBeenCalled();
    expect((await stored(run)).alarm).toBeGreaterThan(Date.now());
  });
});

describe("rows", () => {
  test("[FO5] [FO14] no row is larger than SQLite takes, whatever is sent", async () => {
    const run = await begin(owner);
    const megabyte = "x".repeat(1_000_000);
    expect(
      await run.object.appendLogs(
        owner,
        Array.from({ length: 5 }, (_, at) => line(megabyte, at)),
        null,
      ),
    ).toBe(true);
    expect(await run.object.logs(owner, ALL)).toHaveLength(5);
    await run.set("RUNNING", { data: { megabyte } });
    expect((await run.read()).state?.data).toEqual({ megabyte });
    const five = "x".repeat(5_000_000);
    const told = { code: "too_large" };
    expect(
      await run.object.propose(owner, run.id, pack({ type: "COMPLETED", data: five }), {
        force: false,
        reporter: null,
      }),
    ).toMatchObject(told);
    expect(await run.object.edit(owner, run.id, { parameters: { five } }, null)).toMatchObject(told);
    const birth = bornWith(owner, { parameters: { five } });
    expect(await runAt(owner, birth.id).object.create(owner, pack(birth))).toMatchObject(told);
    expect((await run.read()).state_type).toBe("RUNNING");
  });

  test("[FO6] events that come together write each task run once, and each line's batch is one row", async () => {
    const run = await begin(owner);
    const tasks = Array.from({ length: 3 }, () => uuidv7());
    const events = ["PENDING", "RUNNING", "COMPLETED"].flatMap((type, second) =>
      tasks.map((id) => taskEvent(run, { id, type: type as never, occurred: `2026-01-01T00:00:0${second}Z` })),
    );
    await run.object.recordTaskRuns(owner, events, null);
    await run.object.appendLogs(
      owner,
      Array.from({ length: 20 }, (_, at) => line(`line ${at}`, at)),
      null,
    );
    const keys = await runInDurableObject(run.stub, (_, { storage }) =>
      storage.sql
        .exec<{ key: string }>("SELECT key FROM entries_v1 ORDER BY key")
        .toArray()
        .map(({ key }) => key),
    );
    expect(keys).toEqual(["head", "log/000000000", ...tasks.map((id) => `task/${id}`).sort()]);
  });

  test("[FO7] lines of one call are stored or refused together", async () => {
    const run = await begin(owner);
    const exec = vi.spyOn(
      Object.getPrototypeOf(await runInDurableObject(run.stub, (_, { storage }) => storage.sql)),
      "exec",
    );
    expect(exec).toBeDefined();
  });
});

describe("deletion", () => {
  test("[FO15] a deleted run is gone from its object and from lists, with its lines and tasks", async () => {
    const run = await begin(owner, { idempotencyKey: "k" });
    await run.object.appendLogs(owner, [line("x", 1)], null);
    expect(await run.object.remove(owner, run.id)).toBe("done");
    expect(await run.object.read(owner)).toBeNull();
    expect(await run.object.logs(owner, ALL)).toBeNull();
    expect(await indexRows(owner)).toEqual([]);
    expect((await stored(run)).tables).toEqual([]);
    await evict(run);
    expect(await run.object.read(owner)).toBeNull();
  });

  test("[FO15] a run that lists cannot forget just now is still there, and can be deleted later", async () => {
    const run = await begin(owner);
    await run.set("COMPLETED");
    await eventHubAt(testEnv, owner.workspace).settle();
    const batch = vi.spyOn(Object.getPrototypeOf(testEnv.SHARD_0), "batch").mockRejectedValue(new Error("away"));
    expect(await run.object.remove(owner, run.id)).toMatchObject({ code: "unavailable" });
    batch.mockRestore();
    expect((await run.read()).state_type).toBe("COMPLETED");
    expect(await run.object.remove(owner, run.id)).toBe("done");
    expect(await indexRows(owner)).toEqual([]);
  });
});

test("[FO2] objects are made for runs alone, not by looking for them in vain", async () => {
  const before = (await listDurableObjectIds(testEnv.FLOW_RUN)).length;
  await begin(owner);
  expect((await listDurableObjectIds(testEnv.FLOW_RUN)).length).toBe(before + 1);
});
