import { uuidv7 } from "uuidv7";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  ALL_LINES,
  ALL_TASK_RUNS,
  begin,
  inPool,
  line,
  newOwner,
  type TestRun,
  taskEvent,
} from "../../test/workerd/runs.ts";
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
    expect(await object.recordEvents(owner, [event], old)).toEqual(stale);
    expect(await object.edit(owner, run.id, { name: "late" }, old)).toEqual(stale);
    expect(await object.retry(owner, run.id, old)).toEqual(stale);
    expect(await object.finish(owner, first, { exitCode: 0, signal: null })).toBe("stale");
    expect(await object.release(owner, first)).toBe("stale");
    expect(await object.lose(owner, first)).toBe("stale");
    expect(await object.states(owner)).toEqual(before);
    expect(await object.logs(owner, ALL_LINES)).toEqual([]);
    expect(unpack(await object.findTaskRuns(owner, ALL_TASK_RUNS))).toEqual([]);
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
