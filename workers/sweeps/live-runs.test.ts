import { uuidv7 } from "uuidv7";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { eventHubAt } from "../../durable-objects/addresses.ts";
import { FlowRun } from "../../durable-objects/flow-run/flow-run.ts";
import type { Owner } from "../../durable-objects/flow-run/rpc.ts";
import { testEnv } from "../../test/workerd/env.ts";
import { begin, indexRows, inPool, newOwner, stored } from "../../test/workerd/runs.ts";
import worker from "../main.ts";
import { sweepLiveRuns } from "./live-runs.ts";

let owner: Owner;
beforeEach(async () => {
  owner = newOwner();
  for (const shard of [testEnv.SHARD_0, testEnv.SHARD_1]) await shard.prepare("DELETE FROM flow_runs").run();
});
afterEach(() => void vi.restoreAllMocks());

const inTwoMinutes = () => Date.now() + 120_000;
const settled = () => eventHubAt(testEnv, owner.workspace).settle();

/** A row of the index that nobody told. */
const insertRow = (columns: Record<string, string | number | null>) => {
  const row = {
    workspace_id: owner.workspace,
    id: uuidv7(),
    version: 1,
    flow_id: uuidv7(),
    name: "ghost",
    tags: "[]",
    ...columns,
  };
  const all = { created: 1, updated: 1, body: "{}", state_type: "RUNNING", task_run_ids: "", ...row };
  const marks = Object.keys(all).map(() => "?");
  return testEnv.SHARD_0.prepare(`INSERT INTO flow_runs (${Object.keys(all)}) VALUES (${marks})`)
    .bind(...Object.values(all))
    .run();
};

test("[AP10] a run whose row is behind is asked how it stands, and the row is its newest again", async () => {
  const run = await begin(owner);
  const batch = vi.spyOn(testEnv.SHARD_0, "batch").mockRejectedValue(new Error("away"));
  await run.set("RUNNING");
  await run.set("COMPLETED");
  // The process ends before it could even note that it was not heard.
  await run.crash();
  batch.mockRestore();
  expect(await indexRows(owner)).toEqual([expect.objectContaining({ state_type: "PENDING" })]);
  await sweepLiveRuns(testEnv, inTwoMinutes());
  await settled();
  expect(await indexRows(owner)).toEqual([expect.objectContaining({ state_type: "COMPLETED" })]);
});

test("[AP10] a run that waits for an agent and forgot its alarm has one again", async () => {
  const run = await begin(owner, inPool());
  const { runInDurableObject } = await import("cloudflare:test");
  await runInDurableObject(run.stub, (_, { storage }) => storage.deleteAlarm());
  await run.crash();
  await sweepLiveRuns(testEnv, inTwoMinutes());
  expect((await stored(run)).alarm).not.toBeNull();
});

test("[AP10] a row without a run is removed", async () => {
  await insertRow({});
  await insertRow({ state_type: "COMPLETED" });
  await sweepLiveRuns(testEnv, inTwoMinutes());
  await settled();
  expect((await indexRows(owner)).map(({ state_type }) => state_type)).toEqual(["COMPLETED"]);
});

test("[AP10] rows that are current, ended, or due later are left alone", async () => {
  const asked = vi.spyOn(FlowRun.prototype, "reconcile");
  const now = Date.now();
  await insertRow({ updated: (now - 10_000) * 1000 });
  await insertRow({ state_type: "FAILED" });
  await insertRow({ state_type: "SCHEDULED", next_scheduled_start_time: (now + 3_600_000) * 1000 });
  await sweepLiveRuns(testEnv, now);
  expect(asked).not.toHaveBeenCalled();
});

test("[AP10] however many live rows there are, each has its turn within as many minutes as there are parts", async () => {
  const asked = vi.spyOn(FlowRun.prototype, "reconcile").mockResolvedValue(true);
  const many = 620;
  await testEnv.SHARD_0.prepare(
    `INSERT INTO flow_runs (workspace_id, id, version, flow_id, name, tags, created, updated, state_type, body, task_run_ids)
     SELECT ?1, value, 1, value, 'x', '[]', key, 1, 'RUNNING', '{}', '' FROM json_each(?2)`,
  )
    .bind(owner.workspace, JSON.stringify(Array.from({ length: many }, () => uuidv7())))
    .run();
  const from = inTwoMinutes();
  for (let minute = 0; minute < 2; minute++) await sweepLiveRuns(testEnv, from + minute * 60_000);
  expect(new Set(asked.mock.contexts).size).toBe(many);
  expect(asked).toHaveBeenCalledTimes(many);
});

test("[AP10] a run that cannot be looked at costs the others nothing", async () => {
  vi.spyOn(console, "error").mockImplementation(() => {});
  const asked = vi.spyOn(FlowRun.prototype, "reconcile").mockRejectedValueOnce(new Error("crashed"));
  await insertRow({});
  await insertRow({});
  await (worker as { scheduled(controller: unknown, env: unknown): Promise<void> }).scheduled({}, testEnv);
  expect(asked).toHaveBeenCalledTimes(2);
});
