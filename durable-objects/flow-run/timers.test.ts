import { runDurableObjectAlarm } from "cloudflare:test";
import { TIMEOUT_LABEL } from "@millrace/domain/flow-run/timers.ts";
import { fromMilliseconds, type Instant } from "@millrace/domain/time.ts";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { laterBy } from "../../test/workerd/clock.ts";
import { begin, indexRows, inPool, newOwner, stored, type TestRun } from "../../test/workerd/runs.ts";
import type { Owner } from "./rpc.ts";

let owner: Owner;
beforeEach(() => {
  owner = newOwner();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** Lets the object's alarm ring so many seconds from now, after its process was lost: what is not stored does not ring. */
async function ring(run: TestRun, seconds: number): Promise<string | null> {
  await run.crash();
  laterBy(seconds);
  await runDurableObjectAlarm(run.stub);
  return (await run.read()).state_name;
}
const inSeconds = (seconds: number): Instant => fromMilliseconds(Date.now() + seconds * 1000);
const heartbeat = (run: TestRun) => ({
  event: "prefect.flow-run.heartbeat",
  resource: { "prefect.resource.id": `prefect.flow-run.${run.id}` },
});

test("[FR70] [FO17] a run that nobody starts is Late after 15 s, by its alarm alone, and lists show it", async () => {
  const run = await begin(owner, { state: { type: "SCHEDULED" } });
  expect((await stored(run)).alarm).toBeGreaterThan(Date.now());
  expect(await ring(run, 10)).toBe("Scheduled");
  expect(await ring(run, 6)).toBe("Late");
  await vi.waitFor(async () => expect(await indexRows(owner)).toMatchObject([{ state_name: "Late" }]), 10_000);
});

test("[FR70] a run whose alarm was late is given its 15 s again", async () => {
  const run = await begin(owner, { state: { type: "SCHEDULED" } });
  expect(await ring(run, 3600)).toBe("Scheduled");
  expect(await ring(run, 16)).toBe("Late");
});

test("[FR70] a run that began in time is never Late", async () => {
  const run = await begin(owner, { state: { type: "SCHEDULED" } });
  await run.set("RUNNING");
  expect(await ring(run, 16)).toBe("Running");
});

test("[FR71] [FO17] a pause that nobody ends is over by itself", async () => {
  const run = await begin(owner, { state: { type: "RUNNING" } });
  await run.set("PAUSED", { details: { pauseTimeout: inSeconds(60) } });
  expect(await ring(run, 30)).toBe("Paused");
  expect(await ring(run, 31)).toBe("Failed");
});

test("[FR72] [FO17] a cancellation that nobody confirms ends after five minutes", async () => {
  const run = await begin(owner, { state: { type: "RUNNING" } });
  await run.set("CANCELLING");
  expect(await ring(run, 299)).toBe("Cancelling");
  expect(await ring(run, 2)).toBe("Cancelled");
});

test("[FO20] what a cancelled run left is cleaned up by the workers of its pool, who are asked until they have heard", async () => {
  const { WorkPool } = await import("../work-pool/work-pool.ts");
  const asked = vi.spyOn(WorkPool.prototype, "cleanUp").mockRejectedValueOnce(new Error("the network failed"));
  asked.mockResolvedValue();
  const run = await begin(owner, inPool());
  await run.set("PENDING");
  await run.set("RUNNING");
  await run.object.edit(owner, run.id, { infrastructurePid: "host:1" }, null);
  await run.set("CANCELLING");
  expect(await ring(run, 301)).toBe("Cancelled");
  const { id, state_id, work_queue_id } = await run.read();
  const wanted = {
    id: state_id,
    kind: "cancelling_timeout_teardown.v1",
    queue: work_queue_id,
    target: { flow_run_id: id, infrastructure_pid: "host:1" },
  };
  for (const seconds of [0, 11, 11]) await ring(run, seconds);
  expect(asked.mock.calls.map(([, cleanup]) => cleanup)).toEqual([wanted, wanted]);
});

test("[FO20] an agent cleans up by itself, and behind a confirmed cancellation there is nothing to do", async () => {
  const { WorkPool } = await import("../work-pool/work-pool.ts");
  vi.spyOn(WorkPool.prototype, "cancel").mockImplementation(async () => {});
  const asked = vi.spyOn(WorkPool.prototype, "cleanUp").mockResolvedValue();
  const claimed = await begin(owner, inPool());
  await claimed.object.claim(owner, claimed.id, { agent: "a", session: "s" });
  await claimed.set("RUNNING");
  await claimed.set("CANCELLING");
  expect(await ring(claimed, 301)).toBe("Cancelled");
  const confirmed = await begin(owner, inPool());
  await confirmed.set("PENDING");
  await confirmed.set("CANCELLING");
  await confirmed.set("CANCELLED");
  await ring(confirmed, 301);
  expect(asked).not.toHaveBeenCalled();
});

test("[FR73] [FO17] a run that outlives its own time-out is ended, and its agent told to stop it", async () => {
  const { WorkPool } = await import("../work-pool/work-pool.ts");
  const told = vi.spyOn(WorkPool.prototype, "cancel").mockImplementation(async () => {});
  const run = await begin(owner, { ...inPool(), labels: { [TIMEOUT_LABEL]: 60 } });
  await run.object.claim(owner, run.id, { agent: "a", session: "s" });
  await run.set("RUNNING");
  expect(await ring(run, 60)).toBe("Running");
  expect(told).not.toHaveBeenCalled();
  expect(await ring(run, 16)).toBe("TimedOut");
  expect(told.mock.lastCall?.slice(1)).toEqual([run.id, 1]);
  expect(await run.object.finish(owner, 1, { exitCode: null, signal: "SIGKILL" })).toBe("done");
  expect((await run.read()).state_name).toBe("TimedOut");
});

test("[FR73] a run that runs already may be told how long it may", async () => {
  const run = await begin(owner, { state: { type: "RUNNING" } });
  await run.object.edit(owner, run.id, { labels: { [TIMEOUT_LABEL]: 60 } }, null);
  expect(await ring(run, 76)).toBe("TimedOut");
});

test("[FR74] [FO17] a run whose heartbeats stop has crashed; one that never sent any has not", async () => {
  const run = await begin(owner, { state: { type: "RUNNING" } });
  const silent = await begin(owner, { state: { type: "RUNNING" } });
  for (const seconds of [0, 30, 30]) {
    laterBy(seconds);
    expect(await run.object.recordEvents(owner, [heartbeat(run)], null)).toBe(true);
  }
  expect(await ring(run, 60)).toBe("Running");
  expect(await ring(run, 31)).toBe("Crashed");
  expect(await ring(silent, 9999)).toBe("Running");
});

test("[FR74] a run that was heard of once is listened for when the sweep looks at it", async () => {
  const run = await begin(owner, { state: { type: "RUNNING" } });
  await run.object.recordEvents(owner, [heartbeat(run)], null);
  expect((await stored(run)).alarm).toBeNull();
  await run.crash();
  await run.object.reconcile(owner);
  expect(await ring(run, 541)).toBe("Crashed");
});
