/** States, graphs, histories and figures of runs, and what is done to many of them at once. */
import { uuidv7 } from "uuidv7";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { testEnv } from "../../test/workerd/env.ts";
import { ask, makeTenant, type TestTenant } from "../../test/workerd/tenant.ts";

let a: TestTenant;
let flow: string;
beforeEach(async () => {
  a = await makeTenant();
  flow = (await call("POST /flows/", { name: "flow" })).body.id;
});

const call = (route: string, body?: unknown) => ask(route, { token: a.key, body });
const begin = async (more: object = {}): Promise<string> =>
  (await call("POST /flow_runs/", { flow_id: flow, ...more })).body.id;
const set = (run: string, type: string, more: object = {}) =>
  call(`POST /flow_runs/${run}/set_state`, { state: { type, ...more }, force: true });
let keys = 0;
const task = async (flow_run_id: string | null, more: object = {}): Promise<string> => {
  keys += 1;
  return (await call("POST /task_runs/", { flow_run_id, task_key: "t", dynamic_key: `${keys}`, ...more })).body.id;
};
const setTask = (id: string, type: string) => call(`POST /task_runs/${id}/set_state`, { state: { type }, force: true });

describe("states", () => {
  test("[AP40] states of a flow run are found by it, and each by its own id", async () => {
    const run = await begin();
    await set(run, "RUNNING");
    await set(run, "COMPLETED");
    const { body: states } = await call(`GET /flow_run_states/?flow_run_id=${run}`);
    expect(states.map(({ type }: { type: string }) => type)).toEqual(["PENDING", "RUNNING", "COMPLETED"]);
    for (const state of states) expect((await call(`GET /flow_run_states/${state.id}`)).body).toEqual(state);
  });

  test.each([
    ["within a flow run", true],
    ["in the background", false],
  ])("[AP40] states of a task run %s are found by it, and each by its own id", async (_what, within) => {
    const id = await task(within ? await begin() : null);
    await setTask(id, "RUNNING");
    await setTask(id, "COMPLETED");
    const { body: states } = await call(`GET /task_run_states/?task_run_id=${id}`);
    expect(states.map(({ type }: { type: string }) => type)).toEqual(["PENDING", "RUNNING", "COMPLETED"]);
    for (const state of states) expect((await call(`GET /task_run_states/${state.id}`)).body).toEqual(state);
  });

  test("[AP40] what nobody has is not found, and has no states", async () => {
    for (const kind of ["flow", "task"]) {
      expect((await call(`GET /${kind}_run_states/${uuidv7()}`)).status).toBe(404);
      expect((await call(`GET /${kind}_run_states/?${kind}_run_id=${uuidv7()}`)).body).toEqual([]);
      expect((await call(`GET /${kind}_run_states/`)).status).toBe(422);
    }
  });
});

test("[AP121] what is not there, and what comes too late, is said under the names that clients read", async () => {
  const nobody = uuidv7();
  const state = { state: { type: "RUNNING" } };
  for (const [route, body] of [
    [`POST /flow_runs/${nobody}/set_state`, state],
    [`POST /task_runs/${nobody}/set_state`, state],
    [`PATCH /flow_runs/${nobody}/labels`, { a: 1 }],
    [`GET /flow_runs/${nobody}/graph`, undefined],
    [`GET /flow_runs/${nobody}/graph-v2`, undefined],
    [`GET /work_queues/${nobody}/status`, undefined],
    [`POST /work_queues/${nobody}/get_runs`, {}],
  ] as const) {
    const answer = await call(route, body);
    expect([answer.status, Object.keys(answer.body)]).toEqual([404, ["exception_message"]]);
  }
  expect((await call(`GET /flow_runs/${nobody}`)).body).toEqual({ detail: "Flow run not found" });
  const run = await begin({ state: { type: "RUNNING" }, flow_version: "v" });
  await call(`PATCH /flow_runs/${run}`, { infrastructure_pid: "host:1", name: null });
  await call(`PATCH /flow_runs/${run}`, { tags: ["t"] });
  expect((await call(`GET /flow_runs/${run}`)).body).toMatchObject({ flow_version: "v", infrastructure_pid: "host:1" });
  await call(`PATCH /flow_runs/${run}`, { infrastructure_pid: null, flow_version: null });
  expect((await call(`GET /flow_runs/${run}`)).body).toMatchObject({ flow_version: null, infrastructure_pid: null });
  const edited = await call(`PATCH /flow_runs/${run}`, { job_variables: { a: 1 } });
  expect(edited).toMatchObject({ status: 400, body: { detail: expect.stringContaining("RUNNING") } });
});

test("[AP14] runs, flows, deployments and artifacts are found by what their task runs are, in every list and count", async () => {
  const deployed = await call("POST /deployments/", { name: "d", flow_id: flow });
  const other = (await call("POST /flows/", { name: "other" })).body.id;
  const made = await call(`POST /deployments/${deployed.body.id}/create_flow_run`, {});
  const [run, idle] = [made.body.id, await begin({ flow_id: other, name: "idle" })];
  const [failed, waits] = [await task(run, { name: "breaks" }), await task(idle)];
  await setTask(failed, "FAILED");
  const artifact = await call("POST /artifacts/", {
    key: "k",
    type: "markdown",
    flow_run_id: run,
    task_run_id: failed,
  });
  const lists = [
    ["flow_runs", run],
    ["flows", flow],
    ["deployments", deployed.body.id],
    ["artifacts", artifact.body.id],
  ] as const;
  for (const [list, id] of lists) {
    const found = async (task_runs: object, more: object = {}) =>
      (await call(`POST /${list}/filter`, { task_runs, ...more })).body.map((one: { id: string }) => one.id);
    expect(await found({ state: { type: { any_: ["FAILED"] } } })).toEqual([id]);
    expect(await found({ operator: "or_", name: { like_: "BREAK" }, state: { type: { any_: ["CRASHED"] } } })).toEqual([
      id,
    ]);
    expect(await found({ state: { type: { any_: ["CRASHED"] } } })).toEqual([]);
    expect(await found({ id: { any_: [failed] }, state: { type: { any_: ["PENDING"] } } })).toEqual([]);
    expect(await found({ name: { any_: ["breaks"] } }, { flow_runs: { name: { any_: ["idle"] } } })).toEqual([]);
    const { body: count } = await call(`POST /${list}/count`, { task_runs: { start_time: { is_null_: false } } });
    expect(count).toBe(1);
  }
  const page = await call("POST /flow_runs/paginate", { task_runs: { flow_run_id: { any_: [idle] } } });
  expect(page.body).toMatchObject({ count: 1, results: [{ id: idle }] });
  const named = { id: { any_: [failed, waits] } };
  const within = await call("POST /task_runs/filter", { task_runs: named, flow_runs: { name: { any_: ["idle"] } } });
  expect(within.body.map(({ id }: { id: string }) => id)).toEqual([waits]);
});

test("[FI10] with or_, and without names, lines of every run are looked at, those of background tasks too", async () => {
  const [run, alone] = [await begin(), await task(null)];
  const line = { name: "n", level: 20, timestamp: "2026-01-01T00:00:00Z" };
  await call("POST /logs/", [
    { ...line, message: "of a run", flow_run_id: run },
    { ...line, message: "alone", task_run_id: alone, level: 40 },
  ]);
  const found = async (logs: object) =>
    (await call("POST /logs/filter", { logs })).body.map(({ message }: { message: string }) => message).sort();
  expect(await found({})).toEqual(["alone", "of a run"]);
  expect(await found({ operator: "or_", flow_run_id: { any_: [run] }, level: { ge_: 30 } })).toEqual([
    "alone",
    "of a run",
  ]);
  expect(await found({ flow_run_id: { any_: [run] } })).toEqual(["of a run"]);
});

describe("task runs", () => {
  test("[AP120] a list without a flow run finds those of runs that began, however many wait to begin", async () => {
    const [first, second] = [await begin({ state: { type: "RUNNING" } }), await begin({ state: { type: "RUNNING" } })];
    const [one, two, alone] = [await task(first, { name: "one" }), await task(second), await task(null)];
    // Set by hand: what planned runs of a schedule look like in the index.
    const shard = a.shard === 0 ? testEnv.SHARD_0 : testEnv.SHARD_1;
    await shard
      .prepare(
        `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 600)
         INSERT INTO flow_runs (workspace_id, id, version, flow_id, name, tags, state_type, state_name, expected_start_time, created, updated, task_run_ids, body)
         SELECT ?1, 'ffffffff-' || i, 0, ?2, 'later', '[]', 'SCHEDULED', 'Scheduled', ?3 + i, ?3, ?3, '', '' FROM n`,
      )
      .bind(a.workspace, flow, 4_000_000_000_000_000)
      .run();
    const find = async (task_runs: object = {}) =>
      (await call("POST /task_runs/filter", { task_runs, sort: "NAME_ASC" })).body.map(({ id }: { id: string }) => id);
    expect(new Set(await find())).toEqual(new Set([one, two, alone]));
    expect((await call("POST /task_runs/count", {})).body).toBe(3);
    expect((await call("POST /task_runs/paginate", { limit: 2, page: 2 })).body).toMatchObject({ count: 3, pages: 2 });
    expect(await find({ name: { any_: ["one"] } })).toEqual([one]);
    expect(await find({ id: { any_: [two, alone] } })).toHaveLength(2);
    await setTask(two, "RUNNING");
    expect(await find({ state: { type: { any_: ["RUNNING"] } } })).toEqual([two]);
    const span = (from: number, to: number) => ({
      start_time: {
        after_: new Date(Date.now() + from).toISOString(),
        before_: new Date(Date.now() + to).toISOString(),
      },
    });
    expect(await find(span(-60_000, 60_000))).toEqual([two]);
    expect(await find(span(-9e7, -8e7))).toEqual([]);
    expect(await find(span(8e7, 9e7))).toEqual([]);
  });

  test("[AP121] inputs of a task run come from where the wire knows of", async () => {
    const run = await begin();
    const make = (task_inputs: object) =>
      call("POST /task_runs/", { flow_run_id: run, task_key: "t", dynamic_key: "i", task_inputs });
    expect(await make({ x: [{ input_type: "moon", id: run }] })).toMatchObject({ status: 422 });
    expect(await make({ x: [{ input_type: "task_run", id: "no" }] })).toMatchObject({ status: 422 });
    const inputs = {
      x: [
        { input_type: "parameter", name: "p" },
        { input_type: "constant", type: "int" },
      ],
      y: [{ id: run }],
    };
    expect(await make(inputs)).toMatchObject({
      status: 201,
      body: { task_inputs: { ...inputs, y: [{ input_type: "task_run", id: run }] } },
    });
  });

  test.each([
    ["within a flow run", true],
    ["in the background", false],
  ])("[AP19] one %s is renamed, and deleted with its log lines", async (_what, within) => {
    const run = within ? await begin() : null;
    const id = await task(run, { name: "before" });
    expect((await call(`PATCH /task_runs/${id}`, { name: "after" })).status).toBe(204);
    expect((await call(`PATCH /task_runs/${id}`, { nope: 1 })).status).toBe(422);
    expect((await call(`GET /ui/task_runs/${id}`)).body).toMatchObject({
      name: "after",
      flow_run_name: run === null ? null : expect.stringMatching(/./),
    });
    const line = { name: "l", level: 20, message: "m", timestamp: "2026-01-01T00:00:00Z" };
    await call("POST /logs/", [{ ...line, flow_run_id: run, task_run_id: id }]);
    const lines = async () => (await call("POST /logs/filter", { logs: { task_run_id: { any_: [id] } } })).body;
    expect(await lines()).toHaveLength(1);
    expect((await call(`DELETE /task_runs/${id}`)).status).toBe(204);
    expect((await call(`DELETE /task_runs/${id}`)).status).toBe(404);
    expect((await call(`GET /task_runs/${id}`)).status).toBe(404);
    expect(await lines()).toEqual([]);
  });

  test("[AP19] lists, counts and pages show those of flow runs and those of none, as the filter says", async () => {
    const run = await begin();
    const ids = [await task(run), await task(null), await task(run)];
    const list = async (body: object) =>
      (await call("POST /task_runs/filter", body)).body.map(({ id }: { id: string }) => id).sort();
    expect(await list({})).toEqual([...ids].sort());
    expect(await list({ task_runs: { flow_run_id: { is_null_: true } } })).toEqual([ids[1]]);
    expect(await list({ task_runs: { flow_run_id: { any_: [run] } } })).toEqual([ids[0], ids[2]].sort());
    expect(await list({ task_runs: { id: { any_: [ids[1], ids[2]] } } })).toEqual([ids[1], ids[2]].sort());
    expect(await list({ flows: { name: { any_: ["flow"] } } })).toEqual([ids[0], ids[2]].sort());
    expect(await list({ flow_runs: { id: { any_: [run] }, name: { any_: ["nobody"] } } })).toEqual([]);
    expect((await call("POST /task_runs/count", {})).body).toBe(3);
    const page = (await call("POST /task_runs/paginate", { limit: 2, page: 2 })).body;
    expect(page).toMatchObject({ count: 3, limit: 2, pages: 2, page: 2 });
    expect(page.results).toHaveLength(1);
  });
});

test("[DO43] stored results of flow runs and task runs are listed as artifacts, each once", async () => {
  const run = await begin();
  const data = { storage_key: "/k", storage_block_id: null };
  await set(run, "COMPLETED", { data });
  await set(run, "COMPLETED", { data: 7 });
  const id = await task(null);
  await call(`POST /task_runs/${id}/set_state`, { state: { type: "COMPLETED", data }, force: true });
  await call("POST /flow_runs/filter", {});
  const { body: artifacts } = await call("POST /artifacts/filter", {});
  expect(artifacts).toMatchObject([
    { key: null, type: null, data, flow_run_id: null, task_run_id: id },
    { key: null, type: null, data, flow_run_id: run, task_run_id: null },
  ]);
});

describe("graphs", () => {
  test("[TR61] [AP133] task runs, subflows, states and artifacts of a run", async () => {
    const run = await begin();
    await set(run, "RUNNING");
    const first = await task(run, { name: "first" });
    const standIn = await task(run, { name: "stand-in", task_inputs: { x: [{ input_type: "task_run", id: first }] } });
    const child = await begin({ parent_task_run_id: standIn, name: "calm-owl" });
    await set(child, "RUNNING");
    await vi.waitFor(async () => expect((await call(`GET /task_runs/${standIn}`)).body.state_type).toBe("RUNNING"));
    await call(`PATCH /flow_runs/${child}`, { tags: ["edited"] });
    await call(`PATCH /flow_runs/${child}/labels`, { edited: true });
    expect((await call(`GET /task_runs/${standIn}`)).body.run_count).toBe(1);
    await call("POST /artifacts/", { key: "k", type: "progress", data: 7, flow_run_id: run, task_run_id: first });
    await call("POST /artifacts/", { key: "k", type: "markdown", data: "x", flow_run_id: run });
    const filter = { event: { name: ["prefect.flow-run.Running"] }, resource: { id: [`prefect.flow-run.${child}`] } };
    await vi.waitFor(async () => {
      const [event] = (await call("POST /events/filter", { filter })).body.events;
      const name = { "prefect.resource.id": `prefect.task-run.${standIn}`, "prefect.resource.name": "stand-in" };
      expect(event.related).toContainEqual({ ...name, "prefect.resource.role": "task-run" });
    });
    const { body: graph } = await call(`GET /flow_runs/${run}/graph-v2`);
    expect(graph.root_node_ids).toEqual([first]);
    const nodes = Object.fromEntries(graph.nodes);
    expect(Object.keys(nodes).sort()).toEqual([first, child].sort());
    expect(nodes[child]).toMatchObject({
      kind: "flow-run",
      label: "flow / calm-owl",
      state_type: "RUNNING",
      parents: [{ id: first }],
    });
    expect(nodes[first]).toMatchObject({
      kind: "task-run",
      children: [{ id: child }],
      artifacts: [{ key: "k", type: "progress", data: 7, is_latest: false }],
    });
    expect(graph.artifacts).toMatchObject([{ type: "markdown", data: null, is_latest: true }]);
    expect(graph.states.map(({ type }: { type: string }) => type)).toEqual(["PENDING", "RUNNING"]);
    const { body: later } = await call(`GET /flow_runs/${run}/graph-v2?since=2099-01-01T00:00:00Z`);
    expect(later.nodes).toHaveLength(2);
    const { body: older } = await call(`GET /flow_runs/${run}/graph`);
    expect(older.find(({ id }: { id: string }) => id === standIn)).toMatchObject({
      upstream_dependencies: [{ input_type: "task_run", id: first }],
      state: { type: "RUNNING" },
    });
  });

  test.each(["graph", "graph-v2"])("[AP4] the %s of a run that nobody has is not found", async (kind) => {
    expect((await call(`GET /flow_runs/${uuidv7()}/${kind}`)).status).toBe(404);
  });
});

describe("figures", () => {
  const hour = { history_start: "2026-01-01T00:00:00Z", history_end: "2099-01-01T00:00:00Z" };

  test("[AP42] histories count runs by state in intervals", async () => {
    const run = await begin({ tags: ["counted"] });
    await set(run, "FAILED");
    await begin();
    const body = { ...hour, history_interval_seconds: 86_400 * 365 * 100 };
    const { body: history } = await call("POST /flow_runs/history", body);
    expect(history).toHaveLength(1);
    expect(
      history[0].states.map((one: object) => ({ ...one, sum_estimated_run_time: 0, sum_estimated_lateness: 0 })),
    ).toEqual(
      expect.arrayContaining([
        {
          state_type: "PENDING",
          state_name: "Pending",
          count_runs: 1,
          sum_estimated_run_time: 0,
          sum_estimated_lateness: 0,
        },
        {
          state_type: "FAILED",
          state_name: "Failed",
          count_runs: 1,
          sum_estimated_run_time: 0,
          sum_estimated_lateness: 0,
        },
      ]),
    );
    const tagged = { ...body, flow_runs: { tags: { all_: ["counted"] } } };
    expect((await call("POST /flow_runs/history", tagged)).body[0].states).toHaveLength(1);
    await task(run);
    expect((await call("POST /task_runs/history", body)).body[0].states).toMatchObject([
      { state_type: "PENDING", count_runs: 1 },
    ]);
    expect((await call("POST /flow_runs/history", { ...hour, history_interval_seconds: 0.5 })).status).toBe(422);
    expect((await call("POST /flow_runs/history", { ...body, history_end: hour.history_start })).body).toEqual([]);
  });

  test("[AP42] lateness is the average over the runs that are meant", async () => {
    expect((await call("POST /flow_runs/lateness", {})).body).toBe(null);
    await begin({ state: { type: "SCHEDULED", state_details: { scheduled_time: "2099-01-01T00:00:00Z" } } });
    expect((await call("POST /flow_runs/lateness", {})).body).toBe(0);
    await begin({ state: { type: "SCHEDULED", state_details: { scheduled_time: "2020-01-01T00:00:00Z" } } });
    expect((await call("POST /flow_runs/lateness", {})).body).toBeGreaterThan(1e6);
  });

  test("[AP42] pages get counts of deployments, next runs, task runs and bars", async () => {
    const scheduled_time = "2099-01-01T00:00:00.000000Z";
    const due = await begin({ name: "due", state: { type: "SCHEDULED", state_details: { scheduled_time } } });
    const run = await begin();
    await call("POST /deployments/", { name: "d", flow_id: flow, entrypoint: "f.py:f" });
    const nobody = uuidv7();
    expect((await call("POST /ui/flows/count-deployments", { flow_ids: [flow, nobody] })).body).toEqual({
      [flow]: 1,
      [nobody]: 0,
    });
    expect((await call("POST /ui/flows/next-runs", { flow_ids: [flow, nobody] })).body).toMatchObject({
      [flow]: { id: due, name: "due", state_type: "SCHEDULED", next_scheduled_start_time: scheduled_time },
      [nobody]: null,
    });
    const standIn = await task(run);
    await begin({ parent_task_run_id: standIn });
    const ended = await task(run);
    await setTask(ended, "RUNNING");
    await setTask(ended, "FAILED");
    expect((await call("POST /ui/flow_runs/count-task-runs", { flow_run_ids: [run, nobody] })).body).toEqual({
      [run]: 1,
      [nobody]: 0,
    });
    expect((await call("POST /ui/task_runs/count", {})).body).toMatchObject({ FAILED: 1, COMPLETED: 0 });
    const task_runs = { start_time: { after_: "2020-01-01T00:00:00Z" } };
    const { body: counts } = await call("POST /ui/task_runs/dashboard/counts", { task_runs });
    expect(counts).toHaveLength(20);
    expect(counts.at(-1)).toEqual({ completed: 0, failed: 1 });
    expect((await call("POST /ui/task_runs/dashboard/counts", { task_runs: {} })).status).toBe(422);
    const { body: bars } = await call("POST /ui/flow_runs/history", { limit: 1000 });
    expect(bars).toHaveLength(3);
    expect(bars[0]).toMatchObject({
      id: due,
      state_type: "SCHEDULED",
      timestamp: scheduled_time,
      duration: 0,
      lateness: 0,
    });
  });
});

describe("many at once", () => {
  test("[AP41] each run that is meant takes the state by its own rules", async () => {
    const runs = [await begin(), await begin(), await begin({ tags: ["other"] })];
    await set(runs[0] as string, "COMPLETED");
    const body = { flow_runs: { tags: { is_null_: true } }, state: { type: "PAUSED" } };
    const { body: answer } = await call("POST /flow_runs/bulk_set_state", body);
    expect(answer.results.map(({ flow_run_id }: { flow_run_id: string }) => flow_run_id).sort()).toEqual(
      runs.slice(0, 2).sort(),
    );
    expect(answer.results.every(({ status }: { status: string }) => status !== "ACCEPT")).toBe(true);
    const cancelled = await call("POST /flow_runs/bulk_set_state", {
      state: { type: "CANCELLED" },
      force: true,
      limit: 1,
    });
    expect(cancelled.body.results).toMatchObject([
      { flow_run_id: runs[2], status: "ACCEPT", state: { type: "CANCELLED" } },
    ]);
  });

  test("[AP41] runs that are meant are deleted, no more than fifty", async () => {
    const runs = [await begin(), await begin({ tags: ["kept"] })];
    const { body } = await call("POST /flow_runs/bulk_delete", { flow_runs: { tags: { is_null_: true } } });
    expect(body).toEqual({ deleted: [runs[0]] });
    expect((await call(`GET /flow_runs/${runs[0]}`)).status).toBe(404);
    expect((await call("POST /flow_runs/count", {})).body).toBe(1);
    expect((await call("POST /flow_runs/bulk_delete", { limit: 51 })).status).toBe(422);
  });

  test("[AP44] a deleted flow takes its deployments and runs with it", async () => {
    const run = await begin();
    const deployment = (await call("POST /deployments/", { name: "d", flow_id: flow, entrypoint: "f.py:f" })).body.id;
    const kept = (await call("POST /flows/", { name: "kept" })).body.id;
    expect((await call(`PATCH /flows/${kept}`, { tags: ["a"] })).status).toBe(204);
    expect((await call(`DELETE /flows/${flow}`)).status).toBe(204);
    for (const route of [
      `GET /flows/${flow}`,
      `GET /flow_runs/${run}`,
      `GET /deployments/${deployment}`,
      `DELETE /flows/${flow}`,
    ])
      expect((await call(route)).status, route).toBe(404);
    expect((await call("POST /flow_runs/", { flow_id: flow })).status).toBe(404);
    expect((await call("POST /flows/paginate", { limit: 1 })).body).toMatchObject({
      count: 1,
      pages: 1,
      results: [{ id: kept, tags: ["a"] }],
    });
    expect((await call("POST /flows/bulk_delete", { flows: { name: { any_: ["kept"] } } })).body).toEqual({
      deleted: [kept],
    });
    expect((await call("POST /flows/count", {})).body).toBe(0);
  });
});

test("[AP43] the log of a run is downloaded whole, as a table", async () => {
  const run = await begin({ name: "a/b" });
  const line = (message: string, second: number) => ({
    ...{ name: "l", level: 20, message, flow_run_id: run },
    timestamp: `2026-01-01T00:${String(Math.floor(second / 60)).padStart(2, "0")}:${String(second % 60).padStart(2, "0")}Z`,
  });
  const many = Array.from({ length: 2_100 }, (_, at) => line(`m${at}`, at));
  await call("POST /logs/", [...many, line('with "quotes", and a comma', 3_000)]);
  const { body, headers } = await call(`GET /flow_runs/${run}/logs/download`);
  const rows = (body as string).trimEnd().split("\r\n");
  expect(rows[0]).toBe("timestamp,level,flow_run_id,task_run_id,message");
  expect(rows[1]).toBe(`2026-01-01 00:00:00.000000+00:00,20,${run},,m0`);
  expect(rows).toHaveLength(2_102);
  expect(rows.at(-1)).toContain('"with ""quotes"", and a comma"');
  expect(headers.get("content-disposition")).toContain("a%2Fb-logs.csv");
  expect((await call(`GET /flow_runs/${uuidv7()}/logs/download`)).status).toBe(404);
});

test("[AP45] values are checked against a schema, and what is wrong is told where it is", async () => {
  const schema = { type: "object", properties: { n: { type: "integer" } }, required: ["n"] };
  const check = async (values: object, of: object = schema) =>
    call("POST /ui/schemas/validate", { schema: of, values });
  expect((await check({ n: 1 })).body).toEqual({ errors: [], valid: true });
  expect((await check({ n: "x" })).body).toMatchObject({ errors: [{ property: "n" }], valid: false });
  expect((await check({})).body).toMatchObject({ errors: [{ property: "n" }], valid: false });
  expect((await check({ n: { __prefect_kind: "none" } })).body).toMatchObject({ valid: false });
  expect((await check({}, { $ref: "#" })).status).toBe(422);
});
