/** Pools, queues and polls over the API, inside the Workers runtime. */
import { runInDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { poolStub, TestAgent } from "../../test/workerd/agent.ts";
import { laterBy } from "../../test/workerd/clock.ts";
import { testEnv } from "../../test/workerd/env.ts";
import { ask, makeTenant, type TestTenant } from "../../test/workerd/tenant.ts";

let tenant: TestTenant;
beforeEach(async () => {
  tenant = await makeTenant();
});

const call = async (route: string, body?: unknown) => {
  const { status, body: answer } = await ask(route, { token: tenant.key, ...(body !== undefined && { body }) });
  return { status, body: answer };
};
const ok = async (route: string, body?: unknown) => {
  const { status, body: answer } = await call(route, body);
  expect(status, JSON.stringify(answer)).toBeLessThan(300);
  return answer;
};

const makePool = (body: object = {}) => ok("POST /work_pools/", { name: "p", type: "process", ...body });
const poll = (body: object = {}) =>
  ok("POST /work_pools/p/get_scheduled_flow_runs", { scheduled_before: inSeconds(5), ...body });
const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();
const flow = () => ok("POST /flows/", { name: "f" });

async function deploy(changes: object = {}) {
  const { id: flow_id } = await flow();
  return ok("POST /deployments/", { name: "d", flow_id, work_pool_name: "p", entrypoint: "f.py:f", ...changes });
}
const start = async (deployment: { id: string }, changes: object = {}) =>
  ok(`POST /deployments/${deployment.id}/create_flow_run`, changes);
const set = (run: { id: string }, type: string) =>
  call(`POST /flow_runs/${run.id}/set_state`, { state: { type } }).then(({ body }) => body);
const idsOf = (found: { flow_run: { id: string } }[]) => found.map(({ flow_run }) => flow_run.id);

const withoutName = ({ base_job_template }: ReturnType<typeof withVariable>) => ({ base_job_template });
/** A pool whose template has one variable, of this schema. */
const withVariable = (x: object) => ({
  name: "q",
  base_job_template: { job_configuration: { x: "{{ x }}" }, variables: { type: "object", properties: { x } } },
});

describe("pools", () => {
  test("[AP70] a pool comes with its queue, is changed, and what is not named stays", async () => {
    const pool = await makePool({ description: "here", concurrency_limit: 3 });
    expect(pool).toMatchObject({ status: "NOT_READY", active_slots: 0, concurrency_limit: 3, base_job_template: {} });
    const queue = await ok(`GET /work_queues/${pool.default_queue_id}`);
    expect(queue).toMatchObject({ name: "default", priority: 1, work_pool_name: "p", status: "NOT_READY" });
    await ok("PATCH /work_pools/p", { is_paused: true });
    expect(await ok("GET /work_pools/p")).toMatchObject({ status: "PAUSED", is_paused: true, description: "here" });
    await ok("PATCH /work_pools/p", { concurrency_limit: null, is_paused: false, description: null });
    const after = await ok("GET /work_pools/p");
    expect(after).toMatchObject({
      status: "NOT_READY",
      concurrency_limit: null,
      active_slots: null,
      description: null,
    });
    expect(await ok("POST /work_pools/count", {})).toBe(1);
    expect(await ok("POST /work_pools/paginate", { limit: 1 })).toMatchObject({ count: 1, pages: 1, page: 1 });
  });

  test.each([
    ["[AP70] a name that is taken", "POST /work_pools/", { name: "p" }, 409],
    ["[AP70] a name that is reserved", "POST /work_pools/", { name: "Prefect things" }, 403],
    ["[AP70] half a template", "POST /work_pools/", { name: "q", base_job_template: { variables: {} } }, 422],
    ["[AP70] a default that does not fit", "POST /work_pools/", withVariable({ type: "integer", default: "x" }), 422],
    ["[AP70] a schema that is none", "POST /work_pools/", withVariable({ type: "nonsense" }), 422],
    [
      "[AP70] a schema that leads to itself",
      "POST /work_pools/",
      withVariable({ $ref: "#/properties/x", default: 1 }),
      422,
    ],
    [
      "[AP70] a default that does not fit later",
      "PATCH /work_pools/p",
      withoutName(withVariable({ type: "integer", default: "x" })),
      422,
    ],
    ["[AP70] a limit below none", "PATCH /work_pools/p", { concurrency_limit: -1 }, 422],
    ["[AP70] a pool that is not there", "PATCH /work_pools/nobody", { is_paused: true }, 404],
    ["[AP70] a queue's priority of 0", "POST /work_pools/p/queues", { name: "q", priority: 0 }, 422],
    ["[AP70] a queue of a taken name", "POST /work_pools/p/queues", { name: "default" }, 409],
    ["[AP70] a queue of a pool that is not there", "POST /work_pools/nobody/queues", { name: "q" }, 404],
    ["[AP70] another name for the default queue", "PATCH /work_pools/p/queues/default", { name: "q" }, 422],
    ["[AP70] no default queue", "DELETE /work_pools/p/queues/default", undefined, 409],
    [
      "[AP71] a poll of a queue that is not there",
      "POST /work_pools/p/get_scheduled_flow_runs",
      { work_queue_names: ["no"] },
      404,
    ],
    ["[AP71] a poll of a pool that is not there", "POST /work_pools/no/get_scheduled_flow_runs", {}, 404],
    ["[AP70] a heartbeat to a pool that is not there", "POST /work_pools/no/workers/heartbeat", { name: "w" }, 404],
  ] as const)("%s is refused", async (_case, route, body, wanted) => {
    await makePool();
    const before = await ok("POST /work_queues/filter", {});
    expect((await call(route, body)).status).toBe(wanted);
    expect(await ok("POST /work_queues/filter", {})).toEqual(before);
  });

  test("[AP70] an object that did not hear of a change is told by the next reading", async () => {
    const { id } = await makePool();
    await testEnv.SHARD_0.prepare("UPDATE work_pools SET is_paused = 1, revision = 9 WHERE id = ?1").bind(id).run();
    await testEnv.SHARD_1.prepare("UPDATE work_pools SET is_paused = 1, revision = 9 WHERE id = ?1").bind(id).run();
    await ok("GET /work_pools/p");
    expect(await ok("GET /work_pools/p/dispatch")).toMatchObject({ is_paused: true });
  });

  test("[AP70] a deleted pool leaves no queue, and its deployments and runs have none", async () => {
    await makePool();
    const deployment = await deploy();
    const run = await start(deployment);
    await poll();
    await ok("DELETE /work_pools/p");
    expect((await call("GET /work_pools/p")).status).toBe(404);
    expect((await call("POST /work_pools/p/get_scheduled_flow_runs", {})).status).toBe(404);
    expect(await ok("POST /work_queues/filter", {})).toEqual([]);
    expect(await ok(`GET /deployments/${deployment.id}`)).toMatchObject({ work_pool_name: null, work_queue_id: null });
    await vi.waitFor(async () =>
      expect(await ok(`GET /flow_runs/${run.id}`)).toMatchObject({ work_pool_name: null, state_type: "SCHEDULED" }),
    );
    // One of the same name is another pool.
    await makePool();
    expect(await poll()).toEqual([]);
  });
});

describe("queues", () => {
  test("[AP70] priorities are different, and one that is taken moves the others", async () => {
    await makePool();
    await ok("POST /work_pools/p/queues", { name: "b" });
    const first = await ok("POST /work_pools/p/queues", { name: "c", priority: 1 });
    expect(first).toMatchObject({ name: "c", priority: 1, description: "", filter: null });
    const names = async () =>
      (await ok("POST /work_pools/p/queues/filter", {})).map((queue: { name: string; priority: number }) => [
        queue.name,
        queue.priority,
      ]);
    expect(await names()).toEqual([
      ["c", 1],
      ["default", 2],
      ["b", 3],
    ]);
    await ok("PATCH /work_pools/p/queues/b", { priority: 2, name: "d" });
    expect(await names()).toEqual([
      ["c", 1],
      ["d", 2],
      ["default", 3],
    ]);
    await ok("DELETE /work_pools/p/queues/d");
    expect(await ok("POST /work_queues/filter", { work_queues: { name: { startswith_: ["de"] } } })).toHaveLength(1);
  });

  test("[AP70] queues without a pool's name are those of the default agent pool", async () => {
    const queue = await ok("POST /work_queues/", { name: "mine", concurrency_limit: 2 });
    expect(queue).toMatchObject({ work_pool_name: "default-agent-pool", concurrency_limit: 2, active_slots: 0 });
    expect(await ok("GET /work_queues/name/mine")).toMatchObject({ id: queue.id });
    expect(await ok("GET /work_pools/default-agent-pool")).toMatchObject({ type: "prefect-agent", status: null });
    expect(await ok(`GET /work_queues/${queue.id}/status`)).toEqual({
      healthy: false,
      late_runs_count: 0,
      last_polled: null,
      health_check_policy: { maximum_late_runs: 0, maximum_seconds_since_last_polled: 60 },
    });
  });

  test("[AP70] a deployment that names a queue has it made, and its runs go there", async () => {
    await makePool();
    const deployment = await deploy({ work_queue_name: "fast" });
    const queue = await ok("GET /work_pools/p/queues/fast");
    expect(deployment).toMatchObject({ work_queue_name: "fast", work_queue_id: queue.id });
    const run = await start(deployment);
    expect(run).toMatchObject({ work_queue_name: "fast", work_queue_id: queue.id });
    expect(idsOf(await poll({ work_queue_names: ["default"] }))).toEqual([]);
    expect(await poll({ work_queue_names: ["fast"] })).toMatchObject([{ work_queue_id: queue.id }]);
  });
});

describe("workers", () => {
  test("[AP71] a poll right after a create finds the run, and those that are due later when it asks for them", async () => {
    await makePool();
    const deployment = await deploy();
    const now = await start(deployment);
    const later = await start(deployment, {
      state: { type: "SCHEDULED", state_details: { scheduled_time: inSeconds(3600) } },
    });
    expect(idsOf(await poll())).toEqual([now.id]);
    expect(idsOf(await poll({ scheduled_before: inSeconds(7200) }))).toEqual([now.id, later.id]);
    expect(idsOf(await poll({ scheduled_before: null }))).toEqual([now.id, later.id]);
    expect(idsOf(await poll({ scheduled_before: inSeconds(7200), scheduled_after: inSeconds(60) }))).toEqual([
      later.id,
    ]);
    expect(idsOf(await poll({ limit: 0 }))).toEqual([]);
  });

  test("[WP17] a run is taken by PENDING, once, and then shown to nobody", async () => {
    await makePool();
    const run = await start(await deploy());
    expect(idsOf(await poll())).toEqual([run.id]);
    const answers = await Promise.all([set(run, "PENDING"), set(run, "PENDING"), set(run, "PENDING")]);
    expect(answers.map(({ status }) => status).sort()).toEqual(["ABORT", "ABORT", "ACCEPT"]);
    expect(await poll()).toEqual([]);
  });

  test("[WP17] limits hold for those who take as for those who are given, and a run that ended gives its room back", async () => {
    await makePool({ concurrency_limit: 1 });
    const deployment = await deploy();
    const [one, two] = [await start(deployment), await start(deployment)];
    expect(idsOf(await poll())).toEqual([one.id]);
    expect((await set(one, "PENDING")).status).toBe("ACCEPT");
    expect(await poll()).toEqual([]);
    const refused = await set(two, "PENDING");
    expect(refused).toMatchObject({ status: "ABORT", details: { reason: expect.stringContaining("limit") } });
    expect((await ok(`GET /flow_runs/${two.id}`)).state_type).toBe("SCHEDULED");
    expect(await ok("GET /work_pools/p")).toMatchObject({ active_slots: 1 });
    expect(await ok("POST /work_pools/p/concurrency_status", {})).toMatchObject({
      active_slots: 1,
      queues: [{ queue_name: "default", flow_run_count: 1, flow_runs: [{ id: one.id, state_type: "PENDING" }] }],
    });
    await set(one, "RUNNING");
    await set(one, "COMPLETED");
    expect(idsOf(await poll())).toEqual([two.id]);
    expect((await set(two, "PENDING")).status).toBe("ACCEPT");
  });

  test("[WP17] agents and workers share the limits, and a run goes to one of them", async () => {
    const pool = await makePool({ concurrency_limit: 2 });
    const agent = await TestAgent.start(tenant.owner, pool.id, { slots: 5 });
    const deployment = await deploy();
    const runs = [await start(deployment), await start(deployment), await start(deployment)];
    const assigned = [await agent.assigned(), await agent.assigned()].map(({ run_id }) => run_id);
    expect(await poll()).toEqual([]);
    const left = runs.find(({ id }) => !assigned.includes(id));
    expect(await set(left, "PENDING")).toMatchObject({ status: "ABORT" });
    expect(await set(runs[0], "PENDING")).toMatchObject({ status: "ABORT" });
    expect(await ok("GET /work_pools/p/dispatch")).toMatchObject({
      active_slots: 2,
      free_agent_slots: 3,
      count: 1,
      waiting: [{ flow_run_id: left.id, reason: "pool_limit", place: null, priority: 100 }],
    });
  });

  test("[WP18] a run that began without being given out counts, and one that was rescheduled waits again", async () => {
    await makePool({ concurrency_limit: 1 });
    const deployment = await deploy();
    const run = await start(deployment);
    expect((await set(run, "RUNNING")).status).toBe("ACCEPT");
    await vi.waitFor(async () => expect((await ok("GET /work_pools/p")).active_slots).toBe(1));
    await call(`POST /flow_runs/${run.id}/set_state`, { state: { type: "SCHEDULED" }, force: true });
    await vi.waitFor(async () => expect(idsOf(await poll())).toEqual([run.id]));
    expect((await ok("GET /work_pools/p")).active_slots).toBe(0);
  });

  test("[WP20] [WP21] a heartbeat makes a worker ONLINE and its pool READY, a poll its queue; what changes nothing writes nothing", async () => {
    const pool = await makePool();
    const beat = { name: "w", heartbeat_interval_seconds: 30, return_id: true };
    const id = await ok("POST /work_pools/p/workers/heartbeat", beat);
    expect(await ok(`GET /work_pools/p/workers/${id}`)).toMatchObject({
      name: "w",
      status: "ONLINE",
      work_pool_id: pool.id,
    });
    expect(await ok("GET /work_pools/p")).toMatchObject({ status: "READY" });
    await poll();
    expect(await ok(`GET /work_queues/${pool.default_queue_id}`)).toMatchObject({
      status: "READY",
      last_polled: expect.any(String),
    });
    const written = () =>
      runInDurableObject(poolStub(tenant.owner, pool.id), (_, { storage }) =>
        storage.sql.exec("SELECT total_changes() AS rows").one(),
      );
    const before = await written();
    for (let time = 0; time < 5; time++) {
      await poll();
      await ok("POST /work_pools/p/workers/heartbeat", beat);
    }
    expect(await written()).toEqual(before);
    expect(await ok("POST /work_pools/p/workers/filter", { workers: { status: { any_: ["OFFLINE"] } } })).toEqual([]);
    expect(await ok("POST /work_pools/p/workers/paginate", {})).toMatchObject({ count: 1, results: [{ id }] });
    await ok("DELETE /work_pools/p/workers/w");
    expect((await call("DELETE /work_pools/p/workers/w")).status).toBe(404);
    expect(await ok("GET /work_pools/p")).toMatchObject({ status: "NOT_READY" });
  });

  test("[WP25] [AP88] while an agent is connected its queues and their deployments are READY, and a minute longer", async () => {
    const pool = await makePool();
    await ok("POST /work_pools/p/queues", { name: "paused", is_paused: true });
    const { id } = await deploy();
    const shown = async () => {
      const [deployment, queue, paused] = await Promise.all([
        ok(`GET /deployments/${id}`),
        ok("GET /work_pools/p/queues/default"),
        ok("GET /work_pools/p/queues/paused"),
      ]);
      return [deployment.status, deployment.last_polled !== null, queue.status, paused.status];
    };
    expect(await shown()).toEqual(["NOT_READY", false, "NOT_READY", "PAUSED"]);
    const agents = [await TestAgent.start(tenant.owner, pool.id), await TestAgent.start(tenant.owner, pool.id)];
    expect(await shown()).toEqual(["READY", true, "READY", "PAUSED"]);
    const rows = () =>
      runInDurableObject(poolStub(tenant.owner, pool.id), (_, { storage }) =>
        storage.sql.exec("SELECT total_changes() AS rows").one(),
      );
    const before = await rows();
    laterBy(3_600);
    for (const agent of agents) agent.socket.send({ type: "renew" });
    expect(await shown()).toEqual(["READY", true, "READY", "PAUSED"]);
    expect(await rows()).toEqual(before);
    const gone = async (left: number) => {
      const list = await ok("GET /work_pools/p/agents");
      return list.filter(({ status }: { status: string }) => status === "ONLINE").length === left;
    };
    agents[0]?.socket.close();
    await vi.waitUntil(() => gone(1));
    expect(await shown()).toEqual(["READY", true, "READY", "PAUSED"]);
    agents[1]?.socket.close();
    await vi.waitUntil(() => gone(0));
    expect(await shown()).toEqual(["READY", true, "READY", "PAUSED"]);
    laterBy(61);
    expect(await shown()).toEqual(["NOT_READY", true, "NOT_READY", "PAUSED"]);
    vi.useRealTimers();
  });

  test("[AP71] runs of a queue are polled by its id; pages that only look are no poll", async () => {
    const pool = await makePool();
    const run = await start(await deploy());
    const path = `POST /work_queues/${pool.default_queue_id}/get_runs`;
    const looked = await ask(path, { token: tenant.key, body: {}, headers: { "x-prefect-ui": "true" } });
    expect(looked.body).toMatchObject([{ id: run.id, work_pool_name: "p" }]);
    expect((await ok(`GET /work_queues/${pool.default_queue_id}`)).last_polled).toBeNull();
    expect(await ok(path, {})).toHaveLength(1);
    expect((await ok(`GET /work_queues/${pool.default_queue_id}`)).last_polled).not.toBeNull();
  });

  test("[WP2] [AP71] priority and fairness come from job variables", async () => {
    await makePool();
    const deployment = await deploy();
    const plain = await start(deployment);
    const first = await start(deployment, { job_variables: { priority: 1 } });
    const [a1, a2, b1] = [
      await start(deployment, { job_variables: { fairness_key: "a" } }),
      await start(deployment, { job_variables: { fairness_key: "a" } }),
      await start(deployment, { job_variables: { fairness_key: "b" } }),
    ];
    const order = idsOf(await poll());
    expect(order[0]).toBe(first.id);
    expect(order.slice(1)).toEqual([a1.id, b1.id, plain.id, a2.id]);
  });
});

test("[AP70] collections know the types of pools, and a preview fills a template with its defaults", async () => {
  const view = await ok("GET /collections/views/aggregate-worker-metadata");
  const template = view.prefect.process.default_base_job_configuration;
  expect(await ok("GET /collections/work_pool_types")).toEqual(view);
  const types = Object.values(view).flatMap((collection) => Object.values(collection as object));
  expect(types.map(({ type }) => type).sort()).toEqual(
    "azure-container-instance cloud-run cloud-run-v2 docker ecs kubernetes process vertex-ai".split(" "),
  );
  for (const { type, default_base_job_configuration } of types)
    await ok("POST /work_pools/", { name: type, type, base_job_template: default_base_job_configuration });
  expect((await call("GET /collections/views/nothing")).status).toBe(404);
  await makePool({ base_job_template: template });
  expect(await ok("POST /work_pools/configuration/preview", { type: "process", base_job_template: template })).toEqual({
    name: null,
    command: null,
    stream_output: true,
    working_dir: null,
  });
});
