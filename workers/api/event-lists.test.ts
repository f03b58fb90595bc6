import { beforeEach, describe, expect, test } from "vitest";
import { type Asked, ask, makeTenant, type TestTenant } from "../../test/workerd/tenant.ts";

let a: TestTenant;
beforeEach(async () => {
  a = await makeTenant();
});

const api = (route: string, body?: unknown, tenant = a): Promise<Asked> => ask(route, { token: tenant.key, body });
const NOW = Date.now();
const minutesAgo = (minutes: number): string => new Date(NOW - minutes * 60_000).toISOString();
const told = (minutes: number, more: object = {}) => ({
  id: crypto.randomUUID(),
  occurred: minutesAgo(minutes),
  event: "shop.sold",
  resource: { "prefect.resource.id": `shop.${minutes % 2}` },
  related: [],
  payload: { minutes },
  ...more,
});
const list = async (filter: object, limit = 50) => (await api("POST /events/filter", { filter, limit })).body;
const minutesOf = (page: { events: { payload: { minutes: number } }[] }) =>
  page.events.map(({ payload }) => payload.minutes);

describe("lists", () => {
  test("[AP130] by the filter of subscribers, newest first, and each event once", async () => {
    const twice = told(3);
    const other = told(4, {
      event: "shop.bought",
      related: [{ "prefect.resource.id": "x", "prefect.resource.role": "till" }],
    });
    expect((await api("POST /events", [told(1), told(2), twice, other])).status).toBe(204);
    await api("POST /events", [twice]);
    expect(minutesOf(await list({}))).toEqual([1, 2, 3, 4]);
    expect(minutesOf(await list({ order: "ASC" }))).toEqual([4, 3, 2, 1]);
    expect(minutesOf(await list({ event: { prefix: ["shop.b"] } }))).toEqual([4]);
    expect(minutesOf(await list({ event: { exclude_name: ["shop.sold"] } }))).toEqual([4]);
    expect(minutesOf(await list({ resource: { id: ["shop.1"] } }))).toEqual([1, 3]);
    expect(minutesOf(await list({ related: [{ role: ["till"] }, { id: ["x"] }] }))).toEqual([4]);
    expect(minutesOf(await list({ any_resource: { id_prefix: ["x"] } }))).toEqual([4]);
    expect(minutesOf(await list({ id: { id: [twice.id] } }))).toEqual([3]);
    expect(minutesOf(await list({ resource: { distinct: true, id_prefix: ["shop."] } }))).toEqual([1, 2]);
    expect(minutesOf(await list({ occurred: { since: minutesAgo(3), until: minutesAgo(2) } }))).toEqual([2, 3]);
    expect(await list({ event: { name: ["nothing"] } })).toEqual({ events: [], total: 0, next_page: null });
    expect((await api("POST /events/filter")).body).toMatchObject({ total: 4, next_page: null });
  });

  test("[AP130] pages go on where the one before ended, and are no other workspace's", async () => {
    await api(
      "POST /events",
      [1, 2, 3, 4, 5].map((minutes) => told(minutes)),
    );
    const first = await list({ event: { prefix: ["shop."] } }, 2);
    expect(first).toMatchObject({
      total: 5,
      next_page: expect.stringMatching(/\/api\/events\/filter\/next\?page-token=/),
    });
    const next = (page: { next_page: string }, tenant = a) =>
      api(`GET ${page.next_page.split("/api")[1]}`, undefined, tenant);
    await api("POST /events", [told(0)]);
    const second = (await next(first)).body;
    const third = (await next(second)).body;
    expect([first, second, third].map(minutesOf)).toEqual([[1, 2], [3, 4], [5]]);
    expect(third).toMatchObject({ total: 5, next_page: null });
    expect((await next(first, await makeTenant())).body).toMatchObject({ events: [] });
  });

  test("[AP130] what is no filter and no page token is refused", async () => {
    expect((await api("POST /events/filter", { filter: { nonsense: 1 } })).status).toBe(422);
    expect((await api("POST /events/filter", { limit: 51 })).status).toBe(422);
    expect((await api("GET /events/filter/next")).status).toBe(422);
    for (const token of ["nonsense", btoa("{}"), btoa('{"filter":{"order":"UP"},"limit":1,"total":1,"after":null}')])
      expect((await api(`GET /events/filter/next?page-token=${encodeURIComponent(token)}`)).status).toBe(403);
  });
});

test("[AP130] counts by name, resource and time", async () => {
  await api("POST /events", [told(1), told(2), told(3), told(4, { event: "shop.bought" })]);
  const filter = { occurred: { since: minutesAgo(5), until: minutesAgo(0) } };
  const counted = async (countable: string, more: object = {}) =>
    (await api(`POST /events/count-by/${countable}`, { filter, ...more })).body;
  expect(await counted("event")).toMatchObject([
    { value: "shop.sold", label: "shop.sold", count: 3 },
    { value: "shop.bought", count: 1 },
  ]);
  expect(await counted("resource")).toMatchObject([
    { value: "shop.0", count: 2 },
    { value: "shop.1", count: 2 },
  ]);
  const sum = (counts: { count: number }[]) => counts.reduce((all, { count }) => all + count, 0);
  expect(sum(await counted("day"))).toBe(4);
  const minutes = await counted("time", { time_unit: "minute", time_interval: 1 });
  expect(sum(minutes)).toBe(4);
  expect(minutes.length).toBeGreaterThanOrEqual(5);
  expect((await api("POST /events/count-by/colour", { filter })).body.detail[0].loc).toEqual(["path", "countable"]);
  const tooMany = await api("POST /events/count-by/time", { filter: {}, time_unit: "second" });
  expect(tooMany).toMatchObject({ status: 422, body: { detail: expect.stringContaining("buckets") } });
});
