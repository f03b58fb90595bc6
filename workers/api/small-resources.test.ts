import { beforeEach, describe, expect, test, vi } from "vitest";
import { type Asked, ask, makeTenant, type TestTenant } from "../../test/workerd/tenant.ts";

let a: TestTenant;
beforeEach(async () => {
  a = await makeTenant();
});

const api = (route: string, body?: unknown): Promise<Asked> => ask(route, { token: a.key, body });
const begin = async (more: object = {}) => {
  const flow = (await api("POST /flows/", { name: "flow" })).body;
  return (await api("POST /flow_runs/", { flow_id: flow.id, state: { type: "RUNNING" }, ...more })).body;
};

test("[AP133] events tell what was made, changed and deleted, with what it was", async () => {
  const { body: flow } = await api("POST /flows/", { name: "told", tags: ["a"] });
  await api(`PATCH /flows/${flow.id}`, { tags: ["b"] });
  const artifact = async (data: string) =>
    (await api("POST /artifacts/", { key: "k", type: "markdown", data, flow_run_id: run.id })).body.id;
  const run = await begin({ flow_id: flow.id });
  const [first, second] = [await artifact("one"), await artifact("two")];
  await api("POST /work_pools/", { name: "pool", type: "process" });
  await api(`DELETE /flows/${flow.id}`);
  const told = async () => {
    const prefix = ["prefect.flow.", "prefect.artifact-collection.", "prefect.work-pool."];
    const { events } = (await api("POST /events/filter", { filter: { event: { prefix }, order: "ASC" } })).body;
    return events.filter(
      (event: { resource: Record<string, string> }) => event.resource["prefect.resource.name"] !== "flow",
    );
  };
  await vi.waitFor(async () => expect(await told()).toHaveLength(7));
  const events = await told();
  const named = (name: string) => events.filter(({ event }: { event: string }) => event === name);
  const what = (id: string) => ({ "prefect.resource.id": `prefect.flow.${flow.id}`, "prefect.resource.name": id });
  const tags = (name: string) => named(`prefect.flow.${name}`).map(({ payload }: { payload: object }) => payload);
  expect(named("prefect.flow.created")[0].resource).toEqual(what("told"));
  expect([tags("created"), tags("updated"), tags("deleted")]).toMatchObject([
    [{ name: "told", tags: ["a"] }],
    [{ tags: ["b"] }],
    [{ tags: ["b"] }],
  ]);
  const key = { "prefect.resource.id": `prefect.artifact-collection.${first}`, "prefect.resource.name": "k" };
  expect(named("prefect.artifact-collection.created")).toMatchObject([{ resource: key, payload: { data: "one" } }]);
  expect(named("prefect.artifact-collection.updated")).toMatchObject([
    {
      resource: key,
      related: [
        { "prefect.resource.id": `prefect.artifact.${second}`, "prefect.resource.role": "latest" },
        { "prefect.resource.id": `prefect.flow-run.${run.id}` },
      ],
    },
  ]);
  expect(named("prefect.work-pool.not-ready")[0].resource).not.toHaveProperty(["prefect.resource.role"]);
});

test("[AP125] a saved search is replaced under its name", async () => {
  const filter = (value: unknown) => ({
    object: "flow_run",
    property: "state",
    type: "state",
    operation: "any",
    value,
  });
  const first = await api("PUT /saved_searches/", { name: "mine", filters: [filter(["Late"])] });
  expect(first).toMatchObject({ status: 201, body: { name: "mine", filters: [filter(["Late"])] } });
  const second = await api("PUT /saved_searches/", { name: "mine", filters: [filter(null)] });
  expect(second).toMatchObject({ status: 200, body: { id: first.body.id, filters: [filter(null)] } });
  await api("PUT /saved_searches/", { name: "another" });
  const names = ((await api("POST /saved_searches/filter")).body as { name: string }[]).map(({ name }) => name);
  expect(names).toEqual(["another", "mine"]);
  expect((await api("PUT /saved_searches/", { name: "x", filters: [{ object: "o" }] })).status).toBe(422);
  expect((await api(`GET /saved_searches/${first.body.id}`)).body).toEqual(second.body);
  expect((await api(`DELETE /saved_searches/${first.body.id}`)).status).toBe(204);
  expect((await api(`GET /saved_searches/${first.body.id}`)).status).toBe(404);
});

describe("artifacts", () => {
  const leave = async (key: string | null, data: string, more: object = {}) =>
    (await api("POST /artifacts/", { key, type: "markdown", data, ...more })).body;
  const latest = async (body: object = {}) => (await api("POST /artifacts/latest/filter", body)).body;

  test("[AP126] the newest of each key", async () => {
    const first = await leave("a", "old");
    const second = await leave("a", "new", { type: "table" });
    const other = await leave("b", "only");
    await leave(null, "without a key");
    expect(await latest({ sort: "KEY_ASC" })).toEqual([
      { ...second, id: first.id, created: first.created, latest_id: second.id },
      { ...other, latest_id: other.id },
    ]);
    expect((await api("POST /artifacts/latest/count")).body).toBe(2);
    // The older artifact of «a» is not asked.
    expect(await latest({ artifacts: { type: { any_: ["markdown"] } } })).toMatchObject([{ key: "b" }]);
    expect(await latest({ artifacts: { latest_id: { any_: [second.id] } } })).toMatchObject([{ key: "a" }]);
    expect(await latest({ artifacts: { latest_id: { any_: [first.id] } } })).toEqual([]);
    expect((await api("POST /artifacts/latest/filter", { artifacts: { id: { any_: [] } } })).status).toBe(422);
    await api(`DELETE /artifacts/${second.id}`);
    expect(await latest({ sort: "KEY_ASC" })).toMatchObject([{ data: "old", latest_id: first.id }, { key: "b" }]);
  });

  test("[AP126] of a run and its subflows, as deep as asked", async () => {
    const run = await begin();
    const taskRun = (
      await api("POST /task_runs/", {
        flow_run_id: run.id,
        task_key: "t",
        dynamic_key: "0",
        state: { type: "RUNNING" },
      })
    ).body;
    const child = await begin({ parent_task_run_id: taskRun.id });
    await leave("own", "1", { flow_run_id: run.id, task_run_id: taskRun.id });
    await leave("child", "2", { flow_run_id: child.id });
    const of = async (path: string) => ((await api(`GET ${path}`)).body as { key: string }[]).map(({ key }) => key);
    expect(await of(`/flow_runs/${run.id}/artifacts`)).toEqual(["own", "child"]);
    expect(await of(`/flow_runs/${run.id}/artifacts?depth=0`)).toEqual(["own"]);
    expect(await of(`/flow_runs/${run.id}/artifacts?sort=desc`)).toEqual(["child", "own"]);
    expect(await of(`/flow_runs/${run.id}/artifacts?since=2100-01-01T00:00:00Z`)).toEqual([]);
    expect(await of(`/task_runs/${taskRun.id}/artifacts`)).toEqual(["own"]);
    expect((await api(`GET /flow_runs/${crypto.randomUUID()}/artifacts`)).status).toBe(404);
    expect((await api(`GET /task_runs/${crypto.randomUUID()}/artifacts`)).status).toBe(404);
  });
});

test("[AP127] the default storage of results", async () => {
  const stored = async () => (await api("GET /admin/storage")).body.default_result_storage_block_id;
  const block = async (slug: string, capabilities: string[]) => {
    const type = (await api("POST /block_types/", { name: slug, slug })).body;
    const fields = { title: slug, type: "object", properties: {} };
    const schema = (await api("POST /block_schemas/", { fields, capabilities, block_type_id: type.id })).body;
    const document = { name: slug, data: {}, block_type_id: type.id, block_schema_id: schema.id };
    return (await api("POST /block_documents/", document)).body.id as string;
  };
  expect(await stored()).toBeNull();
  const [shelf, wall] = [await block("shelf", ["read-path", "write-path"]), await block("wall", ["read-path"])];
  const set = (id: string) => api("PUT /admin/storage", { default_result_storage_block_id: id });
  expect((await set(wall)).status).toBe(422);
  expect((await set(crypto.randomUUID())).status).toBe(404);
  expect(await stored()).toBeNull();
  expect((await set(shelf)).body).toEqual({ default_result_storage_block_id: shelf });
  expect(await stored()).toBe(shelf);
  expect((await api("DELETE /admin/storage")).status).toBe(204);
  expect(await stored()).toBeNull();
  expect((await api("GET /hello")).body).toBe("👋");
  expect((await api("GET /admin/settings")).body.server.services.late_runs.after_seconds).toBe("PT15S");
});

test("[AP128] runs by pool and by pages of bars, and a schema without values", async () => {
  const pool = (await api("POST /work_pools/", { name: "pool", type: "process" })).body;
  const flow = (await api("POST /flows/", { name: "flow" })).body;
  const deployment = (await api("POST /deployments/", { name: "d", flow_id: flow.id, work_pool_name: "pool" })).body;
  for (const _ of [1, 2]) await api(`POST /deployments/${deployment.id}/create_flow_run`, {});
  await begin();
  const unknown = crypto.randomUUID();
  const counts = async (more: object = {}) =>
    (await api("POST /ui/work_pools/count-flow-runs", { work_pool_ids: [pool.id, unknown], ...more })).body;
  expect(await counts()).toEqual({ [pool.id]: 2, [unknown]: 0 });
  expect(await counts({ flow_runs: { state: { type: { any_: ["RUNNING"] } } } })).toMatchObject({ [pool.id]: 0 });
  const page = (await api("POST /ui/flow_runs/history-v2", { limit: 2, page: 2 })).body;
  expect(page).toMatchObject({ count: 3, pages: 2, page: 2, limit: 2, results: [{ timestamp: expect.any(Number) }] });
  expect((await api("POST /ui/schemas/validate_schema", { type: "object" })).body).toEqual({ errors: [], valid: true });
  expect((await api("POST /ui/schemas/validate_schema", { type: "nonsense" })).body.valid).toBe(false);
});

test("[AP124] the states that runs have been in", async () => {
  const run = await begin();
  await api(`POST /flow_runs/${run.id}/set_state`, { state: { type: "COMPLETED", name: "Fine" } });
  const names = async (query = "") =>
    ((await api(`GET /observed-states?order_by=NAME_ASC${query}`)).body as { state_name: string }[]).map(
      ({ state_name }) => state_name,
    );
  expect(await names()).toEqual(["Fine", "Running"]);
  expect(await names("&query=RUN")).toEqual(["Running"]);
  expect(await names("&limit=1")).toEqual(["Fine"]);
  expect((await api("GET /observed-states?limit=0")).status).toBe(422);
});

test("[AP132] automations are asked about, and there are none", async () => {
  const { key } = await makeTenant();
  const call = (route: string, body?: unknown) => ask(route, { token: key, body });
  expect((await call("POST /automations/filter", {})).body).toEqual([]);
  expect(await call(`GET /automations/${crypto.randomUUID()}`)).toMatchObject({
    status: 404,
    body: { detail: "Automation not found" },
  });
  const owned = `DELETE /automations/owned-by/prefect.deployment.${crypto.randomUUID()}`;
  expect(await call(owned)).toMatchObject({ status: 202, body: null });
});

test.each(["/templates/validate", "/automations/templates/validate"])("[AP132] [DO31] POST %s", async (path) => {
  const { key } = await makeTenant();
  const validate = (body?: unknown) => ask(`POST ${path}`, { token: key, body });
  expect((await validate(JSON.stringify("Run {{ flow_run.name }}"))).status).toBe(204);
  expect((await validate()).status).toBe(204);
  const source = "Run\n{{ flow_run.name";
  expect(await validate(JSON.stringify(source))).toMatchObject({
    status: 422,
    body: { error: { line: 2, message: "{{ is not closed: }} is missing", source } },
  });
  expect((await validate(7)).status).toBe(422);
});
