import { runDurableObjectAlarm } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { laterBy } from "../../test/workerd/clock.ts";
import { testEnv } from "../../test/workerd/env.ts";
import { begin, inPool, newOwner, stored, type TestRun } from "../../test/workerd/runs.ts";
import type { Owner } from "./rpc.ts";

let owner: Owner;
beforeEach(() => {
  owner = newOwner();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const QUEUE = Object.getPrototypeOf(testEnv.DISPATCH) as Queue;

describe("alarms", () => {
  const offers = () => {
    const sent: { run: string; due: number }[] = [];
    vi.spyOn(QUEUE, "send").mockImplementation(async (message) => {
      // Runs of other tests may ring at any time.
      if ((message as { workspace: string }).workspace === owner.workspace) sent.push(message as never);
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

  test("[FO12] a run that is due later is offered a quarter of a minute before, and not earlier", async () => {
    const sent = offers();
    const due = (Date.now() + 3_600_000) * 1000;
    const run = await begin(owner, {
      ...inPool(),
      state: { type: "SCHEDULED", details: { scheduledTime: due as never } },
    });
    const ahead = due / 1000 - 15_000;
    expect(sent).toEqual([]);
    expect((await stored(run)).alarm).toBe(ahead);
    // One that rings early finds nothing due, and arms the next.
    expect(await runDurableObjectAlarm(run.stub)).toBe(true);
    expect(sent).toEqual([]);
    expect((await stored(run)).alarm).toBe(ahead);
    await run.crash();
    await ring(run, 3586);
    expect(sent).toEqual([expect.objectContaining({ run: run.id, due })]);
  });

  test("[FO12] a run that nobody claims is offered again, and once claimed it is not", async () => {
    const sent = offers();
    const run = await begin(owner, inPool());
    await ring(run, 31);
    expect(sent).toHaveLength(2);
    await run.crash();
    await ring(run, 31);
    expect(sent).toHaveLength(3);
    await run.object.claim(owner, run.id, { agent: "a", session: "s" });
    await run.set("RUNNING");
    await ring(run, 3600);
    expect(sent).toHaveLength(3);
  });

  test("[FO21] a claim is asked about until its process reports, and one that its pool does not know of is given back", async () => {
    const sent = offers();
    const run = await begin(owner, inPool());
    await run.object.claim(owner, run.id, { agent: "a", session: "s" });
    expect(sent).toHaveLength(1);
    await ring(run, 31);
    await run.crash();
    await ring(run, 31);
    await ring(run, 31);
    // Ever more seldom: a process may take its time to begin.
    expect(sent).toHaveLength(3);
    expect(sent[2]).toEqual(sent[0]);
    await run.object.release(owner, 1);
    expect(sent).toHaveLength(4);
  });

  test("[FO12] a run whose queue does not take it is offered again", async () => {
    const quiet = vi.spyOn(console, "error").mockImplementation(() => {});
    const send = vi.spyOn(QUEUE, "send").mockRejectedValue(new Error("full"));
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
    await run.crash();
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
