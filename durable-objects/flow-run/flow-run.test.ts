import { evictDurableObject, listDurableObjectIds, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import type { WireGraph } from "@millrace/contract/run-graphs.ts";
import type { Problem } from "@millrace/domain/problem.ts";
import { uuidv7 } from "uuidv7";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { testEnv } from "../../test/workerd/env.ts";
import {
  ALL_LINES,
  begin,
  bornWith,
  indexRows,
  inPool,
  line,
  newOwner,
  runAt,
  stored,
  type TestRun,
  taskEvent,
} from "../../test/workerd/runs.ts";
import { TestSocket } from "../../test/workerd/socket.ts";
import { eventHubAt } from "../addresses.ts";
import { type Packed, pack, unpack } from "../kit/packed.ts";
import { type FlowRunRpc, isProblem, type Owner } from "./rpc.ts";

let owner: Owner;
beforeEach(() => {
  owner = newOwner();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const QUEUE = Object.getPrototypeOf(testEnv.DISPATCH) as Queue;

const announcementsOf = (created: Created | Problem) => {
  if (isProblem(created) || !created.announcement) throw new Error("There is nothing to announce.");
  return unpack(created.announcement);
};

type Created = Exclude<Awaited<ReturnType<FlowRunRpc["create"]>>, { code: string }>;

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
    for (const answer of answers) expect(unpack((answer as Created).body)).toMatchObject({ name: "first" });
  });

  test("[FO2] who began a run finds it in the index", async () => {
    const run = await begin(owner, { name: "listed", tags: ["a"] });
    expect(await indexRows(owner)).toEqual([
      expect.objectContaining({ id: run.id, name: "listed", tags: '["a"]', version: 1 }),
    ]);
  });

  test("[FO2] a create whose answer nobody heard is finished by its repetition", async () => {
    const sent = vi.spyOn(QUEUE, "send").mockImplementation(async () => ({}) as never);
    const batch = vi.spyOn(testEnv.SHARD_0, "batch").mockRejectedValue(new Error("away"));
    const birth = bornWith(owner, inPool());
    const run = runAt(owner, birth.id);
    await run.object.create(owner, pack(birth));
    // The process ends before anything was told or offered that could be lost.
    await run.crash();
    sent.mockClear();
    batch.mockRestore();
    const again = await run.object.create(owner, pack(birth));
    // With the row, which the API tells before it answers.
    expect(again).toMatchObject({ kind: "existing" });
    expect(announcementsOf(again)).toEqual([{ run: expect.objectContaining({ id: run.id }), events: [] }]);
    expect((await stored(run)).alarm).not.toBeNull();
  });

  test("[FO2] a row that shows an end brings the events that nobody is known to have heard", async () => {
    const batch = vi.spyOn(testEnv.SHARD_0, "batch").mockRejectedValue(new Error("away"));
    const birth = bornWith(owner, {});
    const run = runAt(owner, birth.id);
    await run.object.create(owner, pack(birth));
    await run.set("RUNNING");
    await run.set("COMPLETED");
    await run.crash();
    batch.mockRestore();
    const [announcement] = announcementsOf(await run.object.create(owner, pack(birth)));
    expect(announcement?.events.map(({ event }) => event)).toEqual([
      "prefect.flow-run.Pending",
      "prefect.flow-run.Running",
      "prefect.flow-run.Completed",
    ]);
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
      at.countTaskRuns(other, {}),
      at.taskRun(other, uuidv7()),
      at.recordEvents(
        other,
        [taskEvent(run, { id: uuidv7(), type: "RUNNING", occurred: "2026-01-01T00:00:00Z" })],
        null,
      ),
      at.setTaskRunState(other, uuidv7(), { type: "RUNNING" }, { force: true, reporter: null }),
      at.appendLogs(other, [line("theirs", 1)], null),
      at.logs(other, ALL_LINES),
      at.reconcile(other),
    ];
    const before = await run.read();
    expect(await Promise.all(asked(object))).toEqual(await Promise.all(asked(nobody)));
    expect(await run.read()).toEqual({ ...before, estimated_start_time_delta: expect.any(Number) });
    expect(await object.logs(owner, ALL_LINES)).toEqual([]);
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
    await Promise.all([
      object.read(owner),
      object.record(owner),
      object.countTaskRuns(owner, {}),
      object.logs(owner, ALL_LINES),
    ]);
    await object.propose(owner, run.id, pack({ type: "RUNNING" }), { force: true, reporter: null });
    await object.appendLogs(owner, [line("lost", 1)], null);
    await object.reconcile(owner);
    expect(await stored(run)).toEqual({ tables: [], alarm: null });
    expect(await indexRows(owner)).toEqual([]);
  });
});

describe("rows", () => {
  test("[FO5] [FO14] what is large is kept in rows that SQLite takes, and what is too large is refused whole", async () => {
    const run = await begin(owner);
    const [small, large, huge] = ["x".repeat(1000), "x".repeat(500_000), "x".repeat(5_000_000)];
    expect(
      await run.object.appendLogs(
        owner,
        Array.from({ length: 12 }, (_, at) => line(large, at)),
        null,
      ),
    ).toBe(true);
    expect(await run.object.logs(owner, ALL_LINES)).toHaveLength(12);
    for (let times = 0; times < 10; times++)
      await run.set("RUNNING", { data: { large }, message: small }, { force: true });
    expect((await run.read()).state?.data).toEqual({ large });
    expect(await run.object.states(owner)).toHaveLength(11);
    const { object } = run;
    const told = { code: "too_large" };
    const ended = pack({ type: "COMPLETED" as const, data: huge });
    expect(await object.propose(owner, run.id, ended, { force: false, reporter: null })).toMatchObject(told);
    expect(await object.edit(owner, run.id, { parameters: { huge } }, null)).toMatchObject(told);
    const birth = bornWith(owner, { parameters: { huge } });
    expect(await runAt(owner, birth.id).object.create(owner, pack(birth))).toMatchObject(told);
    expect((await stored(runAt(owner, birth.id))).tables).toEqual([]);
    expect((await run.read()).state_type).toBe("RUNNING");
  });

  test("[FO5] however often a run changes its state, its head stays small and all its states are known", async () => {
    const run = await begin(owner);
    const { object } = run;
    const named = (at: number) => run.set("RUNNING", { name: `step ${at}`, data: { large: "x".repeat(9_000), at } });
    for (let at = 0; at < 40; at++) {
      await named(at);
      if (at % 16 === 15) await object.reconcile(owner);
    }
    const head = await runInDurableObject(run.stub, (_, { storage }) =>
      storage.sql.exec<{ size: number }>("SELECT length(value) AS size FROM entries_v1 WHERE key = 'head'").one(),
    );
    expect(head.size).toBeLessThan(6_000);
    const states = (await object.states(owner)) ?? [];
    expect(states.map(({ name }) => name)).toEqual(["Pending", ...Array.from({ length: 40 }, (_, at) => `step ${at}`)]);
    expect(states.slice(1).map(({ data }) => (data as { at: number }).at)).toEqual([...Array(40).keys()]);
    const graph = await object.graph(owner, { subflows: [], artifacts: [], since: null, mostNodes: 10 });
    expect(unpack(graph as Packed<WireGraph>).states).toHaveLength(41);
    await object.reconcile(owner);
    await eventHubAt(testEnv, owner.workspace).settle();
    const { results } = await (owner.shard === 0 ? testEnv.SHARD_0 : testEnv.SHARD_1)
      .prepare("SELECT body FROM event_batches WHERE workspace_id = ?1")
      .bind(owner.workspace)
      .all<{ body: string }>();
    const events = results.flatMap(({ body }) => JSON.parse(body) as { id: string }[]);
    expect(new Set(events.map(({ id }) => id))).toEqual(new Set(states.map(({ id }) => id)));
  });

  test("[FO6] events that come together write each task run once, and each line's batch is one row", async () => {
    const run = await begin(owner);
    const tasks = Array.from({ length: 3 }, () => uuidv7());
    const events = ["PENDING", "RUNNING", "COMPLETED"].flatMap((type, second) =>
      tasks.map((id) => taskEvent(run, { id, type: type as never, occurred: `2026-01-01T00:00:0${second}Z` })),
    );
    await run.object.recordEvents(owner, events, null);
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

  test("[FO7] lines of one call are stored or refused together, also where they take several rows", async () => {
    const run = await begin(owner);
    const sql = Object.getPrototypeOf(
      await runInDurableObject(run.stub, (_, { storage }) => storage.sql),
    ) as SqlStorage;
    const real = sql.exec;
    let rows = 0;
    const exec = vi.spyOn(sql, "exec").mockImplementation(function (this: SqlStorage, query: string, ...values) {
      if (query.startsWith("INSERT") && ++rows === 2) throw new Error("the disk is full");
      return real.call(this, query, ...values) as never;
    });
    const lines = Array.from({ length: 4 }, (_, at) => line("x".repeat(400_000), at));
    await expect(run.object.appendLogs(owner, lines, null)).rejects.toThrow("full");
    exec.mockRestore();
    expect(await run.object.logs(owner, ALL_LINES)).toEqual([]);
    expect(await run.object.appendLogs(owner, lines, null)).toBe(true);
    const kept = (await run.object.logs(owner, ALL_LINES)) ?? [];
    expect(new Set(kept.map(({ id }) => id)).size).toBe(4);
  });
});

describe("watching", () => {
  const watch = async (run: TestRun, path: string, workspace = owner.workspace): Promise<TestSocket> => {
    const headers = { upgrade: "websocket", "x-millrace-workspace": workspace };
    const { webSocket, status } = await run.stub.fetch(`http://object${path}`, { headers });
    if (!webSocket) throw new Error(String(status));
    return new TestSocket(webSocket);
  };
  const logsFrom = (filter: object, past: object | null) =>
    `/logs?query=${encodeURIComponent(JSON.stringify({ filter, past }))}`;

  test("[FO8] whoever watches a run is sent it as it is, then each change in order", async () => {
    const run = await begin(owner);
    await run.set("RUNNING");
    const socket = await watch(run, "/live");
    expect(await socket.next()).toMatchObject({ type: "snapshot", flow_run: { state_type: "RUNNING" }, task_runs: [] });
    const task = uuidv7();
    const event = taskEvent(run, { id: task, type: "RUNNING", occurred: "2026-01-01T00:00:00Z" });
    await run.object.recordEvents(owner, [event], null);
    await run.object.edit(owner, run.id, { name: "renamed" }, null);
    await run.set("COMPLETED");
    expect(await socket.next()).toMatchObject({ type: "task_runs", task_runs: [{ id: task, state_type: "RUNNING" }] });
    const [renamed, ended] = [await socket.next(), await socket.next()];
    expect(renamed).toMatchObject({ type: "flow_run", flow_run: { name: "renamed", state_type: "RUNNING" } });
    expect(ended).toMatchObject({ type: "flow_run", flow_run: { name: "renamed", state_type: "COMPLETED" } });
    expect(ended.version).toBeGreaterThan(renamed.version);
  });

  test("[FO8] a watcher of lines gets past ones, then new ones, each that its filter means once", async () => {
    const run = await begin(owner);
    await run.object.appendLogs(owner, [line("one", 1), { ...line("debug", 2), level: 10 }], null);
    const filter = { level: { ge_: 20 } };
    const socket = await watch(run, logsFrom(filter, { ...ALL_LINES, filter }));
    const late = await watch(run, logsFrom({}, null));
    await run.object.appendLogs(owner, [line("two", 3), { ...line("debug", 4), level: 10 }], null);
    await run.object.appendLogs(owner, [line("three", 5)], null);
    const messages = async (from: TestSocket, count: number) => {
      const frames = [];
      while (frames.length < count) frames.push(await from.next());
      return frames.map(({ log }) => log.message);
    };
    expect(await messages(socket, 3)).toEqual(["one", "two", "three"]);
    expect(await messages(late, 3)).toEqual(["two", "debug", "three"]);
  });

  test("[FO8] a socket that slept with its object goes on", async () => {
    const run = await begin(owner);
    const socket = await watch(run, "/live");
    await socket.next();
    await eventHubAt(testEnv, owner.workspace).settle();
    await evictDurableObject(run.stub, { webSockets: "hibernate" });
    await run.set("RUNNING");
    expect(await socket.next()).toMatchObject({ flow_run: { state_type: "RUNNING" } });
  });

  test("[FO4] another workspace watches nothing, nor does anybody what is not there", async () => {
    const run = await begin(owner);
    await expect(watch(run, "/live", newOwner().workspace)).rejects.toThrow("404");
    await expect(watch(runAt(owner, uuidv7()), "/live")).rejects.toThrow("404");
  });

  test("[FO15] those who watch a run that is deleted are told so", async () => {
    const run = await begin(owner);
    const socket = await watch(run, "/live");
    await run.object.remove(owner, run.id);
    expect(await socket.closed()).toMatchObject({ code: 1000, reason: "The run was deleted." });
  });
});

describe("deletion", () => {
  test("[FO15] a deleted run is gone from its object and from lists, with its lines and tasks", async () => {
    const run = await begin(owner, { idempotencyKey: "k" });
    await run.object.appendLogs(owner, [line("x", 1)], null);
    expect(await run.object.remove(owner, run.id)).toBe("done");
    expect(await run.object.read(owner)).toBeNull();
    expect(await run.object.logs(owner, ALL_LINES)).toBeNull();
    expect(await indexRows(owner)).toEqual([]);
    expect((await stored(run)).tables).toEqual([]);
    await run.crash();
    expect(await run.object.read(owner)).toBeNull();
  });

  test("[FO15] a run that lists cannot forget just now is gone all the same, and off them once they can", async () => {
    const run = await begin(owner);
    await run.set("COMPLETED");
    await eventHubAt(testEnv, owner.workspace).settle();
    const batch = vi.spyOn(testEnv.SHARD_0, "batch").mockRejectedValue(new Error("away"));
    expect(await run.object.remove(owner, run.id)).toBe("done");
    expect(await run.object.read(owner)).toBeNull();
    expect(await indexRows(owner)).toHaveLength(1);
    batch.mockRestore();
    await run.crash();
    expect(await runDurableObjectAlarm(run.stub)).toBe(true);
    expect(await indexRows(owner)).toEqual([]);
    expect((await stored(run)).tables).toEqual([]);
  });
});

test("[FO1] one object is made for a run, and no other", async () => {
  const before = (await listDurableObjectIds(testEnv.FLOW_RUN)).length;
  await begin(owner);
  expect((await listDurableObjectIds(testEnv.FLOW_RUN)).length).toBe(before + 1);
});

test("[FO42] a task run with its three states takes at most 600 bytes of the object, and a graph of many is whole", async () => {
  const owner = newOwner();
  const run = await begin(owner);
  const ids = Array.from({ length: 2_000 }, () => uuidv7());
  const keys = ids.map(() => crypto.randomUUID());
  const events = ids.flatMap((id, at) =>
    (["PENDING", "RUNNING", "COMPLETED"] as const).map((type, step) =>
      taskEvent(run, {
        id,
        type,
        occurred: `2026-01-01T00:00:${String(at % 60).padStart(2, "0")}.00000${step}Z`,
        task_key: "transform-8c2f1a90",
        dynamic_key: keys[at],
        task_inputs: at === 0 ? {} : { x: [{ input_type: "task_run", id: ids[at - 1] as string }] },
        run_count: 1,
        start_time: "2026-01-01T00:00:01.000000Z",
        end_time: "2026-01-01T00:00:02.000000Z",
      }),
    ),
  );
  for (let from = 0; from < events.length; from += 200)
    await run.object.recordEvents(owner, events.slice(from, from + 200), null);
  const size = await runInDurableObject(run.stub, (_, { storage }) => storage.sql.databaseSize);
  expect(size / ids.length).toBeLessThan(600);
  const query = { subflows: [], artifacts: [], since: null, mostNodes: 10_000 };
  const packed = await run.object.graph(owner, query);
  if (packed === null || packed === "too large") throw new Error(`The graph is ${packed}.`);
  const { nodes, root_node_ids: roots } = unpack(packed);
  expect(nodes).toHaveLength(ids.length);
  expect(roots).toEqual([ids[0]]);
  expect(await run.object.graph(owner, { ...query, mostNodes: 1_999 })).toBe("too large");
});
