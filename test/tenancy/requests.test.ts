/** Requests that ask for more than their fields: to set what is the service's to set, to search without an end, to be read elsewhere. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ask, inventory, type Parties, startParties } from "./fixture.ts";

let parties: Parties;
beforeAll(async () => {
  parties = await startParties();
});
afterAll(() => parties.server.stop());

const post = (path: string, body: object) =>
  ask("POST", parties.a.apiUrl + path, { token: parties.a.key, body: JSON.stringify(body) });

describe("[S21] fields that are not a caller's", () => {
  const taken = {
    id: randomUUID(),
    created: "2001-02-03T04:05:06Z",
    updated: "2001-02-03T04:05:06Z",
    workspace: "w",
    workspace_id: randomUUID(),
    account_id: randomUUID(),
    role: "owner",
    scopes: ["*"],
    is_system: true,
    created_by: { id: randomUUID(), type: "USER", display_value: "somebody" },
    run_count: 99,
    total_run_time: 99,
    start_time: "2001-02-03T04:05:06Z",
    estimated_run_time: 99,
  };
  const routes: [string, (own: string) => object][] = [
    ["/flows/", (own) => ({ name: own })],
    ["/flow_runs/", (own) => ({ name: own, flow_id: parties.a.things.flow })],
    ["/deployments/", (own) => ({ name: own, flow_id: parties.a.things.flow })],
    ["/work_pools/", (own) => ({ name: own, type: "process" })],
    ["/variables/", (own) => ({ name: own.replaceAll("-", "_"), value: 1 })],
    ["/artifacts/", (own) => ({ key: own, data: "x" })],
    ["/v2/concurrency_limits/", (own) => ({ name: own, limit: 1 })],
  ];
  const cases = routes.flatMap(([path, body]) => Object.keys(taken).map((field) => [field, path, body] as const));
  test.each(cases)(
    "[S21] %s in the body of POST %s is refused by its name, or means nothing",
    async (field, path, body) => {
      const value = taken[field as keyof typeof taken];
      const before = await inventory(parties.b);
      const { status, body: text } = await post(path, { ...body(`mass-${randomUUID()}`), [field]: value });
      expect([200, 201, 422]).toContain(status);
      if (status === 422) expect(text).toContain(`"${field}"`);
      else expect((JSON.parse(text) as Record<string, unknown>)[field]).not.toEqual(value);
      expect(await inventory(parties.b)).toEqual(before);
    },
  );
});

describe("[S50] filters", () => {
  const ids = Array.from({ length: 5_000 }, () => randomUUID());
  const deep = (depth: number): object => (depth === 0 ? {} : { flow_runs: deep(depth - 1), operator: "and_" });
  const filters: [string, object, number][] = [
    ["a part of a name of 60 letters", { flow_runs: { name: { like_: "a".repeat(60) } } }, 200],
    ["a part of a name of nothing but wild cards", { flow_runs: { name: { like_: "%a".repeat(400) } } }, 200],
    ["a part of a name of 10,000 letters", { flow_runs: { name: { like_: "%a".repeat(5_000) } } }, 422],
    ["5,000 ids", { flow_runs: { id: { any_: ids } } }, 200],
    ["5,000 tags", { flow_runs: { tags: { all_: ids } } }, 200],
    ["101 names", { flow_runs: { name: { any_: ids.slice(0, 101) } } }, 200],
    ["filters in filters", deep(200), 422],
    ["an order by what there is not", { sort: "PASSWORD_ASC" }, 422],
    ["a limit of a billion", { limit: 1_000_000_000 }, 422],
    ["an offset of a billion", { offset: 1_000_000_000 }, 422],
    ["an offset beyond what there is", { offset: 10_000_000 }, 200],
  ];
  test.each(filters)("[S50] %s", async (_what, filter, status) => {
    const answer = await post("/flow_runs/filter", filter);
    expect(answer.status).toBe(status);
    if (status === 422) expect(answer.body).toContain('"loc"');
  });
});

describe("[S61] [S62] answers", () => {
  test("[S61] no other site may read them, with a session or without", async () => {
    const { a } = parties;
    for (const method of ["GET", "OPTIONS", "POST"]) {
      const { headers } = await ask(method, `${a.apiUrl}/flows/count`, {
        token: a.key,
        headers: { origin: "http://evil.example", "access-control-request-method": "POST" },
        ...(method === "POST" && { body: "{}" }),
      });
      for (const name of ["access-control-allow-origin", "access-control-allow-credentials"])
        expect(headers.get(name)).toBeNull();
    }
  });

  test("[S62] nothing on the way keeps or guesses at what was for one caller", async () => {
    const { a } = parties;
    const answers = await Promise.all([
      post("/flows/filter", {}),
      post("/flows/filter", { nope: 1 }),
      ask("GET", `${a.apiUrl}/flows/${a.things.flow}`, { token: a.key }),
      ask("GET", `${a.apiUrl}/flows/${randomUUID()}`, { token: a.key }),
      ask("GET", `${a.apiUrl}/flows/${a.things.flow}`),
      ask("GET", `${a.shortUrl}/auth/session`, { token: a.key }),
    ]);
    for (const { headers } of answers) {
      expect(headers.get("cache-control")).toContain("no-store");
      expect(headers.get("x-content-type-options")).toBe("nosniff");
    }
  });
});
