import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { SECOND } from "@millrace/domain/time.ts";
import { uuidv7 } from "uuidv7";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { laterBy } from "../../test/workerd/clock.ts";
import { testEnv } from "../../test/workerd/env.ts";
import {
  ALL_LINES,
  ALL_TASK_RUNS,
  begin,
  indexRows,
  inPool,
  line,
  newOwner,
  stored,
  taskEvent,
} from "../../test/workerd/runs.ts";
import { eventHubAt } from "../addresses.ts";
import { unpack } from "../kit/packed.ts";
import type { Owner } from "./rpc.ts";

let owner: Owner;
beforeEach(() => {
  owner = newOwner();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe("losing memory", () => {
  test("[FO1] an object whose process ends after each call has lost nothing", async () => {
    const run = await begin(owner, { ...inPool(), parameters: { x: 1 } });
    const { object } = run;
    const large = "x".repeat(20_000);
    const task = uuidv7();
    const steps: (() => Promise<unknown>)[] = [
      () => object.claim(owner, run.id, { agent: "a", session: "s" }),
      () => run.set("RUNNING", { data: { large } }),
      () =>
        object.recordEvents(
          owner,
          [taskEvent(run, { id: task, type: "RUNNING", occurred: "2026-01-01T00:00:00Z" })],
          null,
        ),
      () => object.appendLogs(owner, [line("one", SECOND), line("two", 2 * SECOND)], null),
      () => object.edit(owner, run.id, { name: "renamed", labels: { a: 1 } }, null),
      () =>
        object.recordEvents(
          owner,
          [taskEvent(run, { id: task, type: "COMPLETED", occurred: "2026-01-01T00:00:01Z" })],
          null,
        ),
      () => object.appendLogs(owner, [line("three", 3 * SECOND)], null),
      () => run.set("COMPLETED", { message: "done" }),
    ];
    for (const step of steps) {
      await step();
      await run.crash();
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
    expect((await object.logs(owner, ALL_LINES))?.map(({ message }) => message)).toEqual(["one", "two", "three"]);
    expect(unpack(await object.findTaskRuns(owner, ALL_TASK_RUNS))).toEqual([
      expect.objectContaining({ id: task, state: expect.objectContaining({ type: "COMPLETED" }) }),
    ]);
    await eventHubAt(testEnv, owner.workspace).settle();
    expect(await indexRows(owner)).toEqual([
      expect.objectContaining({ id: run.id, state_type: "COMPLETED", name: "renamed" }),
    ]);
  });

  test("[FO1] an object that is put to sleep wakes as it was", async () => {
    const run = await begin(owner);
    await run.set("RUNNING");
    await eventHubAt(testEnv, owner.workspace).settle();
    await evictDurableObject(run.stub);
    expect((await run.read()).state_type).toBe("RUNNING");
  });

  test("[FO2] what the index did not hear is told again when it is back, also by an object that forgot", async () => {
    const run = await begin(owner);
    const batch = vi.spyOn(testEnv.SHARD_0, "batch").mockRejectedValue(new Error("away"));
    await run.set("RUNNING");
    await run.set("COMPLETED");
    await vi.waitFor(async () => expect((await stored(run)).alarm).not.toBeNull());
    await run.crash();
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
    const batch = vi.spyOn(testEnv.SHARD_0, "batch");
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

describe("subflows", () => {
  test("[FO16] the task run that stands for a subflow follows it, also where the parent forgot", async () => {
    const parent = await begin(owner);
    const made = await parent.object.createTaskRun(
      owner,
      parent.id,
      { ...{ id: null, offeredName: "child-0", taskKey: "child", dynamicKey: "0" }, flowRunId: parent.id },
      null,
    );
    const { taskRun } = made as { taskRun: { id: string } };
    expect(await eventHubAt(testEnv, owner.workspace).locate(taskRun.id)).toBe(parent.id);
    const child = await begin(owner, {
      parentTaskRunId: taskRun.id,
      surroundings: { parentFlowRunId: parent.id } as never,
    });
    const standIn = async () => (await parent.object.taskRun(owner, taskRun.id))?.state;
    await parent.crash();
    await child.set("RUNNING");
    await vi.waitFor(async () =>
      expect(await standIn()).toMatchObject({ type: "RUNNING", details: { childFlowRunId: child.id } }),
    );
    await child.set("FAILED", { message: "no" });
    await vi.waitFor(async () => expect(await standIn()).toMatchObject({ type: "FAILED", message: "no" }));
    expect((await parent.read()).state_type).toBe("PENDING");
  });

  test("[FO1] a task run is made once, whether its id or its keys name it", async () => {
    const run = await begin(owner);
    const input = { id: uuidv7(), offeredName: "t-0", taskKey: "t", dynamicKey: "0", flowRunId: run.id };
    const make = (changes: object) => run.object.createTaskRun(owner, run.id, { ...input, ...changes }, null);
    expect(await make({})).toMatchObject({ kind: "created" });
    await run.crash();
    expect(await make({})).toMatchObject({ kind: "existing" });
    expect(await make({ id: uuidv7() })).toMatchObject({ kind: "existing", taskRun: { id: input.id } });
    expect(await make({ id: null, dynamicKey: "1" })).toMatchObject({ kind: "created" });
  });
});
