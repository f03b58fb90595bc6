import { runDurableObjectAlarm } from "cloudflare:test";
import { uuidv7 } from "uuidv7";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { laterBy } from "../../test/workerd/clock.ts";
import { testEnv } from "../../test/workerd/env.ts";
import { begin, inPool, newOwner, type TestRun } from "../../test/workerd/runs.ts";
import { concurrencyLimitAt, eventHubAt } from "../addresses.ts";
import { ConcurrencyLimit } from "../concurrency-limit/concurrency-limit.ts";
import { pack } from "../kit/packed.ts";
import type { DeploymentLimit } from "./deployment-slot.ts";
import type { Owner } from "./rpc.ts";

let owner: Owner;
let limited: DeploymentLimit;
beforeEach(() => {
  owner = newOwner();
  const limit = {
    id: uuidv7(),
    name: "deployment:d",
    limit: 1,
    active: true,
    decay: 0,
    created: 0,
    updated: 0,
  } as never;
  limited = { limit, collision: "ENQUEUE", graceSeconds: 300 };
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const taken = async (): Promise<number> =>
  (await concurrencyLimitAt(testEnv, owner.workspace, limited.limit.id).occupation(owner)).taken;
/** A run of the limited deployment. */
const limitedRun = (changes = inPool()): Promise<TestRun> =>
  begin(owner, {
    ...changes,
    surroundings: {
      ...{ flow: { id: uuidv7(), name: "a flow", tags: [] }, parentFlowRunId: null, startedBy: null, code: null },
      limit: limited,
    },
  });
const agent = { agent: "a", session: "s" };

test("[FO18] the second of two runs waits for a slot, and has it when the first has ended", async () => {
  const [first, second] = [await limitedRun(), await limitedRun()];
  expect(await first.set("PENDING")).toMatchObject({ status: "ACCEPT" });
  expect(await second.set("PENDING")).toMatchObject({ status: "REJECT", state: { name: "AwaitingConcurrencySlot" } });
  expect(await taken()).toBe(1);
  await first.set("RUNNING");
  await first.set("COMPLETED");
  expect(await taken()).toBe(0);
  expect(await second.set("PENDING")).toMatchObject({ status: "ACCEPT" });
});

test("[FO18] a run that is deleted gives its slot back, though the limit is away at the moment", async () => {
  const run = await limitedRun({ ...inPool(), workPoolId: null });
  await run.set("PENDING");
  await run.set("RUNNING");
  expect(await taken()).toBe(1);
  const away = vi.spyOn(ConcurrencyLimit.prototype, "release").mockRejectedValueOnce(new Error("away"));
  expect(await run.object.remove(owner, run.id)).toBe("done");
  expect(away).toHaveBeenCalled();
  expect(await taken()).toBe(1);
  await run.crash();
  laterBy(10);
  await runDurableObjectAlarm(run.stub);
  expect(await taken()).toBe(0);
});

test("[FO18] where the deployment says so, what finds no slot is cancelled, and a limit of 0 aborts", async () => {
  const first = await limitedRun();
  await first.set("PENDING");
  limited = { ...limited, collision: "CANCEL_NEW" };
  const second = await limitedRun();
  expect(await second.set("PENDING")).toMatchObject({ status: "REJECT", state: { type: "CANCELLED" } });
  limited = { ...limited, limit: { ...limited.limit, id: uuidv7(), limit: 0 } };
  const third = await limitedRun();
  expect(await third.set("PENDING")).toMatchObject({ status: "ABORT" });
});

test("[FO18] [LM4] a run that was cancelled for want of a slot keeps no place: the next one has the slot that comes free", async () => {
  limited = { ...limited, collision: "CANCEL_NEW" };
  const [first, second, third] = [await limitedRun(), await limitedRun(), await limitedRun()];
  await first.set("PENDING");
  expect(await second.set("PENDING")).toMatchObject({ status: "REJECT", state: { type: "CANCELLED" } });
  await first.set("CRASHED");
  expect(await third.set("PENDING")).toMatchObject({ status: "ACCEPT" });
});

test("[FO18] an agent's claim takes a slot too, and loses none: not by its end, nor by its loss", async () => {
  const [first, second] = [await limitedRun(), await limitedRun()];
  expect(await first.object.claim(owner, first.id, agent)).toMatchObject({ kind: "claimed" });
  expect(await second.object.claim(owner, second.id, agent)).toMatchObject({ kind: "refused", reason: "no_slot" });
  expect((await second.read()).state_name).toBe("AwaitingConcurrencySlot");
  await first.set("RUNNING");
  laterBy(3600);
  expect(await taken()).toBe(1);
  await first.object.lose(owner, 1);
  expect(await taken()).toBe(0);
});

test("[FO18] a slot that a transition did not take is given back", async () => {
  const run = await limitedRun();
  // The other one is judged first, and this one finds a run that is PENDING already.
  const answers = await Promise.all([run.set("PENDING"), run.set("PENDING")]);
  expect(answers.map(({ status }) => status).sort()).toEqual(["ABORT", "ACCEPT"]);
  await run.set("CANCELLED");
  expect(await taken()).toBe(0);
});

test("[FO18] a slot that could not be given back is given back by the alarm, after the process was lost too", async () => {
  const run = await limitedRun();
  await run.set("PENDING");
  const quiet = vi.spyOn(console, "error").mockImplementation(() => {});
  const { ConcurrencyLimit } = await import("../concurrency-limit/concurrency-limit.ts");
  const away = vi.spyOn(ConcurrencyLimit.prototype, "release").mockRejectedValue(new Error("away"));
  await run.set("CANCELLED");
  expect(quiet).toHaveBeenCalled();
  away.mockRestore();
  expect(await taken()).toBe(1);
  await run.crash();
  laterBy(11);
  await runDurableObjectAlarm(run.stub);
  expect(await taken()).toBe(0);
  await eventHubAt(testEnv, owner.workspace).settle();
});

test("[FO18] [FR65] a run that would be Late while its deployment is full is cancelled where that is asked for", async () => {
  limited = { ...limited, collision: "CANCEL_NEW" };
  const [first, second] = [
    await limitedRun(),
    await limitedRun({ state: { type: "SCHEDULED" }, deploymentId: uuidv7() }),
  ];
  await first.set("PENDING");
  laterBy(16);
  await runDurableObjectAlarm(second.stub);
  expect((await second.read()).state_name).toBe("Cancelled");
});

test("[FO18] [FR63] a client that does not renew keeps its slot; one that does loses it when it stops", async () => {
  const old = { force: false, reporter: null, renewsLeases: false };
  const run = await limitedRun();
  await run.set("PENDING");
  await run.object.propose(owner, run.id, pack({ type: "RUNNING" }), old);
  laterBy(3600);
  expect(await taken()).toBe(1);
  await run.set("COMPLETED");
  const other = await limitedRun();
  await other.set("PENDING");
  await other.set("RUNNING");
  laterBy(3600);
  expect(await taken()).toBe(0);
});
