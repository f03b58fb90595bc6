/** Limits and their slots over the API, inside the Workers runtime. */
import { beforeEach, describe, expect, test } from "vitest";
import { testEnv } from "../../test/workerd/env.ts";
import { ask, makeTenant, type TestTenant } from "../../test/workerd/tenant.ts";

let a: TestTenant;
beforeEach(async () => {
  a = await makeTenant();
});

const call = async (route: string, body?: unknown, tenant = a) => ask(route, { token: tenant.key, body });
const make = (fields: object) => call("POST /v2/concurrency_limits/", fields);
const read = async (name: string) => (await call(`GET /v2/concurrency_limits/${name}`)).body;
const take = (fields: object) => call("POST /v2/concurrency_limits/increment-with-lease", { slots: 1, ...fields });
const holder = (id: string) => ({ type: "task_run", id });

describe("a limit", () => {
  test("[AP60] is made with the wire's defaults, read by id and by name, listed, and shows how many slots are taken", async () => {
    const { status, body } = await make({ name: "db", limit: 5, active_slots: 2 });
    expect(status).toBe(201);
    expect(body).toEqual({
      ...{ id: expect.any(String), created: expect.any(String), updated: body.created, name: "db", limit: 5 },
      ...{ active: true, active_slots: 2, denied_slots: 0, slot_decay_per_second: 0, avg_slot_occupancy_seconds: 2 },
    });
    const { denied_slots: _, avg_slot_occupancy_seconds: __, ...shown } = body;
    expect(await read("db")).toEqual(shown);
    expect(await read(body.id)).toEqual(shown);
    expect((await call("POST /v2/concurrency_limits/filter", {})).body).toEqual([shown]);
    expect((await call("POST /v2/concurrency_limits/filter", { offset: 1 })).body).toEqual([]);
    const page = { count: 1, limit: 1, pages: 1 };
    const paginate = async (body?: object) => (await call("POST /v2/concurrency_limits/paginate", body)).body;
    expect(await paginate({ limit: 1 })).toEqual({ results: [shown], page: 1, ...page });
    expect(await paginate({ limit: 1, page: 2 })).toEqual({ results: [], page: 2, ...page });
  });

  test("[AP60] is of a name once", async () => {
    await make({ name: "db", limit: 1 });
    expect((await make({ name: "db", limit: 2 })).status).toBe(409);
    await make({ name: "other", limit: 1 });
    expect((await call("PATCH /v2/concurrency_limits/other", { name: "db" })).status).toBe(409);
    expect((await read("other")).name).toBe("other");
  });

  test("[AP60] is changed field by field, renamed, and found under its new name alone", async () => {
    const { body } = await make({ name: "db", limit: 1 });
    const lease = (await take({ names: ["db"] })).body.lease_id;
    const changes = { limit: 3, slot_decay_per_second: 0.5, active: false, name: "renamed" };
    expect((await call("PATCH /v2/concurrency_limits/db", changes)).status).toBe(204);
    expect(await read("renamed")).toMatchObject({ id: body.id, ...changes });
    expect((await call("GET /v2/concurrency_limits/db")).status).toBe(404);
    expect((await take({ names: ["db"] })).body.limits).toEqual([]);
    await call("PATCH /v2/concurrency_limits/renamed", { active: true, slot_decay_per_second: 0 });
    expect((await read("renamed")).active_slots).toBe(1);
    expect((await call(`POST /v2/concurrency_limits/leases/${lease}/renew`, {})).status).toBe(204);
    expect((await call("PATCH /v2/concurrency_limits/nobody", { limit: 1 })).status).toBe(404);
  });

  test("[AP60] is gone with its holders when it is deleted", async () => {
    await make({ name: "db", limit: 1 });
    const lease = (await take({ names: ["db"] })).body.lease_id;
    expect((await call("DELETE /v2/concurrency_limits/db")).status).toBe(204);
    expect((await call("DELETE /v2/concurrency_limits/db")).status).toBe(404);
    expect((await call(`POST /v2/concurrency_limits/leases/${lease}/renew`, {})).status).toBe(410);
    expect((await call("POST /v2/concurrency_limits/decrement-with-lease", { lease_id: lease })).status).toBe(204);
    await make({ name: "db", limit: 1 });
    expect((await take({ names: ["db"] })).status).toBe(200);
  });

  test.each([
    ["a negative limit", { name: "db", limit: -1 }, "limit"],
    ["half a limit", { name: "db", limit: 1.5 }, "limit"],
    ["a limit beyond all counting", { name: "db", limit: 1e300 }, "limit"],
    ["a negative decay", { name: "db", limit: 1, slot_decay_per_second: -1 }, "slot_decay_per_second"],
    ["negative slots", { name: "db", limit: 1, active_slots: -1 }, "active_slots"],
    ["more slots than the limit", { name: "db", limit: 1, active_slots: 2 }, "active_slots"],
    ["a name that is no path", { name: "a/b", limit: 1 }, "name"],
    ["a field that there is not", { name: "db", limit: 1, nope: 1 }, "nope"],
  ])("[AP1] [AP60] %s is refused with the field's name, and nothing is stored", async (_case, body, field) => {
    const answer = await make(body);
    expect(answer.status).toBe(422);
    expect(answer.body.exception_detail[0].loc).toEqual(["body", field]);
    expect((await call("POST /v2/concurrency_limits/filter", {})).body).toEqual([]);
  });

  test("[AP60] of 0 gives nothing, and one of a billion gives a billion", async () => {
    await make({ name: "none", limit: 0 });
    const refused = await take({ names: ["none"] });
    expect([refused.status, refused.body.exception_detail[0].loc]).toEqual([422, ["body", "slots"]]);
    await make({ name: "many", limit: 1_000_000_000 });
    expect((await take({ names: ["many"], slots: 1_000_000_000 })).status).toBe(200);
    expect((await take({ names: ["many"] })).status).toBe(423);
    expect((await read("many")).active_slots).toBe(1_000_000_000);
  });
});

describe("slots", () => {
  test("[AP60] are refused with 423 and a time to come again, and granted when they were given back", async () => {
    const { body: limit } = await make({ name: "db", limit: 1 });
    const first = await take({ names: ["db"], holder: holder(crypto.randomUUID()) });
    expect(first.body).toEqual({
      lease_id: expect.any(String),
      limits: [{ id: limit.id, name: "db", limit: 1 }],
    });
    const refused = await take({ names: ["db"] });
    expect(refused.status).toBe(423);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    const lease_id = first.body.lease_id;
    expect((await call("POST /v2/concurrency_limits/decrement-with-lease", { lease_id })).status).toBe(204);
    expect((await call("POST /v2/concurrency_limits/decrement-with-lease", { lease_id })).status).toBe(204);
    expect((await take({ names: ["db"] })).status).toBe(200);
  });

  test("[AP60] of names without a limit are granted, and there is nothing to renew or to give back", async () => {
    const { status, body } = await take({ names: ["nobody"] });
    expect([status, body.limits]).toEqual([200, []]);
    expect((await call(`POST /v2/concurrency_limits/leases/${body.lease_id}/renew`)).status).toBe(204);
    expect((await call("POST /v2/concurrency_limits/decrement-with-lease", { lease_id: body.lease_id })).status).toBe(
      204,
    );
    const body_ = { slots: 1, names: ["nobody"] };
    expect((await call("POST /v2/concurrency_limits/increment", body_)).body).toEqual([]);
    expect((await call("POST /v2/concurrency_limits/decrement", body_)).body).toEqual([]);
  });

  test("[AP60] taken without a lease are given back by name, and a second time changes nothing", async () => {
    await make({ name: "db", limit: 3 });
    await take({ names: ["db"] });
    expect((await call("POST /v2/concurrency_limits/increment", { names: ["db"], slots: 2 })).status).toBe(200);
    expect((await read("db")).active_slots).toBe(3);
    const back = { names: ["db"], slots: 2, occupancy_seconds: 1.5 };
    expect((await call("POST /v2/concurrency_limits/decrement", back)).body).toMatchObject([{ name: "db" }]);
    expect((await read("db")).active_slots).toBe(1);
    expect((await call("POST /v2/concurrency_limits/decrement", back)).status).toBe(200);
    expect((await read("db")).active_slots).toBe(1);
  });

  test("[AP60] limit a rate where they decay, and only there", async () => {
    await make({ name: "rate", limit: 2, slot_decay_per_second: 5 });
    await make({ name: "plain", limit: 2 });
    const ask = (names: string[]) =>
      call("POST /v2/concurrency_limits/increment", { names, slots: 1, mode: "rate_limit" });
    expect((await ask(["plain", "rate"])).body.exception_detail[0].loc).toEqual(["body", "names"]);
    const statuses = await Promise.all([1, 2, 3].map(async () => (await ask(["rate"])).status));
    expect(statuses).toEqual([200, 200, 423]);
  });

  test("[AP60] show who has them, since when and until when, and who waits in which order; by hand they are freed", async () => {
    await make({ name: "db", limit: 2 });
    const [first, second, third] = [1, 2, 3].map(() => holder(crypto.randomUUID()));
    const { lease_id } = (await take({ names: ["db"], holder: first, lease_duration: 60 })).body;
    await call("POST /v2/concurrency_limits/increment", { names: ["db"], slots: 1 });
    await take({ names: ["db"], holder: second });
    await take({ names: ["db"], holder: third });
    const shown = (await call("GET /v2/concurrency_limits/db/holders")).body;
    expect(shown).toEqual({
      active_slots: 2,
      holders: [
        { lease_id, slots: 1, holder: first, since: expect.any(String), until: expect.any(String) },
        { lease_id: expect.any(String), slots: 1, holder: null, since: expect.any(String), until: null },
      ],
      waiting: [
        { holder: second, slots: 1, since: expect.any(String) },
        { holder: third, slots: 1, since: expect.any(String) },
      ],
    });
    const lease = shown.holders[1].lease_id;
    await call("POST /v2/concurrency_limits/decrement-with-lease", { lease_id: lease });
    expect((await take({ names: ["db"], holder: third })).status).toBe(423);
    expect((await take({ names: ["db"], holder: second })).status).toBe(200);
    await call("PATCH /v2/concurrency_limits/db", { active_slots: 0 });
    expect((await read("db")).active_slots).toBe(0);
    expect((await call(`POST /v2/concurrency_limits/leases/${lease_id}/renew`, {})).status).toBe(410);
    const more = await call("PATCH /v2/concurrency_limits/db", { active_slots: 3 });
    expect([more.status, more.body.exception_detail[0].loc]).toEqual([422, ["body", "active_slots"]]);
  });

  test.each([
    ["no slots", { names: ["db"], slots: 0 }, "slots"],
    ["negative slots", { names: ["db"], slots: -1 }, "slots"],
    ["no names", { names: [] }, "names"],
    ["a lease of a second", { names: ["db"], lease_duration: 1 }, "lease_duration"],
    ["a lease of two days", { names: ["db"], lease_duration: 172_800 }, "lease_duration"],
    ["a mode that there is not", { names: ["db"], mode: "nope" }, "mode"],
    ["a holder of another kind", { names: ["db"], holder: { type: "dog", id: crypto.randomUUID() } }, "holder"],
  ])("[AP1] [AP60] %s is refused with the field's name, and nothing is taken", async (_case, body, field) => {
    await make({ name: "db", limit: 1 });
    const answer = await take(body);
    expect(answer.status).toBe(422);
    expect(answer.body.exception_detail[0].loc.slice(0, 2)).toEqual(["body", field]);
    expect((await read("db")).active_slots).toBe(0);
  });

  test("[AP2] [AP60] of one workspace are not another's", async () => {
    const b = await makeTenant();
    await make({ name: "db", limit: 1 });
    const { lease_id } = (await take({ names: ["db"] })).body;
    expect((await call("GET /v2/concurrency_limits/db", undefined, b)).status).toBe(404);
    expect((await call(`POST /v2/concurrency_limits/leases/${lease_id}/renew`, {}, b)).status).toBe(410);
    expect((await call("POST /v2/concurrency_limits/decrement-with-lease", { lease_id }, b)).status).toBe(204);
    expect((await call("PATCH /v2/concurrency_limits/db", { active_slots: 0 }, b)).status).toBe(404);
    expect((await read("db")).active_slots).toBe(1);
  });

  test("[AP60] are asked of the shard once for many calls", async () => {
    await make({ name: "db", limit: 100 });
    await take({ names: ["db", "tag:none"] });
    await testEnv.SHARD_0.prepare("DELETE FROM concurrency_limits WHERE workspace_id = ?1").bind(a.workspace).run();
    await testEnv.SHARD_1.prepare("DELETE FROM concurrency_limits WHERE workspace_id = ?1").bind(a.workspace).run();
    expect((await take({ names: ["db", "tag:none"] })).body.limits).toMatchObject([{ name: "db" }]);
  });
});

describe("the limit of a tag", () => {
  const task = () => crypto.randomUUID();

  test("[AP60] is made, set anew, read by tag and by id, listed, and deleted", async () => {
    const made = await call("POST /concurrency_limits/", { tag: "db", concurrency_limit: 1 });
    expect(made.status).toBe(201);
    const { id } = made.body;
    expect(made.body).toEqual({
      ...{ id, created: expect.any(String), updated: expect.any(String) },
      ...{ tag: "db", concurrency_limit: 1, active_slots: [] },
    });
    const again = await call("POST /concurrency_limits/", { tag: "db", concurrency_limit: 2 });
    expect([again.status, again.body.id, again.body.concurrency_limit]).toEqual([200, id, 2]);
    await make({ name: "tagless", limit: 1 });
    expect((await call("GET /concurrency_limits/tag/db")).body).toEqual(again.body);
    expect((await call(`GET /concurrency_limits/${id}`)).body).toEqual(again.body);
    expect((await call("POST /concurrency_limits/filter", {})).body).toEqual([again.body]);
    expect((await read("tag:db")).limit).toBe(2);
    expect((await call("DELETE /concurrency_limits/tag/db")).status).toBe(200);
    expect((await call("GET /concurrency_limits/tag/db")).status).toBe(404);
    expect((await call(`DELETE /concurrency_limits/${id}`)).status).toBe(404);
  });

  test("[AP60] gives a task run one slot, however often it asks, and shows who has them", async () => {
    await call("POST /concurrency_limits/", { tag: "db", concurrency_limit: 1 });
    const [one, other] = [task(), task()];
    const increment = (task_run_id: string) =>
      call("POST /concurrency_limits/increment", { names: ["db", "none"], task_run_id });
    expect((await increment(one)).body).toMatchObject([{ name: "db", limit: 1 }]);
    expect((await increment(one)).status).toBe(200);
    const refused = await increment(other);
    expect([refused.status, refused.headers.has("retry-after")]).toEqual([423, true]);
    expect((await call("GET /concurrency_limits/tag/db")).body.active_slots).toEqual([one]);
    const decrement = { names: ["db"], task_run_id: one };
    expect((await call("POST /concurrency_limits/decrement", decrement)).body).toMatchObject([{ name: "tag:db" }]);
    expect((await call("POST /concurrency_limits/decrement", decrement)).status).toBe(200);
    expect((await increment(other)).status).toBe(200);
  });

  test("[AP60] of 0 refuses with 423, of a negative number is refused itself", async () => {
    await call("POST /concurrency_limits/", { tag: "db", concurrency_limit: 0 });
    const body = { names: ["db"], task_run_id: task() };
    expect((await call("POST /concurrency_limits/increment", body)).status).toBe(423);
    expect((await call("POST /concurrency_limits/", { tag: "x", concurrency_limit: -1 })).status).toBe(422);
  });

  test("[AP60] is reset by hand: nobody has a slot, or those who are named", async () => {
    await call("POST /concurrency_limits/", { tag: "db", concurrency_limit: 2 });
    const [one, two, three] = [task(), task(), task()];
    await call("POST /concurrency_limits/increment", { names: ["db"], task_run_id: one });
    const reset = (slot_override?: string[]) => call("POST /concurrency_limits/tag/db/reset", { slot_override });
    expect((await reset([two, three])).status).toBe(200);
    expect((await call("GET /concurrency_limits/tag/db")).body.active_slots).toEqual([two, three]);
    const tooMany = await reset([one, two, three]);
    expect([tooMany.status, tooMany.body.exception_detail[0].loc]).toEqual([422, ["body", "slot_override"]]);
    expect((await reset()).status).toBe(200);
    expect((await call("GET /concurrency_limits/tag/db")).body.active_slots).toEqual([]);
    expect((await call("POST /concurrency_limits/tag/nobody/reset", {})).status).toBe(404);
  });
});
