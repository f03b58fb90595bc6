import { listDurableObjectIds, runInDurableObject } from "cloudflare:test";
import { FLOW_RUN_SORTS } from "@millrace/domain/filter/order.ts";
import { uuidv7 } from "uuidv7";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { shardOf } from "../../durable-objects/env.ts";
import { testEnv } from "../../test/workerd/env.ts";
import { runAt } from "../../test/workerd/runs.ts";
import { ask, makeTenant, type TestTenant } from "../../test/workerd/tenant.ts";

let a: TestTenant;
let flow: string;
beforeEach(async () => {
  a = await makeTenant();
  flow = (await ask("POST /flows/", { token: a.key, body: { name: "flow" } })).body.id;
});

const call = async (route: string, body?: unknown) => (await ask(route, { token: a.key, body })).body;
const create = async (body: object = {}): Promise<string> =>
  (await call("POST /flow_runs/", { flow_id: flow, ...body })).id;
const set = (run: string, type: string, more: object = {}) =>
  call(`POST /flow_runs/${run}/set_state`, { state: { type }, force: true, ...more });
const list = async (body: object = {}): Promise<{ id: string; state_type: string }[]> =>
  call("POST /flow_runs/filter", body);
const idsOf = async (body: object = {}) => (await list(body)).map(({ id }) => id);

/** Puts rows of runs into the index that no object knows: half of them have started, an hour late. */
const fill = (from: number, to: number) =>
  shardOf(testEnv, a.shard)
    .prepare(
      `WITH RECURSIVE n(n) AS (SELECT ?3 UNION ALL SELECT n + 1 FROM n WHERE n < ?4)
       INSERT INTO flow_runs (workspace_id, id, version, flow_id, name, tags, state_type, expected_start_time, start_time,
                              created, updated, task_run_ids, body)
       SELECT ?1, 'run ' || n, 1, ?2, 'run', '[]', 'COMPLETED', n, iif(n % 2, n + 3600000000, NULL), n, n, '',
              json_object('id', ?2, 'created', n, 'updated', n, 'name', 'run', 'flowId', ?2) FROM n`,
    )
    .bind(a.workspace, flow, from, to)
    .run();

/** Rows that the database reads for a page. */
async function rowsRead(body: object): Promise<number> {
  const shard = shardOf(testEnv, a.shard);
  const prepare = vi.spyOn(shard, "prepare");
  expect(await list({ ...body, limit: 20 })).toHaveLength(20);
  const sql = prepare.mock.calls.map(([text]) => text).find((text) => text.includes("FROM flow_runs r")) ?? "";
  prepare.mockRestore();
  const { results, meta } = await shard.prepare(sql).bind(a.workspace, 20, 0).all();
  expect(results).toHaveLength(20);
  return meta.rows_read;
}

test.each(["ID_DESC", "EXPECTED_START_TIME_DESC", "EXPECTED_START_TIME_ASC", "START_TIME_DESC", "START_TIME_ASC"])(
  "[AP46] a page in the order %s reads no more among two thousand runs than among a hundred",
  async (sort) => {
    await fill(1, 100);
    const few = await rowsRead({ sort });
    await fill(101, 2_000);
    expect(few).toBeGreaterThan(0);
    expect(await rowsRead({ sort })).toBeLessThanOrEqual(few);
  },
);

describe("what was answered is listed", () => {
  test("[AP6] a run is listed as soon as its create was answered", async () => {
    for (let count = 1; count <= 10; count++) {
      const run = await create();
      expect((await idsOf({ sort: "ID_DESC" }))[0]).toBe(run);
      expect(await call("POST /flow_runs/count", {})).toBe(count);
    }
  });

  test("[AP6] many who create at once find all that were answered", async () => {
    const made = await Promise.all(Array.from({ length: 20 }, () => create()));
    expect((await idsOf()).sort()).toEqual(made.sort());
  });

  test.each(["COMPLETED", "FAILED", "CANCELLED", "CRASHED"])(
    "[AP6] a run that ended %s is listed so at once",
    async (type) => {
      for (let times = 0; times < 5; times++) {
        const run = await create();
        await set(run, "RUNNING");
        await set(run, type);
        const ended = await idsOf({ flow_runs: { state: { type: { any_: [type] } } }, sort: "ID_DESC" });
        expect(ended[0]).toBe(run);
      }
    },
  );

  test("[AP6] runs that are named are shown as they are at this moment", async () => {
    const runs = [await create(), await create()];
    for (const type of ["RUNNING", "PAUSED", "RUNNING", "COMPLETED"]) {
      await set(runs[0] as string, type);
      const named = await list({ flow_runs: { id: { any_: runs } }, sort: "ID_DESC" });
      expect(named.map(({ state_type }) => state_type)).toEqual(["PENDING", type]);
    }
  });

  test("[AP6] a run that was deleted is listed no more, however it is asked for", async () => {
    const [run, other] = [await create(), await create()];
    await set(run, "RUNNING");
    expect((await ask(`DELETE /flow_runs/${run}`, { token: a.key })).status).toBe(204);
    expect(await idsOf()).toEqual([other]);
    expect(await idsOf({ flow_runs: { id: { any_: [run] } } })).toEqual([]);
    expect(await call("POST /flow_runs/count", {})).toBe(1);
    expect((await ask(`GET /flow_runs/${run}`, { token: a.key })).status).toBe(404);
  });

  test("[AP6] what was listed is listed after a crash of the run and of the hub", async () => {
    const run = await create({ tags: ["x"] });
    await set(run, "COMPLETED");
    const before = await list();
    await runAt(a.owner, run).crash();
    const hub = testEnv.EVENT_HUB.get(testEnv.EVENT_HUB.idFromName(a.workspace));
    await runInDurableObject(hub, (_, state) => state.abort("a crash")).catch(() => {});
    expect(before).toEqual([expect.objectContaining({ id: run, state_type: "COMPLETED", tags: ["x"] })]);
    expect(await list()).toEqual(before);
  });
});

describe("one and the same list", () => {
  test("[AP14] by the index and by the runs themselves, for every order and page", async () => {
    const later = new Date(Date.now() + 3_600_000).toISOString();
    const runs = [
      await create({ name: "b", tags: ["x"] }),
      await create({ name: "a", state: { type: "SCHEDULED", state_details: { scheduled_time: later } } }),
      await create({ name: "B", tags: ["x", "y"], parameters: { p: [1, { q: "é" }] } }),
      await create({ name: "a", flow_version: "2", idempotency_key: "k" }),
    ];
    await set(runs[0] as string, "RUNNING");
    await set(runs[0] as string, "COMPLETED");
    await set(runs[2] as string, "CRASHED");
    const settled = ({ estimated_start_time_delta: _, estimated_run_time: __, ...run }: Record<string, unknown>) => run;
    for (const sort of FLOW_RUN_SORTS) {
      for (const page of [{}, { limit: 2 }, { limit: 2, offset: 1 }, { limit: 0 }, { offset: 3 }]) {
        const byIndex = await list({ sort, ...page });
        const byRuns = await list({ sort, ...page, flow_runs: { id: { any_: runs } } });
        expect(byRuns.map(settled as never), `${sort} ${JSON.stringify(page)}`).toEqual(byIndex.map(settled as never));
      }
    }
    const page = await call("POST /flow_runs/paginate", { limit: 3, page: 2, sort: "ID_DESC" });
    expect(page).toMatchObject({ count: 4, limit: 3, pages: 2, page: 2, results: [{ id: runs[0] }] });
  });

  test("[AP5] the longest filter that the wire takes is answered", async () => {
    const run = await create({ name: "found", tags: ["x"] });
    const many = { any_: Array.from({ length: 5000 }, () => uuidv7()) };
    const names = { any_: [...many.any_.slice(1), "found"], like_: "f".repeat(1) };
    const filter = {
      flow_runs: {
        operator: "or_",
        ...{ id: many, name: names, tags: { operator: "or_", any_: names.any_, all_: names.any_, is_null_: true } },
        ...{ deployment_id: { ...many, is_null_: false }, parent_task_run_id: { ...many, is_null_: false } },
        ...{ work_queue_name: { any_: names.any_ }, flow_version: { any_: names.any_ } },
        ...{ idempotency_key: { any_: names.any_, not_any_: names.any_ } },
      },
    };
    expect(await idsOf(filter)).toEqual([run]);
    expect(await call("POST /flow_runs/count", filter)).toBe(1);
  });
});

describe("idempotency keys", () => {
  test("[AP12] a second create with a key answers the first one's run", async () => {
    const body = { flow_id: flow, idempotency_key: "k", parameters: { x: 1 } };
    const first = await ask("POST /flow_runs/", { token: a.key, body });
    const second = await ask("POST /flow_runs/", { token: a.key, body: { ...body, parameters: { x: 2 } } });
    expect([first.status, second.status]).toEqual([201, 200]);
    expect(second.body).toMatchObject({ id: first.body.id, parameters: { x: 1 } });
    expect(await call("POST /flow_runs/count", {})).toBe(1);
  });

  test("[AP12] of many that overlap one is made", async () => {
    const body = { flow_id: flow, idempotency_key: "k" };
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => ask("POST /flow_runs/", { token: a.key, body })),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    expect(await call("POST /flow_runs/count", {})).toBe(1);
  });

  test("[AP12] a key is that of its flow and workspace", async () => {
    const other = (await call("POST /flows/", { name: "other" })).id;
    const b = await makeTenant();
    const theirs = (await ask("POST /flows/", { token: b.key, body: { name: "flow" } })).body.id;
    const ids = [
      await create({ idempotency_key: "k" }),
      await create({ idempotency_key: "k", flow_id: other }),
      (await ask("POST /flow_runs/", { token: b.key, body: { flow_id: theirs, idempotency_key: "k" } })).body.id,
    ];
    expect(new Set(ids).size).toBe(3);
  });

  test("[AP12] once its run was deleted, a key begins a new one", async () => {
    const run = await create({ idempotency_key: "k" });
    await ask(`DELETE /flow_runs/${run}`, { token: a.key });
    const again = await ask("POST /flow_runs/", { token: a.key, body: { flow_id: flow, idempotency_key: "k" } });
    expect(again.status).toBe(201);
    expect(await idsOf()).toEqual([again.body.id]);
  });
});

test("[AP4] a thousand guesses touch no object", async () => {
  const before = (await listDurableObjectIds(testEnv.FLOW_RUN)).length;
  for (let times = 0; times < 10; times++) {
    const guesses = Array.from({ length: 100 }, () => uuidv7());
    const [status] = await Promise.all([
      ask(`GET /flow_runs/${guesses[0]}`, { token: a.key }),
      call("POST /flow_runs/filter", { flow_runs: { id: { any_: guesses.slice(0, 20) } } }),
      call("POST /task_runs/filter", { task_runs: { flow_run_id: { any_: guesses } } }),
      call("POST /logs/filter", { logs: { flow_run_id: { any_: guesses } } }),
      call(
        "POST /logs/",
        guesses.map((flow_run_id) => ({
          name: "n",
          level: 20,
          message: "m",
          timestamp: "2026-01-01T00:00:00Z",
          flow_run_id,
        })),
      ),
      call(`POST /flow_runs/${guesses[1]}/set_state`, { state: { type: "RUNNING" } }),
    ]);
    expect(status.status).toBe(404);
  }
  expect((await listDurableObjectIds(testEnv.FLOW_RUN)).length).toBe(before);
});
