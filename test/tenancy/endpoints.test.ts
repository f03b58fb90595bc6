/** What every row of the endpoint table owes its tenants. The cases are made of the table: a new row is tried at once. */

import type { EndpointRow } from "@millrace/contract/endpoint.ts";
import { endpoints } from "@millrace/contract/endpoints.ts";
import { WORKSPACE_SCOPES, type WorkspaceScope } from "@millrace/contract/scopes.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeKey } from "../support/tenant.ts";
import { ask, inventory, type Parties, paramsOf, push, startParties, unknownParams, urlOf } from "./fixture.ts";

let parties: Parties;
beforeAll(async () => {
  parties = await startParties();
});
afterAll(() => parties.server.stop());

const nameOf = (row: EndpointRow) =>
  `${row.method} ${row.base === "account" ? "/accounts/{account_id}" : ""}${row.path}`;
const rows = endpoints.map((row) => [nameOf(row), row] as const);
const isScope = (one: string): one is WorkspaceScope => (WORKSPACE_SCOPES as readonly string[]).includes(one);
/** Rows that do something for anybody: only their bodies are of interest here. */
const guarded = rows.filter(([, row]) => row.scope !== "public");
const scoped = guarded.filter(([, row]) => row.scope !== "any credential");
/** Rows whose path names something that one tenant has and another has not. What is stored by its own hash is everyone's to store. */
const pointing = guarded.filter(
  ([, row]) =>
    row.base !== "account" && row.path.includes("{") && !row.path.includes("{countable}") && row.method !== "PUT",
);
const ofAccount = guarded.filter(([, row]) => row.base === "account");
const taking = rows.filter(([, row]) => row.body !== undefined && row.bytes === undefined);

/** A body for rows that want one; what is in it does not matter before the credential was looked at. */
const anyBody = (row: EndpointRow) =>
  row.body === undefined && row.bytes === undefined ? {} : { body: row.bytes ? "x" : "{}" };

describe("a credential is asked for", () => {
  test.each(guarded)("[TE1] [AP1] %s without one answers 401", async (_name, row) => {
    const { status, headers } = await ask(row.method, urlOf(row, parties.a, paramsOf(row, parties.a)), anyBody(row));
    expect(status).toBe(401);
    expect(headers.get("www-authenticate")).toMatch(/^Bearer/);
  });

  test.each(guarded)("[TE1] %s with a made-up key answers 401", async (_name, row) => {
    const token = parties.a.key.slice(0, -4) + (parties.a.key.endsWith("0000") ? "1111" : "0000");
    const { status } = await ask(row.method, urlOf(row, parties.a, paramsOf(row, parties.a)), {
      token,
      ...anyBody(row),
    });
    expect(status).toBe(401);
  });
});

describe("a scope is asked for", () => {
  const keys = new Map<string, string>();
  /** A key of A's workspace that holds every scope but one. */
  const keyWithout = async (scope: string): Promise<string> => {
    if (!isScope(scope)) return parties.a.key;
    const known = keys.get(scope);
    if (known !== undefined) return known;
    const others = WORKSPACE_SCOPES.filter((one) => one !== scope);
    const { key } = await makeKey(parties.server.local, parties.a.workspaceId, `without-${scope}`, others);
    keys.set(scope, key);
    return key;
  };

  test.each(scoped)("[TE2] [AP1] %s without its scope answers 403 and names it", async (_name, row) => {
    const token = await keyWithout(row.scope);
    const { status, body } = await ask(row.method, urlOf(row, parties.a, paramsOf(row, parties.a)), {
      token,
      ...anyBody(row),
    });
    expect(status).toBe(403);
    expect(body).toContain(row.scope);
  });
});

describe("another tenant's things do not exist", () => {
  /** What is asked for is in some answers; there it must be the only thing that differs. */
  const neutral = (body: string, params: Record<string, string>) =>
    Object.values(params).reduce((text, value) => text.replaceAll(value, "…"), body);

  test.each(pointing)("[TE3] [S01] %s with B's id answers as with an unknown one", async (_name, row) => {
    const { a, b } = parties;
    const [theirs, nobodys] = [paramsOf(row, b), unknownParams(row, a)];
    const options = { token: a.key, ...validBody(row) };
    const answer = await ask(row.method, urlOf(row, a, theirs), options);
    const unknown = await ask(row.method, urlOf(row, a, nobodys), options);
    // A question about a resource's automations has an answer, whatever the resource: the same for B's and for nobody's.
    // Of a lease nobody can say whether there was one: it has ended, for all that can be told.
    const missing = "lease_id" in theirs ? 410 : "resource_id" in theirs ? row.status : 404;
    expect(answer.status).toBe(missing);
    expect(neutral(answer.body, theirs)).toBe(neutral(unknown.body, nobodys));
    expect(unknown.status).toBe(missing);
  });

  test.each(ofAccount)("[TE3] %s of another account is not answered", async (_name, row) => {
    const { a, server } = parties;
    const params = { ...paramsOf(row, a), account_id: a.workspaceId };
    const { status } = await ask(row.method, urlOf(row, a, params), { token: server.local.api_key, ...anyBody(row) });
    expect([403, 404]).toContain(status);
  });

  const ofWorkspace = guarded.filter(([, row]) => (row.base ?? "workspace") === "workspace");
  test.each(ofWorkspace)("[TE4] [S02] %s under B's workspace with A's key is not answered", async (_name, row) => {
    const { a, b } = parties;
    const { status, body } = await ask(row.method, urlOf(row, b, paramsOf(row, b)), {
      token: a.key,
      ...validBody(row),
    });
    expect([403, 404]).toContain(status);
    expect(body).not.toContain(b.workspaceId);
    for (const thing of Object.values(b.things)) expect(body).not.toContain(thing);
  });

  test("[TE3] nothing of B changed", async () => {
    const { b } = parties;
    const run = await b.client("GET /flow_runs/{id}", { params: { id: b.things.run } });
    expect(run.state_type).toBe("PENDING");
    const lists = (await inventory(b)) as Record<string, unknown[]>;
    expect(Object.fromEntries(Object.entries(lists).map(([kind, { length }]) => [kind, length]))).toEqual({
      flows: 1,
      runs: 1,
      taskRuns: 1,
      artifacts: 1,
      deployments: 1,
      pools: 1,
      logs: 1,
      limits: 2,
      tagLimits: 1,
      variables: 1,
      // One of its own, beside those that it was born with.
      blockTypes: 15,
      blockSchemas: 15,
      blockDocuments: 1,
      webhooks: 1,
      savedSearches: 1,
    });
  });
});

/** A body that passes the row's own checks, so that it comes to looking the thing up. */
function validBody(row: EndpointRow): { body?: string } {
  if (row.bytes) return { body: "x" };
  if (row.body === undefined) return {};
  const bodies: Record<string, unknown> = {
    "POST /flow_runs/{id}/set_state": { state: { type: "RUNNING" } },
    "POST /task_runs/{id}/set_state": { state: { type: "RUNNING" } },
    "POST /work_pools/{work_pool_name}/queues": { name: "lane" },
    "POST /work_pools/{work_pool_name}/workers/heartbeat": { name: "worker" },
    "POST /deployments/{id}/schedules": [],
    "POST /deployments/{id}/schedules/preview": { schedule: { cron: "0 9 * * *" } },
    "POST /deployments/{id}/create_flow_run/bulk": [],
    "POST /deployments/{id}/branch": { branch: "taken" },
    "PATCH /flow_runs/{id}": { name: "taken" },
    "POST /flow_runs/{id}/input": { key: "taken", value: "taken" },
    "POST /flow_runs/{id}/input/filter": { prefix: "" },
    "PATCH /flow_runs/{id}/labels": { taken: true },
    "PATCH /artifacts/{id}": { data: "taken" },
    "PATCH /v2/concurrency_limits/{id_or_name}": { active_slots: 0 },
  };
  return { body: JSON.stringify(bodies[`${row.method} ${row.path}`] ?? {}) };
}

describe("a bad body is refused", () => {
  const wrong: [string, string][] = [
    ["malformed JSON", '{"a":'],
    ["a number for a body", "7"],
    ["a text for a body", '"text"'],
    ["a body of the wrong shape", "WRONG-SHAPE"],
  ];
  const takesText = (row: EndpointRow): boolean => row.body?.safeParse("text").success === true;
  const cases = taking.flatMap(([name, row]) =>
    wrong
      .filter(([, body]) => !(body === '"text"' && takesText(row)))
      .map(([what, body]) => [what, name, row, body] as const),
  );

  test.each(cases)("[TE5] [AP1] %s at %s answers 422 and changes nothing", async (_what, _name, row, body) => {
    const { a, server } = parties;
    const before = await inventory(a);
    const token = row.base === "account" ? server.local.api_key : a.key;
    // A list where an object is wanted, an object with a number for every name where a list is.
    const sent = body === "WRONG-SHAPE" ? (isList(row) ? '{"0":1}' : "[1]") : body;
    const answer = await ask(row.method, urlOf(row, a, paramsOf(row, a)), { token, body: sent });
    expect(answer.status, answer.body).toBe(422);
    const { detail } = JSON.parse(answer.body) as { detail: { loc: unknown[]; msg: string; type: string }[] };
    expect(detail[0]).toMatchObject({
      loc: expect.arrayContaining(["body"]),
      msg: expect.any(String),
      type: expect.any(String),
    });
    expect(await inventory(a)).toEqual(before);
  });

  test.each(taking)("[TE6] %s with more than it takes answers 413", async (_name, row) => {
    const { a, server } = parties;
    const token = row.base === "account" ? server.local.api_key : a.key;
    const filler = "x".repeat(Math.max(row.limit ?? 0, 6 * 1024 * 1024));
    const body = Buffer.from(JSON.stringify(isList(row) ? [{ message: filler }] : { name: filler }));
    const { status } = await push(row.method, urlOf(row, a, paramsOf(row, a)), {
      token,
      body: [body],
      length: body.length,
    });
    expect(status).toBe(413);
  });

  test("[TE6] a bundle of more than 25 MiB answers 413", async () => {
    const { a } = parties;
    const body = new Uint8Array(25 * 1024 * 1024 + 1);
    const { status } = await push("PUT", `${a.apiUrl}/bundles/${a.things.bundle}`, {
      token: a.key,
      body: [body],
      length: body.length,
    });
    expect(status).toBe(413);
  });
});

function isList(row: EndpointRow): boolean {
  return row.body?.safeParse([]).success ?? false;
}
