import { runDurableObjectAlarm } from "cloudflare:test";
import { uuidv7 } from "uuidv7";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { laterBy } from "../../test/workerd/clock.ts";
import { begin, bornWith, newOwner, type TestRun, taskEvent } from "../../test/workerd/runs.ts";
import { isProblem, type Owner } from "./rpc.ts";

let owner: Owner;
beforeEach(() => {
  owner = newOwner();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** A RUNNING subflow of `parent`, with the task run that stands for it there. */
async function subflowOf(parent: TestRun, deploymentId: string | null = null): Promise<TestRun> {
  const keys = { id: null, offeredName: "sub", taskKey: "sub", dynamicKey: uuidv7(), flowRunId: parent.id };
  const made = await parent.object.createTaskRun(owner, parent.id, keys, null);
  if (isProblem(made)) throw new Error(JSON.stringify(made));
  const surroundings = { ...bornWith(owner).surroundings, parentFlowRunId: parent.id };
  const child = await begin(owner, { deploymentId, parentTaskRunId: made.taskRun.id, surroundings });
  await child.set("RUNNING");
  await vi.waitFor(async () => {
    const standIn = await parent.object.taskRun(owner, made.taskRun.id);
    expect(standIn?.state?.type).toBe("RUNNING");
  });
  return child;
}
const stateOf = async (run: TestRun) => (await run.read()).state_name;
const started = { occurred: "2026-01-01T00:00:00Z", type: "RUNNING" } as const;

test("[FO19] with a run its tasks and subflows are cancelled, and those below them, each with a receipt", async () => {
  const run = await begin(owner, { state: { type: "RUNNING" } });
  const task = uuidv7();
  await run.object.recordEvents(owner, [taskEvent(run, { id: task, ...started })], null);
  const child = await subflowOf(run);
  const grandchild = await subflowOf(child, uuidv7());
  await run.set("CANCELLED");
  expect((await run.object.taskRun(owner, task))?.state?.type).toBe("CANCELLED");
  expect(await stateOf(child)).toBe("Cancelled");
  expect(await stateOf(grandchild)).toBe("Cancelling");
  const receipts = await run.object.receipts(owner);
  expect(receipts?.map(({ kind, id, state }) => [kind, id, state])).toEqual([
    ["flow-run", child.id, "Cancelled"],
    ["task-run", task, "Cancelled"],
  ]);
  expect(await child.object.receipts(owner)).toMatchObject([{ id: grandchild.id, state: "Cancelling" }]);
});

test("[FO19] while a run is being cancelled its tasks go on, and only subflows of their own process are asked to end", async () => {
  const run = await begin(owner, { state: { type: "RUNNING" } });
  const task = uuidv7();
  await run.object.recordEvents(owner, [taskEvent(run, { id: task, ...started })], null);
  const [inProcess, deployed] = [await subflowOf(run), await subflowOf(run, uuidv7())];
  await run.set("CANCELLING");
  expect([await stateOf(inProcess), await stateOf(deployed)]).toEqual(["Running", "Cancelling"]);
  expect((await run.object.taskRun(owner, task))?.state?.type).toBe("RUNNING");
  await run.set("CANCELLED");
  expect(await stateOf(inProcess)).toBe("Cancelled");
});

test("[FO19] what comes below a run that was cancelled already is cancelled a little later, subflows too", async () => {
  const run = await begin(owner, { state: { type: "RUNNING" } });
  await run.set("CANCELLED");
  const task = uuidv7();
  await run.object.recordEvents(owner, [taskEvent(run, { id: task, ...started })], null);
  const child = await subflowOf(run);
  expect((await run.object.taskRun(owner, task))?.state?.type).toBe("RUNNING");
  laterBy(21);
  await runDurableObjectAlarm(run.stub);
  expect((await run.object.taskRun(owner, task))?.state?.type).toBe("CANCELLED");
  expect(await stateOf(child)).toBe("Cancelled");
  expect(await run.object.receipts(owner)).toMatchObject([
    { kind: "flow-run", id: child.id, state: "Cancelled" },
    { kind: "task-run", id: task, state: "Cancelled" },
  ]);
});

test("[FO19] a task run that ends by itself after its run was cancelled stays as it ended", async () => {
  const run = await begin(owner, { state: { type: "RUNNING" } });
  await run.set("CANCELLED");
  const task = uuidv7();
  const at = (second: number, type: "RUNNING" | "COMPLETED") =>
    taskEvent(run, { id: task, occurred: `2026-01-01T00:00:0${second}Z`, type });
  await run.object.recordEvents(owner, [at(0, "RUNNING")], null);
  await run.object.recordEvents(owner, [at(1, "COMPLETED")], null);
  laterBy(21);
  await runDurableObjectAlarm(run.stub);
  expect((await run.object.taskRun(owner, task))?.state?.type).toBe("COMPLETED");
});

test("[FO19] a subflow that does not answer is asked again, also after the process was lost", async () => {
  const run = await begin(owner, { state: { type: "RUNNING" } });
  const child = await subflowOf(run);
  const { FlowRun } = await import("./flow-run.ts");
  vi.spyOn(console, "error").mockImplementation(() => {});
  const away = vi.spyOn(FlowRun.prototype, "cancelWith").mockRejectedValue(new Error("away"));
  await run.set("CANCELLED");
  expect(await run.object.receipts(owner)).toMatchObject([{ id: child.id, answered: null, state: null }]);
  expect(await stateOf(child)).toBe("Running");
  away.mockRestore();
  await run.crash();
  laterBy(11);
  await runDurableObjectAlarm(run.stub);
  expect(await stateOf(child)).toBe("Cancelled");
  expect(await run.object.receipts(owner)).toMatchObject([
    { id: child.id, answered: expect.any(Number), state: "Cancelled" },
  ]);
});
