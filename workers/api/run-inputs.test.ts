import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { laterBy } from "../../test/workerd/clock.ts";
import { ask, makeTenant, type TestTenant } from "../../test/workerd/tenant.ts";

let a: TestTenant;
let run: string;
beforeEach(async () => {
  a = await makeTenant();
  const flow = (await call("POST /flows/", { name: "asks" })).body.id;
  run = (await call("POST /flow_runs/", { flow_id: flow })).body.id;
});

afterEach(() => {
  vi.useRealTimers();
});

const call = (route: string, body?: unknown) => ask(route, { token: a.key, body });
const put = (key: string, value = `value of ${key}`, more = {}) =>
  call(`POST /flow_runs/${run}/input`, { key, value, ...more });
const keysOf = async (body: object) =>
  (await call(`POST /flow_runs/${run}/input/filter`, body)).body.map(({ key }: { key: string }) => key);

test("[FO40] what a run is handed is given out as it was sent", async () => {
  expect(await put("a", '{"b":1}', { sender: "prefect.flow-run.x" })).toMatchObject({ status: 201, body: null });
  const { body, headers } = await call(`GET /flow_runs/${run}/input/a`);
  expect(body).toEqual({ b: 1 });
  expect(headers.get("content-type")).toContain("text/plain");
  expect((await call(`POST /flow_runs/${run}/input/filter`, { prefix: "a" })).body).toMatchObject([
    { key: "a", value: '{"b":1}', sender: "prefect.flow-run.x", flow_run_id: run },
  ]);
});

test("[FO40] a key is taken once, until it is taken back", async () => {
  await put("a");
  expect((await put("a", "other")).status).toBe(409);
  expect((await call(`GET /flow_runs/${run}/input/a`)).body).toBe("value of a");
  expect((await call(`DELETE /flow_runs/${run}/input/a`)).status).toBe(204);
  expect((await call(`DELETE /flow_runs/${run}/input/a`)).status).toBe(404);
  expect((await call(`GET /flow_runs/${run}/input/a`)).status).toBe(404);
  expect((await put("a", "other")).status).toBe(201);
});

test("[FO40] inputs are listed by the beginning of their keys, oldest first, one unless more are asked for", async () => {
  for (const key of ["x-2", "x-1", "y", "x%"]) await put(key);
  expect(await keysOf({ prefix: "x-" })).toEqual(["x-2"]);
  expect(await keysOf({ prefix: "x-", limit: 9 })).toEqual(["x-2", "x-1"]);
  expect(await keysOf({ prefix: "", limit: 9, exclude_keys: ["x-1", "y"] })).toEqual(["x-2", "x%"]);
  expect(await keysOf({ prefix: "%", limit: 9 })).toEqual([]);
});

test("[FO40] a value that no row can hold is refused, and nothing of it is kept", async () => {
  expect((await put("big", "x".repeat(600_000))).status).toBe(413);
  expect(await keysOf({ prefix: "", limit: 9 })).toEqual([]);
});

describe("going on after a pause", () => {
  const SCHEMA = JSON.stringify({ type: "object", properties: { age: { type: "integer" } }, required: ["age"] });
  const keyset = { schema: "k-schema", response: "k-response" };
  const resume = (run_input?: object) => call(`POST /flow_runs/${run}/resume`, run_input && { run_input });
  const set = (type: string, state_details = {}) =>
    call(`POST /flow_runs/${run}/set_state`, { state: { type, state_details } });
  const typeOf = async () => (await call(`GET /flow_runs/${run}`)).body.state_type;

  test("[FR80] a run that is not paused is not resumed, and one is resumed once", async () => {
    expect(await resume()).toMatchObject({ status: 200, body: { status: "ABORT", state: null } });
    await set("RUNNING");
    await set("PAUSED", { pause_key: "k" });
    expect(await resume()).toMatchObject({ status: 201, body: { status: "ACCEPT", state: { type: "RUNNING" } } });
    expect(await resume()).toMatchObject({ status: 200, body: { status: "ABORT" } });
  });

  test("[FR81] one that asked a question goes on with an answer that its schema allows, and finds it", async () => {
    await set("RUNNING");
    await set("PAUSED", { pause_key: "k", run_input_keyset: keyset });
    expect(await resume({ age: 5 })).toMatchObject({ body: { status: "REJECT", state: { type: "PAUSED" } } });
    await put("k-schema", SCHEMA);
    const refused = await resume({ age: "old" });
    expect(refused).toMatchObject({ status: 200, body: { status: "REJECT", details: { type: "abort_details" } } });
    expect(refused.body.details.reason).toContain("age");
    expect(await typeOf()).toBe("PAUSED");
    expect(await keysOf({ prefix: "k-response" })).toEqual([]);
    expect(await resume({ age: 5 })).toMatchObject({ status: 201, body: { status: "ACCEPT" } });
    expect((await call(`GET /flow_runs/${run}/input/k-response`)).body).toEqual({ age: 5 });
  });

  test("[DO45] an answer may be a variable of the workspace", async () => {
    await call("POST /variables/", { name: "age", value: 7 });
    const variable = (variable_name: string) => ({ age: { __prefect_kind: "workspace_variable", variable_name } });
    await set("RUNNING");
    await set("PAUSED", { pause_key: "k", run_input_keyset: keyset });
    await put("k-schema", SCHEMA);
    const refused = await resume(variable("unknown"));
    expect(refused.body).toMatchObject({ status: "REJECT" });
    expect(refused.body.details.reason).toContain("Variable 'unknown' not found in workspace.");
    expect(await resume(variable("age"))).toMatchObject({ status: 201, body: { status: "ACCEPT" } });
    expect((await call(`GET /flow_runs/${run}/input/k-response`)).body).toEqual({ age: 7 });
  });

  test("[FR81] an answer that comes too late is not kept", async () => {
    await set("RUNNING");
    const until = new Date(Date.now() + 60_000).toISOString();
    await set("PAUSED", { pause_key: "k", run_input_keyset: keyset, pause_timeout: until });
    await put("k-schema", SCHEMA);
    laterBy(61);
    expect(await resume({ age: 5 })).toMatchObject({ body: { status: "REJECT", state: { type: "FAILED" } } });
    expect(await keysOf({ prefix: "k-response" })).toEqual([]);
  });
});
