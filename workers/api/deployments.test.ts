import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { laterBy } from "../../test/workerd/clock.ts";
import { testEnv } from "../../test/workerd/env.ts";
import { indexRows } from "../../test/workerd/runs.ts";
import { type Asked, ask, makeTenant, type TestTenant } from "../../test/workerd/tenant.ts";
import { sweepLiveRuns } from "../sweeps/live-runs.ts";
import { sweepUnplanned } from "../sweeps/unplanned-deployments.ts";

let a: TestTenant;
let flow: string;
beforeEach(async () => {
  a = await makeTenant();
  flow = (await api("POST /flows/", { name: "flow" })).body.id;
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const api = (route: string, body?: unknown): Promise<Asked> => ask(route, { token: a.key, body });
const deploy = async (body: object = {}) =>
  (await api("POST /deployments/", { name: "d", flow_id: flow, ...body })).body;
const hourly = (more: object = {}) => ({ schedule: { cron: "0 * * * *", timezone: "UTC" }, ...more });
const runsOf = async (deployment: string) =>
  (
    await api("POST /flow_runs/filter", {
      deployments: { id: { any_: [deployment] } },
      sort: "EXPECTED_START_TIME_ASC",
    })
  ).body as {
    id: string;
    name: string;
    expected_start_time: string;
    parameters: object;
    state_type: string;
    tags: string[];
  }[];
const times = (runs: { expected_start_time: string }[]) => runs.map((run) => run.expected_start_time);
const stub = (deployment: string) => testEnv.DEPLOYMENT.getByName(`${a.workspace}/${deployment}`);
/** Runs the deployment's alarm until nothing is due. */
async function ring(deployment: string): Promise<void> {
  await runDurableObjectAlarm(stub(deployment));
}
const versions = async () => (await indexRows(a.owner)).map(({ version }) => version).sort();

describe("upsert", () => {
  test("[AP83] what a second create does not name stays; schedules, parameters and labels are what it says", async () => {
    const first = await deploy({
      parameters: { x: 1 },
      tags: ["t"],
      description: "text",
      paused: true,
      labels: { a: 1 },
      schedules: [hourly()],
      job_variables: { env: 1 },
    });
    expect(first).toMatchObject({ paused: true, schedules: [{ active: true }], parameters: { x: 1 } });
    const again = await api("POST /deployments/", { name: "d", flow_id: flow, version: "2" });
    expect(again.status).toBe(200);
    expect(again.body).toMatchObject({
      id: first.id,
      ...{
        version: "2",
        parameters: {},
        tags: ["t"],
        description: "text",
        paused: true,
        job_variables: { env: 1 },
      },
      ...{ schedules: [], labels: { "prefect.flow.id": flow } },
    });
  });

  test("[AP92] a limit that is changed or taken away is so for the runs that began under it too", async () => {
    const { id } = await deploy({ concurrency_limit: 2 });
    const run = async () => (await api(`POST /deployments/${id}/create_flow_run`, {})).body.id;
    const [one, two, three, four] = [await run(), await run(), await run(), await run()];
    const start = async (which: string) =>
      (await api(`POST /flow_runs/${which}/set_state`, { state: { type: "PENDING" } })).body.status;
    expect(await start(one)).toBe("ACCEPT");
    await api(`PATCH /deployments/${id}`, { concurrency_limit: 1 });
    expect(await start(two)).toBe("REJECT");
    await api(`PATCH /deployments/${id}`, { concurrency_limit: 3 });
    expect([await start(two), await start(three), await start(four)]).toEqual(["ACCEPT", "ACCEPT", "REJECT"]);
    await api(`PATCH /deployments/${id}`, { concurrency_limit: null });
    expect(await start(four)).toBe("ACCEPT");
  });

  test("[AP83] a patch changes what it names, and null takes away", async () => {
    const { id } = await deploy({ description: "text", tags: ["t"], concurrency_limit: 3 });
    expect((await api(`PATCH /deployments/${id}`, { description: null, version: "2" })).status).toBe(204);
    const { body } = await api(`GET /deployments/${id}`);
    expect(body).toMatchObject({
      description: null,
      version: "2",
      tags: ["t"],
      global_concurrency_limit: { limit: 3 },
    });
    await api(`PATCH /deployments/${id}`, { concurrency_limit: null });
    expect((await api(`GET /deployments/${id}`)).body.global_concurrency_limit).toBeNull();
  });

  test("[AP83] a pool without a queue means its default one, and null takes a pool away in an update alone", async () => {
    for (const name of ["a", "b"]) await api("POST /work_pools/", { name, type: "process" });
    const inQueue = { work_pool_name: "a", work_queue_name: "q" };
    const { id } = await deploy(inQueue);
    const place = ({ work_pool_name, work_queue_name }: Record<string, unknown>) => [work_pool_name, work_queue_name];
    const again = async (body: object) => place(await deploy(body));
    const patch = async (body: object) => {
      await api(`PATCH /deployments/${id}`, inQueue);
      await api(`PATCH /deployments/${id}`, body);
      return place((await api(`GET /deployments/${id}`)).body);
    };
    expect(await again({ work_pool_name: null, work_queue_name: null })).toEqual(["a", "q"]);
    expect(await again({ work_pool_name: "b" })).toEqual(["b", "default"]);
    expect(await patch({ work_pool_name: "a" })).toEqual(["a", "default"]);
    expect(await patch({ work_queue_name: null })).toEqual(["a", "q"]);
    expect(await patch({ work_pool_name: null, work_queue_name: null })).toEqual([null, null]);
    expect(await patch({ work_queue_name: "new" })).toEqual(["a", "new"]);
    expect((await api("GET /work_pools/a/queues/new")).status).toBe(200);
  });

  test("[AP83] pages, counts and filters know paused deployments and those with a limit", async () => {
    await deploy({ name: "one", paused: true });
    await deploy({ name: "two", concurrency_limit: 2 });
    const named = async (filter: object) =>
      (await api("POST /deployments/filter", { deployments: filter })).body.map(({ name }: { name: string }) => name);
    expect(await named({ paused: { eq_: true } })).toEqual(["one"]);
    expect(await named({ concurrency_limit: { ge_: 2 } })).toEqual(["two"]);
    expect(await named({ concurrency_limit: { is_null_: true } })).toEqual(["one"]);
    const page = await api("POST /deployments/paginate", { limit: 1, page: 2 });
    expect(page.body).toMatchObject({ count: 2, pages: 2, page: 2, limit: 1, results: [{ name: "two" }] });
    const gone = await api("POST /deployments/bulk_delete", { deployments: { name: { any_: ["one"] } } });
    expect(gone.body.deleted).toHaveLength(1);
    expect(await named({})).toEqual(["two"]);
  });
});

describe("refused", () => {
  test.each([
    [
      "[AP84] seconds in a cron pattern",
      { schedules: [{ schedule: { cron: "* * * * * *" } }] },
      "schedules.0.schedule.cron",
    ],
    [
      "[AP84] a rule by the second",
      { schedules: [{ schedule: { rrule: "FREQ=SECONDLY" } }] },
      "schedules.0.schedule.rrule",
    ],
    ["[AP84] an interval of nothing", { schedules: [{ schedule: { interval: 0 } }] }, "schedules.0.schedule.interval"],
    [
      "[AP84] year 9999",
      { schedules: [{ schedule: { interval: 60, anchor_date: "9999-01-01T00:00:00Z" } }] },
      "schedules.0.schedule.anchor_date",
    ],
    [
      "[AP84] a rule that starts in the year 9999",
      { schedules: [{ schedule: { rrule: "DTSTART:99990101T000000\nRRULE:FREQ=DAILY" } }] },
      "schedules.0.schedule.rrule",
    ],
    [
      "[AP84] an unknown zone",
      { schedules: [{ schedule: { cron: "* * * * *", timezone: "Mars/Base" } }] },
      "schedules.0.schedule.timezone",
    ],
    ["[AP84] a schedule that is none", { schedules: [{ schedule: 7 }] }, "schedules.0.schedule.interval"],
    ["[AP84] a field too many", { schedules: [{ schedule: { cron: "* * * * *", dow: 1 } }] }, "schedules.0.schedule"],
    ["[AP84] a thousand and one schedules", { schedules: Array.from({ length: 1001 }, () => hourly()) }, "schedules"],
    ["[AP84] less than nothing", { schedules: [{ schedule: { interval: -60 } }] }, "schedules.0.schedule.interval"],
    [
      "[AP84] a pattern of six fields",
      { schedules: [{ schedule: { cron: "0 0 0 1 1 *" } }] },
      "schedules.0.schedule.cron",
    ],
    [
      "[AP84] a schema with a pattern that cannot be matched in bounded time",
      { parameter_openapi_schema: { type: "object", properties: { x: { type: "string", pattern: "^(?=a)a" } } } },
      "parameter_openapi_schema",
    ],
    [
      "[AP84] [S52] what does not fit a pattern that a matcher which goes back would never finish",
      {
        parameters: { x: `${"a".repeat(5_000)}!` },
        parameter_openapi_schema: {
          type: "object",
          properties: { x: { type: "string", pattern: "^(([a-z])+.)+[A-Z]$" } },
        },
      },
      "parameters.x",
    ],
    [
      "[AP84] a schema that leads to itself",
      {
        parameters: { x: 1 },
        parameter_openapi_schema: {
          type: "object",
          properties: { x: { $ref: "#/definitions/a" } },
          definitions: { a: { $ref: "#/definitions/b" }, b: { $ref: "#/definitions/a" } },
        },
      },
      "parameter_openapi_schema",
    ],
    [
      "[AP84] a schema that is none",
      { parameters: { x: 1 }, parameter_openapi_schema: { type: "object", properties: { x: { type: "nonsense" } } } },
      "parameter_openapi_schema",
    ],
    [
      "[AP84] both kinds of limits",
      { concurrency_limit: 1, global_concurrency_limit_id: crypto.randomUUID() },
      "concurrency_limit",
    ],
    ["[AP84] no slots at all", { concurrency_limit: 0 }, "concurrency_limit"],
    [
      "[AP84] a parameter against the schema",
      {
        parameters: { x: "text" },
        parameter_openapi_schema: { type: "object", properties: { x: { type: "integer" } } },
      },
      "parameters.x",
    ],
  ])("%s: the field is named, and nothing is stored", async (_case, body, field) => {
    const { status, body: answer } = await api("POST /deployments/", { name: "d", flow_id: flow, ...body });
    expect(status).toBe(422);
    const locations = answer.exception_detail.map(({ loc }: { loc: string[] }) => loc.slice(1).join("."));
    expect(locations).toContain(field);
    expect((await api("POST /deployments/count", {})).body).toBe(0);
  });

  test("[AP84] a run's parameters are held against the schema, unless somebody says otherwise", async () => {
    const schema = { type: "object", properties: { x: { type: "integer" } }, required: ["x"] };
    const { id } = await deploy({ parameter_openapi_schema: schema });
    const run = (body: object) => api(`POST /deployments/${id}/create_flow_run`, body);
    const refused = await run({ parameters: { x: "text" } });
    expect([refused.status, refused.body.detail]).toEqual([409, expect.stringContaining("'x'")]);
    expect((await run({})).status).toBe(409);
    expect((await run({ parameters: { x: 1 } })).status).toBe(201);
    expect((await run({ parameters: { x: "text" }, enforce_parameter_schema: false })).status).toBe(201);
    const template = await run({ parameters: { x: { __prefect_kind: "json", value: "{" } } });
    expect([template.status, template.body.detail]).toEqual([400, expect.stringContaining("Invalid JSON")]);
  });

  test("[AP84] job variables are held against the pool's template", async () => {
    const variables = {
      type: "object",
      properties: { image: { type: "string" }, cpu: { type: "integer", default: 1 } },
      required: ["image"],
    };
    await api("POST /work_pools/", {
      name: "pool",
      type: "process",
      base_job_template: { job_configuration: { image: "{{ image }}", cpu: "{{ cpu }}" }, variables },
    });
    const bad = await api("POST /deployments/", {
      name: "d",
      flow_id: flow,
      work_pool_name: "pool",
      job_variables: { cpu: "x" },
    });
    expect([bad.status, JSON.stringify(bad.body)]).toEqual([422, expect.stringContaining("cpu")]);
    expect((await api("POST /deployments/count", {})).body).toBe(0);
    const { id } = await deploy({ work_pool_name: "pool", job_variables: { cpu: 2 } });
    const lacking = await api(`POST /deployments/${id}/create_flow_run`, {});
    expect([lacking.status, JSON.stringify(lacking.body)]).toEqual([422, expect.stringContaining("image")]);
    expect((await api(`POST /deployments/${id}/create_flow_run`, { job_variables: { image: "a" } })).status).toBe(201);
  });
});

test("[AP70] the queue that picks up a deployment's runs is its own; without a pool there is none", async () => {
  await api("POST /work_pools/", { name: "pool", type: "process" });
  const { id } = await deploy();
  expect((await api(`GET /deployments/${id}/work_queue_check`)).body).toEqual([]);
  await api(`PATCH /deployments/${id}`, { work_pool_name: "pool", work_queue_name: "fast" });
  const { body } = await api(`GET /deployments/${id}/work_queue_check`);
  expect(body).toMatchObject([{ name: "fast", work_pool_name: "pool" }]);
});

test("[AP84] job variables that a template does not have are refused where it takes no others", async () => {
  const variables = { type: "object", properties: { image: { type: "string" } }, additionalProperties: false };
  const base_job_template = { job_configuration: { image: "{{ image }}" }, variables };
  await api("POST /work_pools/", { name: "pool", type: "process", base_job_template });
  const wanted = { name: "d", flow_id: flow, work_pool_name: "pool" };
  const refused = await api("POST /deployments/", { ...wanted, job_variables: { colour: "red" } });
  expect([refused.status, JSON.stringify(refused.body)]).toEqual([422, expect.stringContaining("colour")]);
  expect((await api("POST /deployments/count", {})).body).toBe(0);
  const { id } = (await api("POST /deployments/", wanted)).body;
  const patched = await api(`PATCH /deployments/${id}`, { work_pool_name: "pool", job_variables: { colour: "red" } });
  expect(patched.status).toBe(422);
  expect((await api(`POST /deployments/${id}/create_flow_run`, { job_variables: { colour: "red" } })).status).toBe(422);
  expect((await api("POST /flow_runs/count", {})).body).toBe(0);
});

test("[AP84] a million schedules are refused before they are read", async () => {
  const body = `{"name":"d","flow_id":"${flow}","schedules":[${'{"schedule":{"interval":60}},'.repeat(1_000_000).slice(0, -1)}]}`;
  expect((await ask("POST /deployments/", { token: a.key, body })).status).toBe(413);
  expect((await api("POST /deployments/count", {})).body).toBe(0);
});

describe("schedules", () => {
  test("[DE3] the next occurrences are on lists as soon as a deployment is there, and have no objects", async () => {
    const { id, schedules } = await deploy({
      schedules: [hourly({ parameters: { y: 2 }, slug: "hours" })],
      parameters: { x: 1 },
      tags: ["t"],
    });
    const runs = await runsOf(id);
    expect(runs).toHaveLength(3);
    expect(runs[0]).toMatchObject({
      ...{ state_type: "SCHEDULED", auto_scheduled: true, parameters: { x: 1, y: 2 }, tags: ["auto-scheduled", "t"] },
      created_by: { id: schedules[0].id, type: "SCHEDULE", display_value: "hours" },
      idempotency_key: expect.stringMatching(/^scheduled .* .* \d{4}-\d\d-\d\d \d\d:00:00\+00:00$/),
    });
    expect(await versions()).toEqual([0, 0, 0]);
    expect((await api("POST /flow_runs/filter", { flow_runs: { id: { any_: [runs[1]?.id] } } })).body).toHaveLength(1);
  });

  test("[DE3] [AP81] whoever touches an occurrence finds its run: to read, to change, to cancel", async () => {
    const { id } = await deploy({ schedules: [hourly()] });
    const [one, two, three] = await runsOf(id);
    expect((await api(`GET /flow_runs/${one?.id}`)).body).toMatchObject({ name: one?.name, state_type: "SCHEDULED" });
    expect((await api(`PATCH /flow_runs/${two?.id}`, { name: "mine" })).status).toBe(204);
    const cancelled = await api(`POST /flow_runs/${three?.id}/set_state`, { state: { type: "CANCELLED" } });
    expect(cancelled.body.status).toBe("ACCEPT");
    expect((await runsOf(id)).map(({ name, state_type }) => [name, state_type])).toEqual([
      [one?.name, "SCHEDULED"],
      ["mine", "SCHEDULED"],
      [three?.name, "CANCELLED"],
    ]);
  });

  test("[DE1] [DE7] an occurrence becomes a run shortly before it is due, once; and nothing is written in between", async () => {
    // Half an hour from now, so that none is due while the test goes on, whatever the time of day.
    const anchor_date = new Date(Date.now() + 1_800_000).toISOString();
    const { id } = await deploy({ schedules: [{ schedule: { interval: 3600, anchor_date } }] });
    const planned = await runsOf(id);
    laterBy(3_600);
    await ring(id);
    vi.useRealTimers();
    const runs = await runsOf(id);
    expect(runs.slice(0, 3).map(({ id: run }) => run)).toEqual(planned.map(({ id: run }) => run));
    expect((await versions()).filter((version) => Number(version) > 0).length).toBeGreaterThan(0);
    const before = await runInDurableObject(stub(id), (_, { storage }) => [
      ...storage.sql.exec("SELECT key, value FROM entries_v1"),
    ]);
    laterBy(3_600);
    await ring(id);
    const after = await runInDurableObject(stub(id), (_, { storage }) => [
      ...storage.sql.exec("SELECT key, value FROM entries_v1"),
    ]);
    expect(after).toEqual(before);
    expect(await runsOf(id)).toHaveLength(runs.length);
  });

  test("[DE2] [DE4] an edit takes back what the old schedule planned, and leaves what it did not change", async () => {
    const { id, schedules } = await deploy({
      schedules: [hourly({ slug: "a" }), { schedule: { cron: "30 * * * *" }, slug: "b" }],
    });
    const before = await runsOf(id);
    expect(before).toHaveLength(6);
    const b = schedules.find(({ slug }: { slug: string }) => slug === "b");
    await api(`PATCH /deployments/${id}/schedules/${b.id}`, { schedule: { cron: "45 * * * *" } });
    const after = await runsOf(id);
    expect(after).toHaveLength(6);
    expect(times(after).filter((time) => time.includes(":30:"))).toEqual([]);
    const hours = (list: typeof before) =>
      list.filter((run) => run.expected_start_time.includes(":00:00")).map((run) => run.id);
    expect(hours(after)).toEqual(hours(before));
    await api(`DELETE /deployments/${id}/schedules/${b.id}`);
    expect(await runsOf(id)).toHaveLength(3);
    expect((await api(`GET /deployments/${id}/schedules`)).body).toHaveLength(1);
  });

  test("[DE5] a run that has begun stays, and its time is not taken twice", async () => {
    const { id } = await deploy({ schedules: [hourly()] });
    const [first] = await runsOf(id);
    await api(`POST /flow_runs/${first?.id}/set_state`, { state: { type: "PENDING" } });
    await deploy({ schedules: [{ schedule: { cron: "0 */1 * * *" } }] });
    const runs = await runsOf(id);
    expect(runs.filter((run) => run.expected_start_time === first?.expected_start_time)).toMatchObject([
      { id: first?.id, state_type: "PENDING" },
    ]);
  });

  test("[AP85] pausing takes back what was planned, resuming plans from now on, deleting takes all with it", async () => {
    const { id } = await deploy({ schedules: [hourly()] });
    const planned = await runsOf(id);
    expect((await api(`POST /deployments/${id}/pause_deployment`)).status).toBe(200);
    expect(await runsOf(id)).toEqual([]);
    expect((await api(`GET /deployments/${id}`)).body.paused).toBe(true);
    await api(`POST /deployments/${id}/resume_deployment`);
    expect((await runsOf(id)).map((run) => run.id)).toEqual(planned.map((run) => run.id));
    const mine = (await api(`POST /deployments/${id}/create_flow_run`, {})).body.id;
    expect((await api(`DELETE /deployments/${id}`)).status).toBe(204);
    expect(await indexRows(a.owner)).toEqual([]);
    expect((await api(`GET /flow_runs/${mine}`)).status).toBe(404);
    expect((await api(`GET /flow_runs/${planned[0]?.id}`)).status).toBe(404);
  });

  test("[AP85] a span of the past is filled once", async () => {
    const { id } = await deploy({ schedules: [hourly()] });
    const span = { start_time: "2026-01-01T00:00:00Z", end_time: "2026-01-01T04:30:00Z", min_runs: 50 };
    for (let times = 0; times < 2; times++)
      expect((await api(`POST /deployments/${id}/schedule`, span)).status).toBe(200);
    const runs = await runsOf(id);
    expect(times(runs).slice(0, 5)).toEqual([0, 1, 2, 3, 4].map((hour) => `2026-01-01T0${hour}:00:00.000000Z`));
    expect(runs).toHaveLength(8);
  });

  test("[AP86] schedules are shown by their last change, the latest first; of those changed at once, the last", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const { id, schedules } = await deploy({
      schedules: [hourly({ slug: "a" }), { schedule: { rrule: "FREQ=DAILY" }, slug: "b" }],
    });
    const slugs = (shown: { slug: string }[]) => shown.map(({ slug }) => slug);
    expect(slugs(schedules)).toEqual(["b", "a"]);
    expect(schedules[0].schedule.rrule).toBe("DTSTART:20200101T000000\nFREQ=DAILY");
    vi.advanceTimersByTime(1_000);
    await api(`PATCH /deployments/${id}/schedules/${schedules[1].id}`, { active: false });
    expect(slugs((await api(`GET /deployments/${id}/schedules`)).body)).toEqual(["a", "b"]);
    expect(slugs((await api(`GET /deployments/${id}`)).body.schedules)).toEqual(["a", "b"]);
    expect((await api(`PATCH /deployments/${id}`, { schedules: null })).status).toBe(422);
  });

  test("[AP86] slugs are unique; updates by slug change, rename and add", async () => {
    const { id } = await deploy({ schedules: [hourly({ slug: "a" })] });
    expect((await api(`POST /deployments/${id}/schedules`, [hourly({ slug: "a" })])).status).toBe(409);
    const added = await api(`POST /deployments/${id}/schedules`, [hourly({ slug: "b", active: false })]);
    expect([added.status, added.body[0].active]).toEqual([201, false]);
    const patch = (schedules: object[]) => api(`PATCH /deployments/${id}`, { schedules });
    expect((await patch([{ active: true }])).status).toBe(422);
    expect(
      (
        await patch([
          { slug: "c", replaces: "a", parameters: { z: 1 } },
          { slug: "b", active: true },
        ])
      ).status,
    ).toBe(204);
    const { body } = await api(`GET /deployments/${id}/schedules`);
    expect(
      body.map(({ slug, active, parameters }: Record<string, unknown>) => [slug, active, parameters]).sort(),
    ).toEqual([
      ["b", true, {}],
      ["c", true, { z: 1 }],
    ]);
  });

  test("[AP87] a preview gives the next times on the wall and in UTC, with a word where clocks change", async () => {
    const { id } = await deploy();
    const { body } = await api(`POST /deployments/${id}/schedules/preview`, {
      schedule: { cron: "30 1,2 * * *", timezone: "America/New_York" },
      after: "2026-03-08T05:00:00Z",
      limit: 2,
    });
    expect(body).toEqual([
      { local: "2026-03-08 01:30:00-05:00", utc: "2026-03-08T06:30:00.000000Z", warning: null },
      {
        local: "2026-03-08 03:30:00-04:00",
        utc: "2026-03-08T07:30:00.000000Z",
        warning: expect.stringContaining("forward from 02:00 to 03:00"),
      },
    ]);
    const autumn = await api(`POST /deployments/${id}/schedules/preview`, {
      schedule: { cron: "0 * * * *", timezone: "America/New_York" },
      after: "2026-11-01T05:00:00Z",
      limit: 3,
    });
    expect(autumn.body.map(({ warning }: { warning: string | null }) => warning?.includes("second") ?? null)).toEqual([
      false,
      true,
      null,
    ]);
  });

  test("[AP82] a change that a crash kept from the object is told by the sweep", async () => {
    const { id } = await deploy({ schedules: [hourly()], paused: true });
    await testEnv.SHARD_0.prepare("UPDATE deployments SET paused = 0, revision = revision + 1 WHERE id = ?1")
      .bind(id)
      .run();
    await testEnv.SHARD_1.prepare("UPDATE deployments SET paused = 0, revision = revision + 1 WHERE id = ?1")
      .bind(id)
      .run();
    await sweepUnplanned(testEnv, Date.now() + 120_000);
    expect(await runsOf(id)).toHaveLength(3);
  });

  test("[AP10] an occurrence whose alarm was lost is made by the sweep, and one that nobody plans is removed", async () => {
    const { id } = await deploy({ schedules: [hourly()] });
    const [first] = await runsOf(id);
    await runInDurableObject(stub(id), (_, { storage }) => storage.deleteAlarm());
    laterBy(3_700);
    await sweepLiveRuns(testEnv);
    vi.useRealTimers();
    expect((await indexRows(a.owner)).find((row) => row.id === first?.id)?.version).toBeGreaterThan(0);
  });
});

describe("readiness", () => {
  test("[AP88] a deployment is READY for a minute after somebody asked for its runs", async () => {
    const { id, status } = await deploy();
    expect(status).toBe("NOT_READY");
    const run = (await api(`POST /deployments/${id}/create_flow_run`, {})).body.id;
    const polled = await api("POST /deployments/get_scheduled_flow_runs", {
      deployment_ids: [id],
      scheduled_before: "2100-01-01T00:00:00Z",
    });
    expect(polled.body.map((one: { id: string }) => one.id)).toEqual([run]);
    expect((await api(`GET /deployments/${id}`)).body).toMatchObject({
      status: "READY",
      last_polled: expect.any(String),
    });
    laterBy(100);
    expect((await api(`GET /deployments/${id}`)).body.status).toBe("NOT_READY");
  });
});

test("[AP89] many runs are begun in one call, and each is told of for itself", async () => {
  const schema = { type: "object", properties: { x: { type: "integer" } } };
  const { id } = await deploy({ parameter_openapi_schema: schema });
  const wanted = Array.from({ length: 45 }, (_, x) => ({ parameters: { x: x === 7 ? "text" : x } }));
  const { status, body } = await api(`POST /deployments/${id}/create_flow_run/bulk`, wanted);
  expect(status).toBe(200);
  expect(body.results[7]).toEqual({ flow_run_id: null, status: "FAILED", error: expect.stringContaining("'x'") });
  expect(body.results.filter((one: { status: string }) => one.status === "CREATED")).toHaveLength(44);
  expect(await runsOf(id)).toHaveLength(44);
});

test("[DE6] another workspace finds nothing", async () => {
  const { id, schedules } = await deploy({ schedules: [hourly()] });
  const [run] = await runsOf(id);
  const b = await makeTenant();
  for (const route of [
    `GET /deployments/${id}`,
    `GET /deployments/${id}/schedules`,
    `POST /deployments/${id}/pause_deployment`,
    `DELETE /deployments/${id}/schedules/${schedules[0].id}`,
    `GET /flow_runs/${run?.id}`,
  ])
    expect((await ask(route, { token: b.key })).status).toBe(404);
  expect(await runsOf(id)).toHaveLength(3);
});
