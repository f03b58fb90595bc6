/** The channel of Prefect's workers, over the Worker. */
import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { uuidv7 } from "uuidv7";
import { beforeEach, describe, expect, test } from "vitest";
import { workPoolAt } from "../../durable-objects/addresses.ts";
import { poolStub } from "../../test/workerd/agent.ts";
import { testEnv } from "../../test/workerd/env.ts";
import { TestSocket } from "../../test/workerd/socket.ts";
import { ask, makeTenant, type TestTenant } from "../../test/workerd/tenant.ts";

let tenant: TestTenant;
beforeEach(async () => {
  tenant = await makeTenant();
});

const TEMPLATE = { job_configuration: { command: "{{ command }}" }, variables: { properties: { command: {} } } };
const KIND = "cancelling_timeout_teardown.v1";

const frame = (type: string, payload: object) => ({ type, id: uuidv7(), sent_at: new Date().toISOString(), payload });
const hello = (changes: object = {}) =>
  frame("worker.hello.v1", {
    consumer_id: uuidv7(),
    worker_name: "w",
    worker_type: "process",
    heartbeat_interval_seconds: 30,
    supported_channel_versions: ["work_pool_worker_channel.v1"],
    requested_capabilities: ["worker_heartbeat.v1", "work_pool_snapshot.v1"],
    work_queue_names: [],
    create_pool_if_not_found: true,
    default_base_job_template: TEMPLATE,
    ...changes,
  });
const withCleanups = (most = 1) => ({
  requested_capabilities: ["worker_heartbeat.v1", "work_pool_snapshot.v1", "cleanup_delivery.v1", "more.v9"],
  handled_cleanup_kinds: [KIND],
  max_cleanup_concurrency: most,
});

async function open(token = tenant.key): Promise<TestSocket> {
  const socket = await TestSocket.open("/work_pools/p/workers/connect", { "sec-websocket-protocol": "prefect" });
  socket.send({ type: "auth", token });
  return socket;
}

async function connected(changes: object = {}) {
  const socket = await open();
  expect(await socket.next()).toEqual({ type: "auth_success" });
  const first = hello(changes);
  socket.send(first);
  const ready = await socket.next();
  return { socket, ready, consumer: (first.payload as { consumer_id: string }).consumer_id };
}

const read = async (path: string) => (await ask(`GET ${path}`, { token: tenant.key })).body;

describe("coming in", () => {
  test("[AP72] [WP19] a worker brings its pool along, and is told how it is", async () => {
    const { ready, consumer } = await connected();
    const pool = await read("/work_pools/p");
    expect(pool).toMatchObject({ type: "process", base_job_template: TEMPLATE, status: "READY" });
    expect(ready).toMatchObject({
      type: "worker.ready.v1",
      payload: {
        consumer_id: consumer,
        worker_id: null,
        selected_channel_version: "work_pool_worker_channel.v1",
        effective_heartbeat_interval_seconds: 30,
        accepted_capabilities: ["worker_heartbeat.v1", "work_pool_snapshot.v1"],
        rejected_capabilities: [],
        effective_max_cleanup_concurrency: 0,
        resolved_work_queues: [{ id: pool.default_queue_id, name: "default" }],
        initial_snapshot: { snapshot_sequence: 1, reason: "initial", work_pool: pool },
      },
    });
  });

  test("[AP72] a pool without a template gets the worker's", async () => {
    await ask("POST /work_pools/", { token: tenant.key, body: { name: "p", type: "process" } });
    const { ready } = await connected();
    expect(ready.payload.initial_snapshot.work_pool.base_job_template).toEqual(TEMPLATE);
  });

  test.each([
    [
      "[AP72] a pool that is not there, and not to be made",
      { create_pool_if_not_found: false },
      "authorization_failed",
    ],
    ["[AP72] a queue that is not there", { work_queue_names: ["nobody"] }, "authorization_failed"],
    ["[AP72] a version of tomorrow", { supported_channel_versions: ["v2"] }, "unsupported_version"],
    ["[AP72] no heartbeats", { requested_capabilities: ["work_pool_snapshot.v1"] }, "protocol_error"],
    ["[AP72] clean-ups that were not asked for", { handled_cleanup_kinds: [KIND] }, "protocol_error"],
    ["[AP72] a field that is none", { surprise: 1 }, "protocol_error"],
  ] as const)("%s is turned away", async (_case, changes, wanted) => {
    const socket = await open();
    await socket.next();
    socket.send(hello(changes));
    const { code, reason } = await socket.closed();
    expect([code, reason]).toEqual([wanted === "protocol_error" ? 1002 : 1008, wanted]);
  });

  test("[AP72] a credential that does not hold is told so in the protocol's words", async () => {
    const socket = await open("mrl_junk");
    expect(await socket.closed()).toEqual({ code: 1008, reason: "authentication_failed" });
  });

  test("[AP72] the pools of another tenant are not reached", async () => {
    await connected();
    const other = await makeTenant();
    const socket = await open(other.key);
    await socket.next();
    socket.send(hello({ create_pool_if_not_found: false }));
    expect(await socket.closed()).toEqual({ code: 1008, reason: "authorization_failed" });
  });
});

describe("staying", () => {
  test("[WP19] changes of the pool come in order, also after the pool slept", async () => {
    const { socket } = await connected();
    const change = (body: object) => ask("PATCH /work_pools/p", { token: tenant.key, body });
    await change({ concurrency_limit: 2 });
    expect(await socket.next()).toMatchObject({
      type: "work_pool.snapshot.v1",
      payload: {
        snapshot_sequence: 2,
        reason: "work_pool_updated",
        work_pool: { concurrency_limit: 2, active_slots: 0 },
      },
    });
    const { id } = await read("/work_pools/p");
    await evictDurableObject(poolStub(tenant.owner, id));
    await change({ is_paused: true });
    expect(await socket.next()).toMatchObject({
      payload: { snapshot_sequence: 3, work_pool: { is_paused: true, status: "PAUSED" } },
    });
  });

  test("[WP19] a heartbeat of somebody else's, a second hello and junk end the connection", async () => {
    for (const [at, bad] of [
      frame("worker.heartbeat.v1", { consumer_id: uuidv7(), worker_name: "w", heartbeat_interval_seconds: 30 }),
      hello(),
      { type: "nothing" },
    ].entries()) {
      const { socket } = await connected({ worker_name: `w${at}` });
      socket.send(bad);
      expect(await socket.closed()).toEqual({ code: 1002, reason: "protocol_error" });
    }
  });

  test("[WP23] when the pool is deleted, workers are sent away", async () => {
    const { socket } = await connected();
    await ask("DELETE /work_pools/p", { token: tenant.key });
    expect(await socket.closed()).toEqual({ code: 1008, reason: "authorization_failed" });
  });
});

describe("clean-ups", () => {
  const cleanUp = async (id: string) => {
    const { id: pool } = await read("/work_pools/p");
    const target = { flow_run_id: uuidv7(), infrastructure_pid: "host:1" };
    await workPoolAt(testEnv, tenant.workspace, pool).cleanUp(tenant.owner, { id, kind: KIND, queue: null, target });
    return { pool, target };
  };
  const held = ({ payload }: { payload: { message_id: string; reservation_token: string } }) => ({
    message_id: payload.message_id,
    reservation_token: payload.reservation_token,
  });

  test("[WP22] a message goes to one worker that can do it, and is gone when it is done", async () => {
    const { socket: plain } = await connected({ worker_name: "plain" });
    const { socket, ready } = await connected(withCleanups());
    expect(ready.payload).toMatchObject({ rejected_capabilities: ["more.v9"], effective_max_cleanup_concurrency: 1 });
    const id = uuidv7();
    const { target } = await cleanUp(id);
    await cleanUp(id);
    const message = await socket.next();
    expect(message).toMatchObject({
      type: "cleanup.message.v1",
      payload: { message_id: id, kind: KIND, delivery_count: 1, work_queue_id: null, target, data: {} },
    });
    const ack = frame("cleanup.ack.v1", held(message));
    socket.send(ack);
    expect(await socket.next()).toMatchObject({
      type: "cleanup.operation_result.v1",
      payload: { request_frame_id: ack.id, message_id: id, operation: "ack", status: "accepted", reason: null },
    });
    socket.send(ack);
    expect((await socket.next()).payload).toMatchObject({ status: "not_found", reason: expect.any(String) });
    expect([socket.unread(), plain.unread()]).toEqual([[], []]);
  });

  test("[WP22] what is given back or held too long goes to somebody again, three times at most", async () => {
    const { socket } = await connected(withCleanups());
    const id = uuidv7();
    const { pool } = await cleanUp(id);
    for (let time = 1; time <= 3; time++) {
      const message = await socket.next();
      expect(message.payload.delivery_count).toBe(time);
      socket.send(frame("cleanup.renew.v1", held(message)));
      expect((await socket.next()).payload).toMatchObject({ status: "accepted", lease_expires_at: expect.any(String) });
      socket.send(frame("cleanup.release.v1", { ...held(message), reason: "not now" }));
      expect((await socket.next()).payload).toMatchObject({ operation: "release", status: "accepted" });
    }
    await runDurableObjectAlarm(poolStub(tenant.owner, pool));
    socket.send(frame("cleanup.ack.v1", { message_id: id, reservation_token: "x" }));
    expect((await socket.next()).payload).toMatchObject({ status: "dead_lettered", reason: "not now" });
  });
});
