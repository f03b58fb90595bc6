import { runDurableObjectAlarm } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { laterBy } from "../../test/workerd/clock.ts";
import { testEnv } from "../../test/workerd/env.ts";
import { type Asked, ask, makeTenant, type TestTenant } from "../../test/workerd/tenant.ts";
import { sweepSilent } from "../sweeps/silent-deployments.ts";

let a: TestTenant;
let flow: string;
beforeEach(async () => {
  a = await makeTenant();
  flow = (await api("POST /flows/", { name: "flow" })).body.id;
});
afterEach(() => {
  vi.useRealTimers();
});

const api = (route: string, body?: unknown): Promise<Asked> => ask(route, { token: a.key, body });
/** Asks under the cloud's paths. */
const cloud = (route: string, body?: unknown): Promise<Asked> => {
  const [method, path] = route.split(" ");
  return api(`${method} /accounts/${a.account}/workspaces/${a.workspace}${path}`, body);
};
const deploy = async (body: object = {}) =>
  (await cloud("POST /deployments/", { name: "d", flow_id: flow, ...body })).body;
const git = (version: string) => ({ type: "vcs:git", version, branch: "main" });
const versionsOf = async (id: string) => (await cloud(`POST /deployments/${id}/versions/paginate`)).body;
const named = (page: { results: { version_info: { version: string } }[] }) =>
  page.results.map(({ version_info }) => version_info.version);
/** Events of deployments, the oldest first, once as many were told. */
const told = (count: number) =>
  vi.waitFor(async () => {
    const filter = { event: { prefix: ["prefect.deployment."] }, order: "ASC" };
    const { events } = (await api("POST /events/filter", { filter })).body;
    expect(events).toHaveLength(count);
    return events as { event: string; payload: Record<string, unknown>; related: Record<string, string>[] }[];
  });

describe("versions", () => {
  test("[AP131] each description makes one, and a second like the first none", async () => {
    const first = await deploy({ version_info: git("1"), entrypoint: "a.py:f" });
    expect(first).toMatchObject({ version: "1", version_info: git("1"), version_id: expect.any(String) });
    expect(await deploy({ version_info: git("1"), entrypoint: "a.py:f" })).toMatchObject({
      version_id: first.version_id,
    });
    await api(`PATCH /deployments/${first.id}`, { version_info: git("2"), entrypoint: "b.py:f" });
    await api(`PATCH /deployments/${first.id}`, { description: "no version of its own" });
    const page = await versionsOf(first.id);
    expect(named(page)).toEqual(["2", "1"]);
    expect(page).toMatchObject({
      count: 2,
      pages: 1,
      page: 1,
      results: [{ entrypoint: "b.py:f" }, { entrypoint: "a.py:f" }],
    });
    const one = await cloud(`GET /deployments/${first.id}/versions/${first.version_id}`);
    expect(one.body).toEqual(page.results[1]);
  });

  test("[AP131] promoting makes the deployment what it was, and its runs say so", async () => {
    const first = await deploy({ version_info: git("1"), entrypoint: "a.py:f", parameters: { x: 1 }, tags: ["old"] });
    await deploy({ version_info: git("2"), entrypoint: "b.py:f", parameters: { x: 2 }, tags: [] });
    const promoted = await cloud(`POST /deployments/${first.id}/versions/${first.version_id}/promote`, {
      reason: "back",
    });
    expect(promoted).toMatchObject({ status: 200, body: true });
    expect((await cloud(`GET /deployments/${first.id}`)).body).toMatchObject({
      ...{ version: "1", version_id: first.version_id, version_info: git("1") },
      ...{ entrypoint: "a.py:f", parameters: { x: 1 }, tags: ["old"] },
    });
    const run = (await api(`POST /deployments/${first.id}/create_flow_run`, {})).body;
    expect(run).toMatchObject({ deployment_version: "1", parameters: { x: 1 } });
    expect(named(await versionsOf(first.id))).toEqual(["2", "1"]);
  });

  test("[AP131] the version that a deployment is stays; others go, and all of them with it", async () => {
    const first = await deploy({ version_info: git("1") });
    const second = await deploy({ version_info: git("2") });
    const at = (version: string) => `/deployments/${first.id}/versions/${version}`;
    expect((await cloud(`DELETE ${at(second.version_id)}`)).status).toBe(409);
    expect((await cloud(`DELETE ${at(first.version_id)}`)).status).toBe(204);
    expect((await cloud(`DELETE ${at(first.version_id)}`)).status).toBe(404);
    expect((await cloud(`POST ${at(first.version_id)}/promote`, {})).status).toBe(404);
    expect((await cloud(`GET /deployments/${first.id}`)).body).toMatchObject({ version_id: second.version_id });
    await api(`DELETE /deployments/${first.id}`);
    expect((await cloud(`POST /deployments/${first.id}/versions/paginate`)).status).toBe(404);
    const { results } = await testEnv.SHARD_0.prepare("SELECT id FROM deployment_versions WHERE deployment_id = ?1")
      .bind(first.id)
      .all();
    expect(results).toEqual([]);
  });

  test("[AP131] [AP14] runs, planned ones too, say which version the deployment was when they were made, and are found by it", async () => {
    const schedules = [{ schedule: { interval: 3600, anchor_date: "2026-01-01T00:00:00Z" } }];
    const first = await deploy({ version_info: git("1"), schedules });
    const begin = async () => (await api(`POST /deployments/${first.id}/create_flow_run`, {})).body;
    const older = await begin();
    expect(older.deployment_version_id).toBe(first.version_id);
    const second = await deploy({ version_info: git("2"), schedules });
    const newer = await begin();
    expect(newer.deployment_version_id).toBe(second.version_id);
    expect(second.version_id).not.toBe(first.version_id);
    const found = async (flow_runs: object): Promise<{ id: string; auto_scheduled: boolean }[]> =>
      (await api("POST /flow_runs/filter", { flow_runs })).body;
    const of = (version: string, deployment = first.id) =>
      found({ deployment_version_id: { deployment_id: deployment, any_: [version] } });
    expect((await of(first.version_id)).map(({ id }) => id)).toEqual([older.id]);
    const now = await of(second.version_id);
    expect(now.filter((run) => !run.auto_scheduled).map(({ id }) => id)).toEqual([newer.id]);
    expect(now.filter((run) => run.auto_scheduled)).toHaveLength(3);
    expect(await of(second.version_id, first.flow_id)).toEqual([]);
    const refused = await api("POST /flow_runs/filter", { flow_runs: { deployment_version_id: { any_: [] } } });
    expect([refused.status, refused.body.exception_detail[0].loc.at(-1)]).toEqual([422, "deployment_id"]);
  });

  test("[AP131] under the self-hosted server's paths nothing is told of versions and branches", async () => {
    const { id } = await deploy({ version_info: git("1") });
    const { body } = await api(`GET /deployments/${id}`);
    expect(Object.keys(body).filter((field) => /version_|branch|base|root|disabled/.test(field))).toEqual([]);
  });
});

describe("branches", () => {
  test("[AP122] a branch is a deployment of its own, with what it overrides", async () => {
    const base = await deploy({
      ...{ version_info: git("1"), parameters: { x: 1 }, tags: ["t"], concurrency_limit: 2 },
      schedules: [{ schedule: { cron: "0 9 * * *" } }],
    });
    const branch = async (name: string, more: object = {}) =>
      (await cloud(`POST /deployments/${base.id}/branch`, { branch: name, ...more })).body;
    const plain = await branch("feature/x", { overrides: { parameters: { x: 2 }, version_info: git("9") } });
    expect(plain).toMatchObject({
      ...{ name: "d@feature-x", branch: "feature/x", base: base.id, root: base.id, tags: ["t"], schedules: [] },
      ...{ parameters: { x: 2 }, version: "9", global_concurrency_limit: { limit: 2 } },
    });
    expect(plain.global_concurrency_limit.id).not.toBe(base.global_concurrency_limit.id);
    expect(await branch("keep", { options: { schedule_handling: "keep" } })).toMatchObject({
      schedules: [{ active: true }],
    });
    const inactive = await branch("inactive", { options: { schedule_handling: "inactive" } });
    expect(inactive).toMatchObject({ schedules: [{ active: false }] });
    expect(inactive.schedules[0].id).not.toBe(base.schedules[0].id);
    const again = await cloud(`POST /deployments/${inactive.id}/branch`, { branch: "deeper" });
    expect(again.body).toMatchObject({ base: inactive.id, root: base.id });
    expect((await cloud(`POST /deployments/${base.id}/branch`, { branch: "keep" })).status).toBe(409);
    for (const bad of [
      { branch: " " },
      { branch: "b", options: { schedule_handling: "drop" } },
      { branch: "b", overrides: { name: "n" } },
    ])
      expect((await cloud(`POST /deployments/${base.id}/branch`, bad)).status).toBe(422);
    expect((await cloud(`GET /deployments/${base.id}`)).body).toMatchObject({ parameters: { x: 1 }, branch: null });
  });
});

test("[AP122] a disabled deployment has no runs until it is enabled", async () => {
  const { id } = await deploy({ schedules: [{ schedule: { interval: 3600 } }] });
  const runs = async () => (await api("POST /flow_runs/count", { deployments: { id: { any_: [id] } } })).body;
  expect(await runs()).toBeGreaterThan(0);
  expect((await cloud(`POST /deployments/${id}/disable`)).status).toBe(200);
  expect(await runs()).toBe(0);
  expect((await cloud(`GET /deployments/${id}`)).body).toMatchObject({ disabled: true, status: "DISABLED" });
  expect((await api(`POST /deployments/${id}/create_flow_run`, {})).status).toBe(409);
  await cloud(`POST /deployments/${id}/enable`);
  expect(await runs()).toBeGreaterThan(0);
  expect((await api(`POST /deployments/${id}/create_flow_run`, {})).status).toBe(201);
});

test("[AP122] the older names of pausing and resuming", async () => {
  const { id } = await deploy();
  await cloud(`POST /deployments/${id}/set_schedule_inactive`);
  expect((await cloud(`GET /deployments/${id}`)).body).toMatchObject({ paused: true, is_schedule_active: false });
  await cloud(`POST /deployments/${id}/set_schedule_active`);
  expect((await cloud(`GET /deployments/${id}`)).body).toMatchObject({ paused: false, is_schedule_active: true });
});

describe("events", () => {
  test("[AP123] of what became of a deployment", async () => {
    await api("POST /work_pools/", { name: "pool", type: "process" });
    const { id } = await deploy({ work_pool_name: "pool", description: "old", concurrency_limit: 1 });
    await told(1);
    await api(`PATCH /deployments/${id}`, { description: "new", tags: ["t"] });
    await told(2);
    await api(`PATCH /deployments/${id}`, { description: "new" });
    await cloud(`POST /deployments/${id}/disable`);
    await told(3);
    await api(`DELETE /deployments/${id}`);
    const events = await told(4);
    expect(events.map(({ event }) => event)).toEqual(
      ["created", "updated", "disabled", "deleted"].map((what) => `prefect.deployment.${what}`),
    );
    expect(events[1]?.payload).toEqual({
      updated_fields: ["description", "tags"],
      updates: { description: { from: "old", to: "new" }, tags: { from: [], to: ["t"] } },
    });
    for (const { related } of events)
      expect(related.map((one) => one["prefect.resource.role"])).toEqual([
        "flow",
        "work-queue",
        "work-pool",
        "concurrency-limit",
      ]);
  });

  test("[AP123] who asks for a deployment's runs makes it ready, and nobody any more not ready", async () => {
    const { id } = await deploy();
    await told(1);
    const poll = () => api("POST /deployments/get_scheduled_flow_runs", { deployment_ids: [id] });
    await poll();
    await poll();
    expect((await told(2)).at(-1)).toMatchObject({ event: "prefect.deployment.ready" });
    laterBy(100);
    await sweepSilent(testEnv);
    await sweepSilent(testEnv);
    expect((await told(3)).at(-1)).toMatchObject({ event: "prefect.deployment.not-ready" });
    await poll();
    expect((await told(4)).at(-1)).toMatchObject({ event: "prefect.deployment.ready" });
  });

  test("[AP123] who serves its queue makes it ready too, and those of other queues are not told of", async () => {
    await api("POST /work_pools/", { name: "pool", type: "process" });
    await deploy({ work_pool_name: "pool" });
    await deploy({ name: "other", work_pool_name: "pool", work_queue_name: "lane" });
    await deploy({ name: "homeless" });
    await told(3);
    await api("POST /work_pools/pool/get_scheduled_flow_runs", { work_queue_names: ["default"] });
    const ready = (await told(4)).at(-1);
    expect(ready?.event).toBe("prefect.deployment.ready");
    expect(ready?.related).toContainEqual(expect.objectContaining({ "prefect.resource.name": "default" }));
  });
});

test("[AP83] a deployment tells how many slots of its limit are taken", async () => {
  const { id } = await deploy({ concurrency_limit: 3 });
  const run = (await api(`POST /deployments/${id}/create_flow_run`, {})).body;
  expect((await api(`POST /flow_runs/${run.id}/set_state`, { state: { type: "PENDING" } })).body.status).toBe("ACCEPT");
  const { body } = await api(`GET /deployments/${id}`);
  expect(body.global_concurrency_limit).toMatchObject({ limit: 3, active_slots: 1 });
  const [listed] = (await api("POST /deployments/filter", {})).body;
  expect(listed.global_concurrency_limit.active_slots).toBe(1);
});

test("[AP85] a deleted flow's schedules plan nothing any more", async () => {
  const { id } = await deploy({ schedules: [{ schedule: { interval: 60 } }] });
  expect((await api(`DELETE /flows/${flow}`)).status).toBe(204);
  await runDurableObjectAlarm(testEnv.DEPLOYMENT.getByName(`${a.workspace}/${id}`));
  laterBy(7200);
  await runDurableObjectAlarm(testEnv.DEPLOYMENT.getByName(`${a.workspace}/${id}`));
  expect((await api("POST /flow_runs/count", {})).body).toBe(0);
});
