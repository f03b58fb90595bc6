import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { uuidv7 } from "uuidv7";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { laterBy } from "../../test/workerd/clock.ts";
import { testEnv } from "../../test/workerd/env.ts";
import {
  ALL_LINES,
  ALL_TASK_RUNS,
  begin,
  line,
  newOwner,
  runAt,
  type TestRun,
  taskEvent,
} from "../../test/workerd/runs.ts";
import { pack, unpack } from "../kit/packed.ts";
import type { Owner } from "./rpc.ts";

const DAY = 86_400;
let owner: Owner;
beforeEach(() => {
  owner = newOwner();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** Keys of what the object keeps. */
const kept = ({ stub }: TestRun): Promise<string[]> =>
  runInDurableObject(stub, (_, { storage }) =>
    storage.sql
      .exec<{ key: string }>("SELECT key FROM entries_v1 ORDER BY key")
      .toArray()
      .map(({ key }) => key),
  );
const packages = async (): Promise<string[]> =>
  (await testEnv.BLOBS.list({ prefix: `${owner.workspace}/runs/` })).objects.map(({ key }) => key);

/** A run that has ended, with something of everything. */
async function ended(): Promise<TestRun> {
  const run = await begin(owner, { state: { type: "RUNNING" }, parameters: { a: 1 } });
  const task = { id: uuidv7(), occurred: "2026-11-25T00:00:00Z" };
  await run.object.recordEvents(owner, [taskEvent(run, { ...task, type: "RUNNING" })], null);
  await run.object.appendLogs(owner, [line("one", 1), line("two", 2)], null);
  await run.object.addInput(owner, run.id, { key: "k", value: "v", sender: null }, null);
  await run.object.writeCheckpoint(owner, run.id, "step", pack({ value: 7, sha256: null, size: 1 }), {
    expected: null,
    reporter: null,
  });
  await run.set("COMPLETED", { data: { large: "x".repeat(20_000) } });
  return run;
}

/** What can be read of a run; estimates grow while one looks. */
async function everything({ object, id }: TestRun): Promise<unknown> {
  const query = { subflows: [], artifacts: [], since: null, mostNodes: 100 };
  const checkpoints = await object.checkpoints(owner, { prefix: "", after: "", limit: 10 });
  const graph = await object.graph(owner, query);
  return JSON.parse(
    JSON.stringify([
      await object.record(owner),
      await object.states(owner),
      unpack(await object.findTaskRuns(owner, ALL_TASK_RUNS)),
      await object.logs(owner, ALL_LINES),
      await object.inputs(owner, { prefix: "", limit: 10, excludeKeys: [] }),
      checkpoints && unpack(checkpoints),
      graph !== "too large" && graph && unpack(graph),
      (await object.evidence(owner))?.run.id === id,
    ]),
  );
}

async function archived(): Promise<{ run: TestRun; before: unknown }> {
  const run = await ended();
  laterBy(31 * DAY);
  const before = await everything(run);
  await runDurableObjectAlarm(run.stub);
  expect(await kept(run)).toEqual(["packed"]);
  return { run, before };
}

test("[FO50] a run is packed thirty days after its end, not before, and read as it was", async () => {
  const run = await ended();
  laterBy(29 * DAY);
  await runDurableObjectAlarm(run.stub);
  expect(await kept(run)).toContain("head");
  vi.useRealTimers();
  laterBy(31 * DAY);
  const before = await everything(run);
  await runDurableObjectAlarm(run.stub);
  expect([await kept(run), await packages()]).toEqual([["packed"], [expect.any(String)]]);
  expect(await everything(run)).toEqual(before);
  await run.crash();
  expect(await everything(runAt(owner, run.id))).toEqual(before);
  // Reading takes nothing back, and nobody else reads it.
  expect(await kept(run)).toEqual(["packed"]);
  expect(await run.object.read(newOwner())).toBeNull();
  // Nothing wakes it any more.
  expect(await runDurableObjectAlarm(run.stub)).toBe(false);
});

test("[FO50] a change takes the run back, deletes its package, and has it packed again later", async () => {
  const { run } = await archived();
  await run.crash();
  await run.set("RUNNING", {}, { force: true });
  expect(await kept(run)).toEqual(expect.arrayContaining(["head", "input/k", "check/step"]));
  expect(await run.object.states(owner)).toHaveLength(3);
  laterBy(10);
  await runDurableObjectAlarm(run.stub);
  expect(await packages()).toEqual([]);
  await run.set("COMPLETED");
  laterBy(31 * DAY);
  await runDurableObjectAlarm(run.stub);
  expect([await kept(run), (await packages()).length]).toEqual([["packed"], 1]);
  expect(await run.object.states(owner)).toHaveLength(4);
});

test("[FO50] while the bucket is away the run stays where it is, and is packed later", async () => {
  const run = await ended();
  vi.spyOn(console, "error").mockImplementation(() => {});
  const away = vi
    .spyOn(Object.getPrototypeOf(testEnv.BLOBS) as R2Bucket, "put")
    .mockRejectedValue(new Error("the bucket is away"));
  laterBy(31 * DAY);
  await runDurableObjectAlarm(run.stub);
  expect(away).toHaveBeenCalled();
  expect(await kept(run)).toContain("head");
  away.mockRestore();
  laterBy(2 * 3600);
  await runDurableObjectAlarm(run.stub);
  expect(await kept(run)).toEqual(["packed"]);
});

test("[FO50] a packed run is deleted with its package", async () => {
  const { run } = await archived();
  expect(await run.object.remove(owner, run.id)).toBe("done");
  expect(await run.object.read(owner)).toBeNull();
  laterBy(10);
  await runDurableObjectAlarm(run.stub);
  expect(await packages()).toEqual([]);
});
