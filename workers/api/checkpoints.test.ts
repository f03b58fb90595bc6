import { beforeEach, expect, test } from "vitest";
import { signRunToken } from "../../durable-objects/kit/run-token.ts";
import { testEnv } from "../../test/workerd/env.ts";
import { runAt } from "../../test/workerd/runs.ts";
import { ask, makeTenant, type TestTenant } from "../../test/workerd/tenant.ts";

let a: TestTenant;
let flow: string;
let run: string;
beforeEach(async () => {
  a = await makeTenant();
  flow = (await call("POST /flows/", { name: "flow" })).body.id;
  run = (await call("POST /flow_runs/", { flow_id: flow })).body.id;
});

const call = (route: string, body?: unknown, token = a.key) => ask(route, { token, body });
const keep = (key: string, value: unknown, more: object = {}, of = run) =>
  call(`PUT /flow_runs/${of}/checkpoints/${encodeURIComponent(key)}`, { value, ...more });
const read = (key: string, of = run) => call(`GET /flow_runs/${of}/checkpoints/${encodeURIComponent(key)}`);
const keys = async (query = "", of = run) =>
  (await call(`GET /flow_runs/${of}/checkpoints/${query}`)).body.map(({ key }: { key: string }) => key);

test("[FO41] what is kept comes back as it was, with its version", async () => {
  for (const [at, value] of [null, 0, "text", [1, { a: null }], { b: true }].entries()) {
    expect(await keep("a/b #1", value)).toMatchObject({ status: 200, body: { key: "a/b #1", version: at + 1 } });
    expect((await read("a/b #1")).body).toMatchObject({ value, version: at + 1 });
  }
  expect((await read("other")).status).toBe(404);
});

test("[FR82] who names a version writes over that one alone", async () => {
  expect((await keep("k", 1, { version: 0 })).status).toBe(200);
  expect((await keep("k", 2, { version: 0 })).status).toBe(409);
  expect((await keep("k", 2, { version: 1 })).body).toMatchObject({ version: 2 });
  expect((await read("k")).body).toMatchObject({ value: 2 });
  expect((await keep("k", 2, { version: -1 })).status).toBe(422);
});

test("[FO41] a large value lies in the bucket under its hash, and comes back whole", async () => {
  const value = "x".repeat(200_000);
  expect((await keep("large", value)).body).toMatchObject({ size: 200_002 });
  const { objects } = await testEnv.BLOBS.list({ prefix: `${a.workspace}/checkpoints/` });
  expect(objects).toHaveLength(1);
  expect((await read("large")).body.value).toBe(value);
  expect((await call(`GET /flow_runs/${run}/checkpoints/`)).body).toMatchObject([
    { key: "large", value: null, large: true },
  ]);
  await testEnv.BLOBS.put((objects[0] as { key: string }).key, '"other"');
  expect((await read("large")).status).toBe(404);
});

test("[FO41] they are listed in order of their keys, by pages", async () => {
  for (const key of ["b", "a", "c/1", "c/2"]) await keep(key, key);
  expect(await keys()).toEqual(["a", "b", "c/1", "c/2"]);
  expect(await keys("?limit=2&after=a")).toEqual(["b", "c/1"]);
  expect(await keys("?prefix=c/")).toEqual(["c/1", "c/2"]);
  expect((await call(`GET /flow_runs/${run}/checkpoints/?limit=0`)).status).toBe(422);
  expect((await call(`DELETE /flow_runs/${run}/checkpoints/a`)).status).toBe(204);
  expect((await call(`DELETE /flow_runs/${run}/checkpoints/a`)).status).toBe(404);
  expect(await keys()).toEqual(["b", "c/1", "c/2"]);
});

const deployed = async (): Promise<string> => {
  await call("POST /work_pools/", { name: "pool", type: "process" });
  const body = { name: "d", flow_id: flow, entrypoint: "f.js:f", work_pool_name: "pool" };
  const deployment = (await call("POST /deployments/", body)).body.id;
  return (await call(`POST /deployments/${deployment}/create_flow_run`, { parameters: { a: 1 }, tags: ["t"] })).body.id;
};

test("[FO41] a process whose claim was taken back keeps nothing more, and the next finds what it had kept", async () => {
  const id = await deployed();
  const { object } = runAt(a.owner, id);
  const claim = async (session: string) => {
    const claimed = await object.claim(a.owner, id, { agent: "agent", session });
    if (!("generation" in claimed)) throw new Error(JSON.stringify(claimed));
    const { account, workspace } = a;
    return signRunToken(testEnv, { account, workspace, run: id, generation: claimed.generation, key: null });
  };
  const first = await claim("one");
  expect((await call(`PUT /flow_runs/${id}/checkpoints/k`, { value: 1 }, first)).status).toBe(200);
  await object.release(a.owner, 1);
  const second = await claim("two");
  expect((await call(`PUT /flow_runs/${id}/checkpoints/k`, { value: 2 }, first)).status).toBe(409);
  expect((await call(`GET /flow_runs/${id}/checkpoints/k`, undefined, second)).body.value).toBe(1);
});

test("[FR83] [FR84] a run is run again whole, or from a task on with what was kept before that", async () => {
  const id = await deployed();
  const task = async (task_key: string) =>
    (await call("POST /task_runs/", { flow_run_id: id, task_key, dynamic_key: "0", name: `${task_key}-0` })).body.id;
  await task("first");
  await keep("first/0", "done", {}, id);
  const second = await task("second");
  await keep("second/0", "done", {}, id);
  const rerun = (body?: object) => call(`POST /flow_runs/${id}/rerun`, body);
  const whole = await rerun();
  expect(whole).toMatchObject({
    status: 201,
    body: { state_type: "SCHEDULED", parameters: { a: 1 }, tags: ["t"], labels: { "millrace.rerun-of": id } },
  });
  expect(whole.body.id).not.toBe(id);
  expect(await keys("", whole.body.id)).toEqual([]);
  for (const from_task of ["second", "second-0", second]) {
    const again = await rerun({ from_task, parameters: { a: 2 } });
    expect(again.body).toMatchObject({ parameters: { a: 2 } });
    expect(await keys("", again.body.id)).toEqual(["first/0"]);
  }
  expect((await rerun({ from_task: "nobody" })).status).toBe(404);
  expect((await rerun({ nope: 1 })).status).toBe(422);
  expect((await call(`POST /flow_runs/${run}/rerun`)).status).toBe(409);
});
