import { uuidv7 } from "uuidv7";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { flowRunAt } from "../../durable-objects/addresses.ts";
import { EventHub } from "../../durable-objects/event-hub/event-hub.ts";
import { FlowRun } from "../../durable-objects/flow-run/flow-run.ts";
import { unpack } from "../../durable-objects/kit/packed.ts";
import { signRunToken } from "../../durable-objects/kit/run-token.ts";
import { testEnv } from "../../test/workerd/env.ts";
import { ALL_TASK_RUNS, begin, inPool, type TestRun, taskEvent } from "../../test/workerd/runs.ts";
import { TestSocket } from "../../test/workerd/socket.ts";
import { ask, makeTenant, type TestTenant } from "../../test/workerd/tenant.ts";

let a: TestTenant;
beforeEach(async () => {
  a = await makeTenant();
});
afterEach(() => void vi.restoreAllMocks());

async function open(token = a.key): Promise<TestSocket> {
  const socket = await TestSocket.open("/events/in", { "sec-websocket-protocol": "prefect" });
  socket.send({ type: "auth", token });
  await socket.next();
  return socket;
}

const at = (second: number) => `2026-01-01T00:00:${String(second).padStart(2, "0")}.000000Z`;
const typesOf = async ({ object, owner }: TestRun) =>
  unpack(await object.findTaskRuns(owner, ALL_TASK_RUNS)).map(({ state }) => state?.type);

test("[AP8] what a client says of its task runs is recorded, in its order, with one call for many", async () => {
  const record = vi.spyOn(FlowRun.prototype, "recordEvents");
  const run = await begin(a.owner);
  const socket = await open();
  const tasks = Array.from({ length: 30 }, () => uuidv7());
  for (const [second, type] of (["PENDING", "RUNNING", "COMPLETED"] as const).entries())
    for (const id of tasks) socket.send(taskEvent(run, { id, type, occurred: at(second) }));
  await vi.waitFor(async () => expect(await typesOf(run)).toEqual(tasks.map(() => "COMPLETED")));
  expect(record.mock.calls.length).toBeLessThan(10);
  socket.close();
});

test("[AP8] what came before a client left is recorded, and told to all who listen", async () => {
  const announced = vi.spyOn(EventHub.prototype, "announce");
  const run = await begin(a.owner);
  const socket = await open();
  const id = uuidv7();
  socket.send(taskEvent(run, { id, type: "RUNNING", occurred: at(0) }));
  socket.close();
  await vi.waitFor(async () => expect(await typesOf(run)).toEqual(["RUNNING"]));
  await vi.waitFor(() => expect(announced.mock.calls.some(([, text]) => text.includes(id))).toBe(true));
});

test.each<[string, object | string, string]>([
  ["[AP8] no JSON", "hello", "Not an event: frame"],
  ["[AP8] a list", "[]", "Not an event: frame"],
  ["[AP8] an event without a resource", { id: uuidv7(), event: "x", occurred: at(0) }, "Not an event: resource"],
  [
    "[AP8] one whose id is none",
    { id: "x", event: "x", occurred: at(0), resource: { "prefect.resource.id": "a" } },
    "Not an event: id",
  ],
  [
    "[AP8] one that occurred at no time",
    { id: uuidv7(), event: "x", occurred: "soon", resource: { "prefect.resource.id": "a" } },
    "Not an event: occurred",
  ],
])("%s closes the socket with the field's name; what came before is recorded", async (_case, frame, reason) => {
  const run = await begin(a.owner);
  const socket = await open();
  socket.send(taskEvent(run, { id: uuidv7(), type: "RUNNING", occurred: at(0) }));
  socket.send(frame);
  const closed = await socket.closed();
  expect(closed.code).toBe(1008);
  expect(closed.reason).toContain(reason);
  await vi.waitFor(async () => expect(await typesOf(run)).toEqual(["RUNNING"]));
});

test("[AP8] a client whose events could not be recorded is told to send them again", async () => {
  vi.spyOn(console, "error").mockImplementation(() => {});
  const run = await begin(a.owner);
  vi.spyOn(FlowRun.prototype, "recordEvents").mockRejectedValueOnce(new Error("crashed"));
  const event = taskEvent(run, { id: uuidv7(), type: "RUNNING", occurred: at(0) });
  const socket = await open();
  socket.send(event);
  expect(await socket.closed()).toMatchObject({ code: 1011, reason: expect.stringContaining("send them again") });
  const again = await open();
  again.send(event);
  await vi.waitFor(async () => expect(await typesOf(run)).toEqual(["RUNNING"]));
});

test("[AP8] a process whose claim was taken back is told to stop, not to send again", async () => {
  const run = await begin(a.owner, inPool());
  await flowRunAt(testEnv, a.workspace, run.id).claim(a.owner, run.id, { agent: "a", session: "s" });
  const token = await signRunToken(testEnv, {
    account: a.account,
    workspace: a.workspace,
    run: run.id,
    generation: 1,
    key: null,
  });
  const socket = await open(token);
  await run.object.release(a.owner, 1);
  socket.send(taskEvent(run, { id: uuidv7(), type: "RUNNING", occurred: at(0) }));
  expect(await socket.closed()).toMatchObject({ code: 1008, reason: expect.stringContaining("Stop") });
  expect(await typesOf(run)).toEqual([]);
});

test("[AP8] an event about another tenant's run, or about none, is recorded nowhere, and is no fault", async () => {
  const b = await makeTenant();
  const theirs = await begin(b.owner);
  const ours = await begin(a.owner);
  const socket = await open();
  for (const run of [theirs, { ...ours, id: uuidv7() } as TestRun, ours])
    socket.send(taskEvent(run, { id: uuidv7(), type: "RUNNING", occurred: at(0) }));
  await vi.waitFor(async () => expect(await typesOf(ours)).toEqual(["RUNNING"]));
  expect(await typesOf(theirs)).toEqual([]);
  socket.close();
});

test("[AP8] over HTTP what was answered is recorded", async () => {
  const run = await begin(a.owner);
  const body = [taskEvent(run, { id: uuidv7(), type: "RUNNING", occurred: at(0) })];
  expect((await ask("POST /events", { token: a.key, body })).status).toBe(204);
  expect(await typesOf(run)).toEqual(["RUNNING"]);
});
