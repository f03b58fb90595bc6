import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { laterBy } from "../../test/workerd/clock.ts";
import { testEnv } from "../../test/workerd/env.ts";
import { TestSocket } from "../../test/workerd/socket.ts";
import { ask, makeTenant, type TestTenant } from "../../test/workerd/tenant.ts";

let a: TestTenant;
beforeEach(async () => {
  a = await makeTenant();
});

const call = async (route: string, body?: unknown) => (await ask(route, { token: a.key, body })).body;
const SCHEDULED = { type: "SCHEDULED", state_details: { deferred: true } };
let made = 0;
/** Asks for a run of a background task; answers its id. */
async function delay(task_key = "bg"): Promise<string> {
  made += 1;
  return (await call("POST /task_runs/", { task_key, dynamic_key: `${task_key}-${made}`, state: SCHEDULED })).id;
}

async function connect(frame: object | null, token = a.key): Promise<TestSocket> {
  const socket = await TestSocket.open("/task_runs/subscriptions/scheduled", { "sec-websocket-protocol": "prefect" });
  socket.send({ type: "auth", token });
  expect(await socket.next()).toEqual({ type: "auth_success" });
  if (frame) socket.send(frame);
  return socket;
}
const worker = (keys = ["bg"], client_id = "worker-1") => connect({ type: "subscribe", keys, client_id });
const workers = (task_keys?: string[]) =>
  call("POST /task_workers/filter", task_keys ? { task_worker_filter: { task_keys } } : undefined);
const ack = { type: "ack" };

test("[BT4] a worker gets one run after another, each when it has acknowledged the one before", async () => {
  const ids = [await delay(), await delay()];
  const socket = await worker();
  expect(await socket.next()).toMatchObject({ id: ids[0], flow_run_id: null, state: { type: "SCHEDULED" } });
  const third = await delay();
  expect(socket.unread()).toEqual([]);
  socket.send(ack);
  expect((await socket.next()).id).toBe(ids[1]);
  socket.send(ack);
  expect((await socket.next()).id).toBe(third);
  socket.send({ type: "quit" });
});

test("[BT4] of two that wait each gets one, and none gets another's", async () => {
  const sockets = [await worker(), await worker(["bg", "other"], "worker-2")];
  await vi.waitFor(async () => expect(await workers()).toHaveLength(2));
  const ids = [await delay(), await delay()];
  const got = await Promise.all(sockets.map((socket) => socket.next()));
  expect(got.map(({ id }) => id).sort()).toEqual(ids.sort());
  for (const socket of sockets) socket.close();
});

describe("what a worker was handed and did not acknowledge goes to another", () => {
  test.each([
    ["its socket is gone", (socket: TestSocket) => socket.close(1001)],
    ["it quits", (socket: TestSocket) => socket.send({ type: "quit" })],
    ["it says something else", (socket: TestSocket) => socket.send({ type: "nack" })],
    ["it sends no JSON", (socket: TestSocket) => socket.send("ack")],
  ])("[BT2] [BT4] %s", async (_what, leave) => {
    const first = await worker();
    const id = await delay();
    expect((await first.next()).id).toBe(id);
    leave(first);
    const second = await worker(["bg"], "worker-2");
    expect((await second.next()).id).toBe(id);
    second.close();
  });

  test("[BT4] one that does not keep to the protocol is closed with 4001", async () => {
    const socket = await worker();
    socket.send(ack);
    expect(await socket.closed()).toMatchObject({ code: 4001, reason: expect.stringMatching(/./) });
  });
});

test("[BT2] what waits is there after the object was forgotten, and what was acknowledged is not", async () => {
  const socket = await worker();
  const first = await delay();
  expect((await socket.next()).id).toBe(first);
  socket.send(ack);
  socket.close();
  await vi.waitFor(async () => expect(await workers()).toEqual([]));
  const second = await delay();
  await evictDurableObject(testEnv.BACKGROUND_TASKS.get(testEnv.BACKGROUND_TASKS.idFromName(a.workspace)));
  const next = await worker();
  expect((await next.next()).id).toBe(second);
  next.close();
});

test("[BT4] a worker that was handed a run before the object fell asleep goes on where it was", async () => {
  const socket = await worker();
  const first = await delay();
  expect((await socket.next()).id).toBe(first);
  await evictDurableObject(testEnv.BACKGROUND_TASKS.get(testEnv.BACKGROUND_TASKS.idFromName(a.workspace)));
  socket.send(ack);
  const second = await delay();
  expect((await socket.next()).id).toBe(second);
  expect((await call(`GET /task_runs/${first}`)).id).toBe(first);
  expect(await workers()).toMatchObject([{ identifier: "worker-1" }]);
  socket.close();
});

test("[BT8] what a worker does not acknowledge in half a minute goes to another, though its socket is open", async () => {
  const silent = await worker();
  const id = await delay();
  expect((await silent.next()).id).toBe(id);
  const other = await worker(["bg"], "worker-2");
  const desk = testEnv.BACKGROUND_TASKS.get(testEnv.BACKGROUND_TASKS.idFromName(a.workspace));
  laterBy(29);
  await runDurableObjectAlarm(desk);
  expect(other.unread()).toEqual([]);
  laterBy(2);
  expect(await runDurableObjectAlarm(desk)).toBe(true);
  expect((await other.next()).id).toBe(id);
  expect(await silent.closed()).toMatchObject({ code: 4001 });
  vi.useRealTimers();
  other.close();
});

test("[BT4] workers are listed while they are connected, by the keys that they take", async () => {
  const sockets = [await worker(["bg"]), await worker(["other", "third"], "worker-2")];
  await vi.waitFor(async () => expect(await workers()).toHaveLength(2));
  expect(await workers(["third"])).toEqual([
    { identifier: "worker-2", task_keys: ["other", "third"], timestamp: expect.stringMatching(/Z$/) },
  ]);
  expect(await workers(["nobody"])).toEqual([]);
  expect(await workers([])).toHaveLength(2);
  for (const socket of sockets) socket.close();
  await vi.waitFor(async () => expect(await workers()).toEqual([]));
});

test.each([
  ["another frame", { type: "filter" }],
  ["no keys", { type: "subscribe", keys: [], client_id: "w" }],
  ["keys that are none", { type: "subscribe", keys: [7], client_id: "w" }],
  ["no client", { type: "subscribe", keys: ["bg"] }],
  ["too many keys", { type: "subscribe", keys: Array.from({ length: 2_000 }, (_, at) => `key-${at}`), client_id: "w" }],
])("[BT4] a subscription with %s is closed with 4001 and a reason", async (_what, frame) => {
  const socket = await connect(frame);
  expect(await socket.closed()).toMatchObject({ code: 4001, reason: expect.stringMatching(/./) });
  expect(await workers()).toEqual([]);
});

test("[BT6] another workspace neither sees nor gets them", async () => {
  const id = await delay();
  const b = await makeTenant();
  const socket = await connect({ type: "subscribe", keys: ["bg"], client_id: "theirs" }, b.key);
  for (const route of [`GET /task_runs/${id}`, `DELETE /task_runs/${id}`, `GET /ui/task_runs/${id}`])
    expect((await ask(route, { token: b.key })).status).toBe(404);
  expect((await ask("POST /task_runs/filter", { token: b.key, body: {} })).body).toEqual([]);
  expect(socket.unread()).toEqual([]);
  socket.close();
  expect(await call("POST /task_runs/count", {})).toBe(1);
});
