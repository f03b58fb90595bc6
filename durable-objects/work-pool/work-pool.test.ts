import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import type { Instant } from "@millrace/domain/time.ts";
import { decodeJwt } from "jose";
import { uuidv7 } from "uuidv7";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { connect, expectFrame, poolStub, TestAgent } from "../../test/workerd/agent.ts";
import { laterBy } from "../../test/workerd/clock.ts";
import { testEnv } from "../../test/workerd/env.ts";
import { begin, inPool, newOwner, stored, type TestRun } from "../../test/workerd/runs.ts";
import { hurry } from "../../test/workerd/timers.ts";
import { workPoolAt } from "../addresses.ts";
import { FlowRun } from "../flow-run/flow-run.ts";
import { type Birth, isProblem, type Owner } from "../flow-run/rpc.ts";

let owner: Owner;
let pool: string;
beforeEach(async () => {
  owner = newOwner();
  pool = uuidv7();
  await calls().configure(owner, { name: "pool", paused: false, limit: null });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const QUEUE = Object.getPrototypeOf(testEnv.DISPATCH) as Queue;
const calls = () => workPoolAt(testEnv, owner.workspace, pool);
const stub = () => poolStub(owner, pool);

/** A run that waits for an agent of the pool. Its own message is lost on the way, as queues do; `offer` stands in for it. */
async function waiting(changes: Partial<Birth> = {}): Promise<TestRun> {
  const send = vi.spyOn(QUEUE, "send").mockImplementation(async () => ({}) as never);
  const run = await begin(owner, { ...inPool(pool), ...changes });
  send.mockRestore();
  return run;
}

const offer = (run: TestRun, how: { due?: number; priority?: number } = {}) =>
  calls().offer(owner, [{ run: run.id, queue: null, due: 1, priority: 100, ...how }]);

const typeOf = async (run: TestRun) => (await run.read()).state_type;

/** Resolves when what was sent before has been taken in: the pool answers frames of one socket in their order. */
async function takenIn(agent: TestAgent): Promise<void> {
  agent.socket.send({ type: "renew" });
  await calls().agents(owner);
}

describe("giving runs to agents", () => {
  test("[WP1] [WP5] a run that is offered is claimed for a free agent and sent to it, with a token of that claim", async () => {
    const agent = await TestAgent.start(owner, pool);
    const run = await waiting({ parameters: { x: 1 } });
    await offer(run);
    const assigned = await agent.assigned();
    expect(assigned).toMatchObject({ run_id: run.id, generation: 1, flow_name: "a flow", deployment: null });
    expect(assigned.flow_run).toMatchObject({ id: run.id, parameters: { x: 1 }, state_type: "PENDING" });
    expect(decodeJwt(assigned.token)).toMatchObject({ sub: run.id, ws: owner.workspace, acc: "account", gen: 1 });
    expect(await run.read()).toMatchObject({ state_type: "PENDING", infrastructure_pid: "agent:agent" });
    expect(await run.object.holds(owner, 1)).toBe(true);
  });

  test("[WP1] a run that is offered many times is given once", async () => {
    const [one, two] = [
      await TestAgent.start(owner, pool, { slots: 5 }),
      await TestAgent.start(owner, pool, { slots: 5 }),
    ];
    const run = await waiting();
    await Promise.all(Array.from({ length: 5 }, () => offer(run)));
    await offer(run);
    const last = await waiting();
    await offer(last);
    // What each was sent, up to the run that was offered last.
    const sent = [...one.socket.unread(), ...two.socket.unread()] as { type: string; run_id: string }[];
    expect(sent.map(({ type, run_id }) => [type, run_id]).sort()).toEqual(
      [
        ["assign", run.id],
        ["assign", last.id],
      ].sort(),
    );
  });

  test("[WP1] a run is handed out by the queue as by a call", async () => {
    const agent = await TestAgent.start(owner, pool);
    const run = await begin(owner, inPool(pool));
    expect((await agent.assigned()).run_id).toBe(run.id);
  });

  test("[WP2] the best waiting run goes first: by priority, then due time, then arrival", async () => {
    const [last, second, third, first] = [await waiting(), await waiting(), await waiting(), await waiting()];
    await offer(last, { priority: 200, due: 1 });
    await offer(second, { priority: 100, due: 5 });
    await offer(third, { priority: 100, due: 5 });
    await offer(first, { priority: 100, due: 4 });
    const agent = await TestAgent.start(owner, pool);
    const order: string[] = [];
    for (let count = 0; count < 4; count++) {
      const assigned = await agent.assigned();
      order.push(assigned.run_id);
      agent.accept(assigned);
      agent.finished(assigned);
    }
    expect(order).toEqual([first.id, second.id, third.id, last.id]);
  });

  test("[WP3] an agent never has more runs than slots, and gets the next when one is free", async () => {
    const agent = await TestAgent.start(owner, pool, { slots: 2 });
    const runs = [await waiting(), await waiting(), await waiting()];
    for (const run of runs) await offer(run);
    const [one] = [await agent.assigned(), await agent.assigned()];
    expect(agent.socket.unread()).toEqual([]);
    agent.accept(one);
    agent.finished(one);
    expect((await agent.assigned()).run_id).toBe(runs[2]?.id);
  });

  test("[WP3] slots that are free are used at once, also when runs come together", async () => {
    const agent = await TestAgent.start(owner, pool, { slots: 20 });
    const runs = await Promise.all(Array.from({ length: 20 }, () => waiting()));
    await Promise.all(runs.map((run) => offer(run)));
    const assigned = [];
    for (const _ of runs) assigned.push((await agent.assigned()).run_id);
    expect(assigned.sort()).toEqual(runs.map(({ id }) => id).sort());
  });

  test("[WP3] runs are spread over agents by their free slots", async () => {
    const [small, large] = [
      await TestAgent.start(owner, pool, { slots: 1 }),
      await TestAgent.start(owner, pool, { slots: 3 }),
    ];
    for (let count = 0; count < 4; count++) await offer(await waiting());
    expect([small.socket.unread().length, large.socket.unread().length]).toEqual([1, 3]);
  });

  test("[WP3] a pool has no more runs at once than its limit, none while it is paused, and goes on when that changes", async () => {
    const agent = await TestAgent.start(owner, pool, { slots: 10 });
    await calls().configure(owner, { name: "pool", paused: true, limit: 2 });
    for (let count = 0; count < 3; count++) await offer(await waiting());
    expect(agent.socket.unread()).toEqual([]);
    await calls().configure(owner, { name: "pool", paused: false, limit: 2 });
    const first = await agent.assigned();
    await agent.assigned();
    expect(agent.socket.unread()).toEqual([]);
    agent.finished(first);
    await agent.assigned();
    await offer(await waiting());
    expect(agent.socket.unread()).toEqual([]);
    await calls().configure(owner, { name: "pool", paused: false, limit: null });
    await agent.assigned();
  });

  test("[WP3] an agent that drains gets nothing more", async () => {
    const [draining, other] = [await TestAgent.start(owner, pool, { slots: 5 }), await TestAgent.start(owner, pool)];
    draining.socket.send({ type: "drain" });
    await takenIn(draining);
    const run = await waiting();
    await offer(run);
    expect((await other.assigned()).run_id).toBe(run.id);
    expect(draining.socket.unread()).toEqual([]);
  });

  test("[WP1] a run that ended while it waited is given to nobody, and keeps no slot", async () => {
    const [gone, run] = [await waiting(), await waiting()];
    await offer(gone, { priority: 1 });
    await offer(run);
    vi.spyOn(Object.getPrototypeOf(testEnv.WORK_POOL), "getByName");
    await gone.set("CANCELLED", {}, { force: true });
    const agent = await TestAgent.start(owner, pool);
    expect((await agent.assigned()).run_id).toBe(run.id);
  });
});

describe("what agents say of their runs", () => {
  const given = async (agent: TestAgent, changes: Partial<Birth> = {}) => {
    const run = await waiting(changes);
    await offer(run);
    return { run, assigned: await agent.assigned() };
  };

  test("[WP6] an assignment that nobody acknowledges is taken back and goes to another agent", async () => {
    const [silent, run] = [await TestAgent.start(owner, pool), await waiting()];
    hurry("setTimeout");
    await offer(run);
    const first = await silent.assigned();
    const other = await TestAgent.start(owner, pool);
    const second = await other.assigned();
    expect(second.run_id).toBe(run.id);
    expect(second.generation).toBeGreaterThan(first.generation);
    silent.accept(first);
    await takenIn(silent);
    expect(await run.object.holds(owner, second.generation)).toBe(true);
  });

  test("[WP6] one that is acknowledged is not taken back", async () => {
    const agent = await TestAgent.start(owner, pool);
    const run = await waiting();
    hurry("setTimeout");
    await offer(run);
    const assigned = await agent.assigned();
    agent.accept(assigned);
    await takenIn(agent);
    // Other timers of the same length have rung by then.
    await new Promise<void>((resolve) => setTimeout(resolve, 20_000));
    expect(await run.object.holds(owner, assigned.generation)).toBe(true);
    expect(agent.socket.unread()).toEqual([]);
  });

  test("[WP6] a run that is declined goes to another agent, and only then back to the first", async () => {
    const first = await TestAgent.start(owner, pool, { slots: 5 });
    const run = await waiting();
    await offer(run);
    const assigned = await first.assigned();
    const other = await TestAgent.start(owner, pool);
    first.socket.send({ type: "decline", run_id: run.id, generation: assigned.generation, reason: "no room" });
    expect((await other.assigned()).run_id).toBe(run.id);
  });

  test("[WP8] frames that name another claim than the live one change nothing", async () => {
    const [agent, stranger] = [await TestAgent.start(owner, pool, { slots: 2 }), await TestAgent.start(owner, pool)];
    const { run, assigned } = await given(agent);
    agent.accept(assigned);
    const wrong = [
      { ...assigned, generation: assigned.generation - 1 },
      { ...assigned, generation: assigned.generation + 1 },
      { ...assigned, run_id: uuidv7() },
    ];
    for (const claim of wrong) {
      agent.finished(claim, 1);
      agent.socket.send({ type: "decline", run_id: claim.run_id, generation: claim.generation, reason: "x" });
    }
    stranger.finished(assigned, 1);
    await takenIn(agent);
    await takenIn(stranger);
    expect(await run.object.holds(owner, assigned.generation)).toBe(true);
    expect(await typeOf(run)).toBe("PENDING");
  });

  test("[WP10] a process that ended ends its run and frees its slot", async () => {
    const agent = await TestAgent.start(owner, pool);
    const { run, assigned } = await given(agent);
    agent.accept(assigned);
    await run.set("RUNNING");
    agent.finished(assigned, null, "SIGKILL");
    const next = await waiting();
    await offer(next);
    expect((await agent.assigned()).run_id).toBe(next.id);
    expect(await typeOf(run)).toBe("CRASHED");
  });

  test("[WP10] the end of a process is told again when its run did not hear it", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const agent = await TestAgent.start(owner, pool);
    const { run, assigned } = await given(agent);
    agent.accept(assigned);
    await run.set("RUNNING");
    hurry("setTimeout");
    vi.spyOn(FlowRun.prototype, "finish").mockRejectedValueOnce(new Error("crashed"));
    agent.finished(assigned, 1);
    await vi.waitFor(async () => expect(await typeOf(run)).toBe("CRASHED"));
  });

  test("[WP14] an agent is told to end the process of a run that is being cancelled, and of no other claim", async () => {
    const agent = await TestAgent.start(owner, pool);
    const { run, assigned } = await given(agent);
    agent.accept(assigned);
    await run.set("RUNNING");
    await calls().cancel(owner, run.id, assigned.generation + 1);
    await run.set("CANCELLING");
    expect(await agent.socket.next()).toEqual({ type: "cancel", run_id: run.id, generation: assigned.generation });
    agent.finished(assigned, null, "SIGTERM");
    await vi.waitFor(async () => expect(await typeOf(run)).toBe("CANCELLED"));
  });
});

describe("agents that vanish", () => {
  /** A run that an agent has begun, and that agent. */
  const begun = async (changes: Partial<Birth> = {}, lease = 30) => {
    const agent = await TestAgent.start(owner, pool, { lease_seconds: lease });
    const run = await waiting(changes);
    await offer(run);
    const assigned = await agent.assigned();
    agent.accept(assigned);
    await run.set("RUNNING");
    return { agent, run, assigned };
  };
  const ring = async (seconds: number) => {
    laterBy(seconds);
    return runDurableObjectAlarm(stub());
  };

  test.each([
    ["[WP7] by default its run crashes", "crash", "RUNNING", "CRASHED"],
    ["[WP7] or waits for another agent, where the run has it so", "reclaim", "RUNNING", "SCHEDULED"],
    ["[WP7] one that was being cancelled is cancelled", "reclaim", "CANCELLING", "CANCELLED"],
    ["[WP7] one that had said its end keeps it", "crash", "COMPLETED", "COMPLETED"],
  ] as const)("%s, once its lease is over", async (_case, lossPolicy, last, expected) => {
    const { agent, run, assigned } = await begun({ lossPolicy });
    if (last !== "RUNNING") await run.set(last);
    agent.socket.close();
    await vi.waitFor(async () => expect((await calls().agents(owner))[0]?.status).toBe("OFFLINE"));
    await ring(20);
    expect(await run.object.holds(owner, assigned.generation)).toBe(true);
    expect(await ring(11)).toBe(true);
    expect(await typeOf(run)).toBe(expected);
    expect(await run.object.holds(owner, assigned.generation)).toBe(false);
  });

  test("[WP7] a run that is lost where another may take it goes to the next agent, and the first one is too late", async () => {
    const { agent, run, assigned } = await begun({ lossPolicy: "reclaim" });
    await ring(31);
    const other = await TestAgent.start(owner, pool);
    const again = await other.assigned();
    expect(again).toMatchObject({ run_id: run.id });
    const late = { force: true, reporter: { run: run.id, generation: assigned.generation } };
    await expect(run.set("COMPLETED", {}, late)).rejects.toThrow("stale_claim");
    const back = await TestAgent.start(owner, pool, {
      agent: { id: agent.id, name: "agent", version: "1" },
      session: agent.session,
      running: [{ run_id: run.id, generation: assigned.generation }],
    });
    expect(back.lost).toEqual([{ run_id: run.id, generation: assigned.generation }]);
    expect(await run.object.holds(owner, again.generation)).toBe(true);
  });

  test.each([
    ["[WP7] a ping", (agent: TestAgent) => agent.socket.send({ type: "renew" })],
    ["[WP7] any other frame", (agent: TestAgent) => agent.socket.send({ type: "drain" })],
  ])("%s prolongs the lease", async (_case, speak) => {
    const { agent, run } = await begun();
    for (let times = 0; times < 3; times++) {
      laterBy(20);
      speak(agent);
      await takenIn(agent);
      await runDurableObjectAlarm(stub());
    }
    expect(await typeOf(run)).toBe("RUNNING");
    await ring(31);
    expect(await typeOf(run)).toBe("CRASHED");
  });

  test("[WP24] after an hour in which the pool was away, or its clock was wrong, an agent has its lease once more", async () => {
    const { run } = await begun();
    await ring(3600);
    expect(await typeOf(run)).toBe("RUNNING");
    await ring(31);
    expect(await typeOf(run)).toBe("CRASHED");
  });

  test("[WP7] an agent of which nothing was heard for longer than its lease gets no runs", async () => {
    await TestAgent.start(owner, pool, { lease_seconds: 30 });
    laterBy(60);
    const run = await waiting();
    await offer(run);
    await runDurableObjectAlarm(stub());
    expect(await typeOf(run)).toBe("SCHEDULED");
    const agent = await TestAgent.start(owner, pool);
    expect((await agent.assigned()).run_id).toBe(run.id);
  });

  test("[WP7] a run that nobody acknowledged waits again, and does not crash with the agent that never had it", async () => {
    const agent = await TestAgent.start(owner, pool, { lease_seconds: 5 });
    const run = await waiting();
    await offer(run);
    await agent.assigned();
    await ring(6);
    await vi.waitFor(async () => expect(await typeOf(run)).toBe("SCHEDULED"));
  });

  test("[WP12] an agent that comes back within its lease keeps what it still runs", async () => {
    const { agent, run, assigned } = await begun();
    agent.socket.close();
    const hello = {
      agent: { id: agent.id, name: "agent", version: "1" },
      session: agent.session,
      running: [{ run_id: run.id, generation: assigned.generation }],
    };
    const back = await TestAgent.start(owner, pool, hello);
    expect(back.session).toEqual({ id: agent.session.id, generation: agent.session.generation + 1 });
    expect(back.lost).toEqual([]);
    back.finished(assigned, 1);
    await vi.waitFor(async () => expect(await typeOf(run)).toBe("CRASHED"));
  });

  test("[WP12] what it does not run any more is taken back from it", async () => {
    const { agent, run } = await begun({ lossPolicy: "reclaim" });
    const hello = { agent: { id: agent.id, name: "agent", version: "1" }, session: agent.session };
    await TestAgent.start(owner, pool, hello);
    await vi.waitFor(async () => expect(["SCHEDULED", "PENDING"]).toContain(await typeOf(run)));
  });

  test("[WP12] nobody takes over another agent's session, nor its runs", async () => {
    const { agent, run, assigned } = await begun();
    const thief = await TestAgent.start(owner, pool, {
      session: agent.session,
      running: [{ run_id: run.id, generation: assigned.generation }],
    });
    expect(thief.session.id).not.toBe(agent.session.id);
    expect(thief.lost).toEqual([{ run_id: run.id, generation: assigned.generation }]);
    expect(await run.object.holds(owner, assigned.generation)).toBe(true);
  });

  test("[WP9] a newer connection of a session takes the place of the older one, which is closed", async () => {
    const agent = await TestAgent.start(owner, pool);
    const hello = { agent: { id: agent.id, name: "agent", version: "1" }, session: agent.session };
    const back = await TestAgent.start(owner, pool, hello);
    expect((await agent.socket.closed()).code).toBe(1008);
    const run = await waiting();
    await offer(run);
    expect((await back.assigned()).run_id).toBe(run.id);
  });

  test("[WP10] after its process ended the pool knows its runs, its agents and what they have", async () => {
    const { run, assigned } = await begun({ lossPolicy: "crash" });
    const next = await waiting();
    await offer(next);
    await runInDurableObject(stub(), (_, state) => state.abort("a crash")).catch(() => {});
    const agents = await calls().agents(owner);
    expect(agents).toEqual([expect.objectContaining({ slots: 1, running: 1, status: "OFFLINE" })]);
    const agent = await TestAgent.start(owner, pool);
    expect((await agent.assigned()).run_id).toBe(next.id);
    await runDurableObjectAlarm(stub());
    laterBy(31);
    await runDurableObjectAlarm(stub());
    expect(await run.object.holds(owner, assigned.generation)).toBe(false);
    expect(await typeOf(run)).toBe("CRASHED");
  });

  test("[WP11] a claim whose answer was lost on its way is given back, and the run goes on", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const real = FlowRun.prototype.claim;
    let lost = 0;
    vi.spyOn(FlowRun.prototype, "claim").mockImplementation(async function (this: FlowRun, ...args) {
      const answer = await real.apply(this, args);
      if (lost++ > 0 || isProblem(answer)) return answer;
      throw new Error("the network failed");
    });
    const first = await TestAgent.start(owner, pool);
    const run = await waiting();
    await offer(run).catch(() => {});
    expect(await run.object.holds(owner, 1)).toBe(true);
    first.socket.close();
    await vi.waitFor(async () => expect((await calls().agents(owner))[0]?.status).toBe("OFFLINE"));
    const other = await TestAgent.start(owner, pool);
    await offer(run);
    const assigned = await other.assigned();
    expect(assigned.run_id).toBe(run.id);
    expect(await run.object.holds(owner, assigned.generation)).toBe(true);
  });
});

describe("offers and forgotten claims", () => {
  test("[WP11] a claim that was granted to a pool that is no more is given back when the run asks about it", async () => {
    const run = await waiting();
    await run.object.claim(owner, run.id, { agent: "a", session: uuidv7() });
    const agent = await TestAgent.start(owner, pool);
    await offer(run);
    const assigned = await agent.assigned();
    expect(assigned.run_id).toBe(run.id);
    expect(assigned.generation).toBeGreaterThan(1);
  });
});

describe("the channel", () => {
  test.each<[string, string | object | ArrayBuffer]>([
    ["[WP13] no JSON", "hello"],
    ["[WP13] a list", "[]"],
    ["[WP13] a type that nobody knows", { type: "steal" }],
    ["[WP13] hello without slots", { type: "hello", v: 1, agent: { id: uuidv7(), name: "a", version: "1" } }],
    [
      "[WP13] hello of another version",
      { type: "hello", v: 2, agent: { id: uuidv7(), name: "a", version: "1" }, slots: 1 },
    ],
    ["[WP13] an id that is none", { type: "accept", run_id: "x", generation: 1 }],
    ["[WP13] a generation that is none", { type: "accept", run_id: uuidv7(), generation: -1 }],
    ["[WP13] bytes", new ArrayBuffer(4)],
    ["[WP13] a report before hello", { type: "accept", run_id: uuidv7(), generation: 1 }],
    ["[WP13] a drain before hello", { type: "drain" }],
  ])("%s ends the connection with a reason", async (_case, frame) => {
    const socket = await connect(owner, pool);
    socket.send(frame);
    expect(await expectFrame(socket, "error")).toMatchObject({ reason: expect.stringMatching(/\w/) });
    expect((await socket.closed()).code).toBe(1002);
    expect(await calls().agents(owner)).toEqual([]);
  });

  test("[WP13] a second hello ends the connection, and leaves no agent that nobody is", async () => {
    const agent = await TestAgent.start(owner, pool);
    agent.socket.send({
      type: "hello",
      v: 1,
      agent: { id: agent.id, name: "agent", version: "1" },
      slots: 9,
      running: [],
    });
    expect((await agent.socket.closed()).code).toBe(1002);
    await vi.waitFor(async () =>
      expect((await calls().agents(owner)).map(({ status }) => status)).toEqual(["OFFLINE"]),
    );
  });

  test("[WP13] fields that a newer agent sends are ignored", async () => {
    const agent = await TestAgent.start(owner, pool, { labels: ["gpu"] } as never);
    expect(agent.leaseSeconds).toBe(30);
  });

  test.each([
    [1000, 300],
    [5, 5],
  ])("[WP13] a lease of %d seconds is granted as %d", async (asked, granted) => {
    if (asked > 600) {
      const socket = await connect(owner, pool);
      socket.send({
        type: "hello",
        v: 1,
        agent: { id: uuidv7(), name: "a", version: "1" },
        slots: 1,
        lease_seconds: asked,
      });
      expect((await socket.closed()).code).toBe(1002);
    } else {
      const agent = await TestAgent.start(owner, pool, { lease_seconds: asked });
      expect(agent.leaseSeconds).toBe(granted);
    }
  });

  test("[WP4] pings, renewals, and offers that are known write nothing", async () => {
    const agent = await TestAgent.start(owner, pool);
    const [busy, run] = [await waiting(), await waiting()];
    await offer(busy);
    agent.accept(await agent.assigned());
    await offer(run);
    await takenIn(agent);
    const sql = Object.getPrototypeOf(await runInDurableObject(stub(), (_, { storage }) => storage.sql)) as SqlStorage;
    const alarm = vi.spyOn(
      Object.getPrototypeOf(await runInDurableObject(stub(), (_, { storage }) => storage)) as DurableObjectStorage,
      "setAlarm",
    );
    const exec = vi.spyOn(sql, "exec");
    agent.socket.send("ping");
    expect(await agent.socket.next()).toBe("pong");
    await takenIn(agent);
    await offer(run);
    await calls().agents(owner);
    expect(exec.mock.calls.filter(([query]) => !query.startsWith("SELECT"))).toEqual([]);
    expect(alarm).not.toHaveBeenCalled();
  });

  test("[WP12] agents sleep and wake with their pool", async () => {
    const agent = await TestAgent.start(owner, pool);
    await evictDurableObject(stub(), { webSockets: "hibernate" });
    expect(await calls().agents(owner)).toEqual([expect.objectContaining({ id: agent.id, status: "ONLINE" })]);
    const run = await waiting();
    await offer(run);
    expect((await agent.assigned()).run_id).toBe(run.id);
  });
});

test("[WP26] an agent that never stops talking is closed with the reason; what it said too much is not read", async () => {
  const agent = await TestAgent.start(owner, pool);
  // All of it at one moment, however long this machine takes.
  laterBy(0);
  for (let sent = 0; sent < 30_100; sent++) agent.socket.send({ type: "renew" });
  expect(await agent.socket.closed()).toEqual({ code: 1008, reason: expect.stringContaining("10000 frames") });
});

describe("the end of a credential", () => {
  const inAnHour = () => (Date.now() + 3_600_000) * 1000;
  const statuses = async () => (await calls().agents(owner)).map(({ status }) => status);

  test("[WP16] lines of a key that is revoked are closed, also of agents that sleep; others go on", async () => {
    const revoked = await TestAgent.start(owner, pool, {}, { key: "one" });
    const other = await TestAgent.start(owner, pool, {}, { key: "two" });
    await evictDurableObject(stub(), { webSockets: "hibernate" });
    await calls().revoke(owner, "one");
    expect(await expectFrame(revoked.socket, "error")).toEqual({
      type: "error",
      reason: expect.stringMatching("revoked"),
    });
    expect(await revoked.socket.closed()).toMatchObject({ code: 4401, reason: expect.stringMatching("revoked") });
    expect((await statuses()).sort()).toEqual(["OFFLINE", "ONLINE"]);
    const run = await waiting();
    await offer(run);
    expect((await other.assigned()).run_id).toBe(run.id);
  });

  test("[WP16] a key that was revoked a moment ago opens no line, though the Worker may not have heard of it", async () => {
    await calls().revoke(owner, "one");
    await expect(connect(owner, pool, { key: "one" })).rejects.toThrow("401");
    laterBy(120);
    await calls().revoke(owner, "another");
    expect(await runInDurableObject(stub(), (_, { storage }) => names(storage))).toEqual(["pool", "revoked/another"]);
  });

  test("[WP16] a line ends when its credential does", async () => {
    const expires = inAnHour() as Instant;
    const agent = await TestAgent.start(owner, pool, {}, { expires });
    const lasting = await TestAgent.start(owner, pool, {}, { expires: (expires + 60e6) as Instant });
    await evictDurableObject(stub(), { webSockets: "hibernate" });
    vi.useFakeTimers({ toFake: ["Date"], now: expires / 1000 + 1 });
    await runDurableObjectAlarm(stub());
    expect(await agent.socket.closed()).toMatchObject({ code: 4401, reason: expect.stringMatching("expired") });
    expect((await statuses()).sort()).toEqual(["OFFLINE", "ONLINE"]);
    lasting.socket.send({ type: "renew" });
    expect((await stored({ stub: stub() } as TestRun)).alarm).toBe((expires + 60e6) / 1000);
  });

  test("[WP16] what comes over a line that was ended counts no more, and its runs go with the lease", async () => {
    const agent = await TestAgent.start(owner, pool, {}, { key: "one" });
    const run = await waiting();
    await offer(run);
    const assigned = await agent.assigned();
    agent.accept(assigned);
    await takenIn(agent);
    await calls().revoke(owner, "one");
    agent.socket.send({
      type: "hello",
      v: 1,
      slots: 1,
      running: [assigned],
      agent: { id: agent.id, name: "a", version: "1" },
    });
    agent.finished(assigned);
    await agent.socket.closed();
    expect(await statuses()).toEqual(["OFFLINE"]);
    expect(await run.object.holds(owner, assigned.generation)).toBe(true);
    laterBy(31);
    await runDurableObjectAlarm(stub());
    expect(await typeOf(run)).toBe("CRASHED");
  });
});

const names = (storage: DurableObjectStorage): string[] =>
  storage.sql
    .exec<{ key: string }>("SELECT key FROM entries_v1 ORDER BY key")
    .toArray()
    .map(({ key }) => key);

describe("tenants", () => {
  test("[WP15] a pool is its workspace's alone", async () => {
    const agent = await TestAgent.start(owner, pool, {}, { key: "key" });
    const run = await waiting();
    await offer(run);
    const assigned = await agent.assigned();
    const other = { ...owner, workspace: uuidv7() };
    expect(await calls().agents(other)).toEqual([]);
    await calls().cancel(other, run.id, assigned.generation);
    await calls().configure(other, { name: "theirs", paused: true, limit: 0 });
    await calls().withdraw(other, run.id);
    await calls().revoke(other, "key");
    await calls().offer(other, [{ run: uuidv7(), queue: null, due: 1, priority: 1 }]);
    const headers = { upgrade: "websocket", "x-millrace-tenant": JSON.stringify({ ...other, account: "a" }) };
    expect((await stub().fetch("http://pool/agent", { headers })).status).toBe(404);
    agent.finished(assigned);
    const next = await waiting();
    await offer(next);
    expect((await agent.assigned()).run_id).toBe(next.id);
  });

  test("[WP15] asking for agents of a pool that nobody made writes nothing", async () => {
    pool = uuidv7();
    expect(await calls().agents(owner)).toEqual([]);
    await calls().withdraw(owner, uuidv7());
    await calls().cancel(owner, uuidv7(), 1);
    expect(await stored({ stub: stub() } as TestRun)).toEqual({ tables: [], alarm: null });
  });
});
