import { endpoints } from "@millrace/contract/endpoints.ts";
import { uuidv7 } from "uuidv7";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { FlowRun } from "../../durable-objects/flow-run/flow-run.ts";
import { testEnv } from "../../test/workerd/env.ts";
import { ask, makeTenant, type TestTenant } from "../../test/workerd/tenant.ts";

let a: TestTenant;
let flow: string;
beforeEach(async () => {
  a = await makeTenant();
  flow = (await ask("POST /flows/", { token: a.key, body: { name: "flow" } })).body.id;
});
afterEach(() => void vi.restoreAllMocks());

const withKey = (route: string, body?: unknown) => ask(route, { token: a.key, body });
const at = ({ account, workspace }: TestTenant, path: string) => `/accounts/${account}/workspaces/${workspace}${path}`;
const flows = async ({ key }: TestTenant) => (await ask("POST /flows/count", { token: key, body: {} })).body;

describe("before a handler runs", () => {
  test("[AP1] what is wrong first is told first: credential, tenant, scope, path, query, body", async () => {
    const b = await makeTenant();
    const reader = await makeTenant({ scopes: ["see_flows"] });
    const bad = { body: "{", headers: {} };
    const set = `/flow_runs/${uuidv7()}/set_state`;
    expect((await ask(`POST ${at(b, set)}`, { ...bad, token: "nonsense" })).status).toBe(401);
    expect((await ask(`POST ${at(b, set)}`, { ...bad, token: reader.key })).status).toBe(404);
    expect((await ask(`POST ${set}`, { ...bad, token: reader.key })).status).toBe(403);
    expect((await ask("POST /flow_runs/nonsense/set_state", { ...bad, token: a.key })).status).toBe(404);
    expect((await ask(`POST ${set}`, { ...bad, token: a.key })).status).toBe(422);
    expect((await ask(`POST ${set}`, { body: { state: { type: "RUNNING" } }, token: a.key })).status).toBe(404);
  });

  test("[AP1] a refused request has changed nothing", async () => {
    const refused = [{ name: "", tags: "x" }, { name: 5 }, { name: "x", surprise: 1 }, [], null, "x"];
    for (const body of refused) expect((await withKey("POST /flows/", body)).status).toBe(422);
    expect(await flows(a)).toBe(1);
  });

  test("[AP1] every row without a credential answers 401, unless it is public", async () => {
    for (const { method, path, base, scope } of endpoints) {
      if (scope === "public") continue;
      const concrete = path.replace(/\{\w+\}/g, uuidv7());
      const route = base === "account" ? `/accounts/${a.account}${concrete}` : concrete;
      const { status, headers } = await ask(`${method} ${route}`, method === "GET" ? {} : { body: "{" });
      expect(status, `${method} ${path}`).toBe(401);
      expect(headers.get("www-authenticate")).toContain("Bearer");
    }
  });

  test("[AP1] paths that do not exist, and methods that a path has not, are told apart", async () => {
    expect(await withKey("GET /nonsense")).toMatchObject({ status: 404, body: { detail: "Not Found" } });
    expect(await withKey("PUT /flows/", {})).toMatchObject({ status: 405, body: { detail: "Method Not Allowed" } });
  });

  test.each([
    ["POST /flows?a=1", "/flows/?a=1"],
    ["POST /flows/filter/", "/flows/filter"],
  ])(
    "[AP19] %s is led to the path with, or without, the slash at its end, as Prefect's server does",
    async (route, to) => {
      const { status, headers } = await withKey(route, {});
      expect([status, headers.get("location")]).toEqual([307, `/api${to}`]);
      const base = `/accounts/${a.account}/workspaces/${a.workspace}`;
      const inWorkspace = await withKey(route.replace(" ", ` ${base}`), {});
      expect([inWorkspace.status, inWorkspace.headers.get("location")]).toEqual([307, `/api${base}${to}`]);
    },
  );

  test("[AP19] what is wrong with a field has the type that Prefect's validator gives it", async () => {
    const { body } = await withKey("POST /flow_runs/filter", {
      limit: "x",
      flows: [],
      flow_runs: { id: { any_: ["junk"] }, tags: { all_: "a" }, bogus: 1 },
    });
    const types = body.exception_detail.map(({ loc, type }: { loc: string[]; type: string }) => [loc.join("."), type]);
    expect(Object.fromEntries(types)).toEqual({
      "body.limit": "int_type",
      "body.flows": "model_attributes_type",
      "body.flow_runs.id.any_.0": "uuid_parsing",
      "body.flow_runs.tags.all_": "list_type",
      "body.flow_runs.bogus": "extra_forbidden",
    });
  });
});

describe("where a call takes place", () => {
  test("[AP2] both bases lead to the same things", async () => {
    const long = await ask(`GET ${at(a, `/flows/${flow}`)}`, { token: a.key });
    expect(long).toMatchObject({ status: 200, body: (await withKey(`GET /flows/${flow}`)).body });
    const made = await ask(`POST ${at(a, "/flows/")}`, { token: a.key, body: { name: "flow" } });
    expect(made).toMatchObject({ status: 200, body: { id: flow } });
  });

  test("[AP2] a workspace in a body or a header changes nothing", async () => {
    const b = await makeTenant();
    const run = { flow_id: flow, state: { type: "PENDING" } };
    expect((await withKey("POST /flow_runs/", { ...run, workspace_id: b.workspace })).status).toBe(422);
    const headers = {
      "x-millrace-workspace": b.workspace,
      "x-millrace-tenant": JSON.stringify(b.owner),
      "x-prefect-workspace": b.workspace,
    };
    expect((await ask("POST /flows/", { token: a.key, body: { name: "mine" }, headers })).status).toBe(201);
    expect(await flows(a)).toBe(2);
    expect(await flows(b)).toBe(0);
  });

  test.each([
    ["[AP2] another account's workspace", (b: TestTenant) => at(b, "/flows/count")],
    [
      "[AP2] one's own workspace under another account",
      (b: TestTenant) => at({ ...a, account: b.account }, "/flows/count"),
    ],
    [
      "[AP2] another workspace under one's own account",
      (b: TestTenant) => at({ ...b, account: a.account }, "/flows/count"),
    ],
    ["[AP2] a workspace that nobody has", () => at({ ...a, workspace: uuidv7() }, "/flows/count")],
    ["[AP2] no id at all", () => at({ ...a, workspace: "..%2f..%2f" }, "/flows/count")],
  ])("%s is not there", async (_case, path) => {
    const b = await makeTenant();
    const answer = await ask(`POST ${path(b)}`, { token: a.key, body: {} });
    expect(answer).toMatchObject({ status: 404, body: { detail: "Workspace not found" } });
  });
});

describe("what goes wrong", () => {
  const failing = async (error: Error): Promise<Awaited<ReturnType<typeof ask>>> => {
    const run = (await withKey("POST /flow_runs/", { flow_id: flow })).body.id;
    vi.spyOn(console, "error").mockImplementation(() => {});
    vi.spyOn(FlowRun.prototype, "read").mockRejectedValue(error);
    return withKey(`GET /flow_runs/${run}`);
  };

  test.each<[string, Error]>([
    ["[AP15] an object that was reset", Object.assign(new Error("reset"), { durableObjectReset: true })],
    [
      "[AP15] an object that has too much to do",
      Object.assign(new Error("Durable Object is overloaded"), { overloaded: true }),
    ],
    ["[AP15] a database that lost its connection", new Error("D1_ERROR: Network connection lost.")],
    ["[AP15] a database that is overloaded", new Error("D1_ERROR: D1 DB is overloaded. Requests queued for too long.")],
    ["[AP15] a hub that does not answer", new Error("The event hub does not answer")],
  ])("%s is worth another try", async (_case, error) => {
    const { status, headers, body } = await failing(error);
    expect(status).toBe(503);
    expect(headers.get("retry-after")).toBe("1");
    expect(JSON.stringify(body)).not.toContain("D1");
  });

  test("[AP15] a value that no row can hold is told as too large", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    // The local database takes more than the one at Cloudflare, which says this from two million bytes on.
    const run = vi.spyOn(Object.getPrototypeOf(testEnv.SHARD_0.prepare("SELECT 1")), "run");
    run.mockRejectedValue(new Error("D1_ERROR: string or blob too big: SQLITE_TOOBIG"));
    const answer = await withKey("POST /artifacts/", { key: "a", type: "markdown", data: "x".repeat(3_000_000) });
    expect(answer.status).toBe(413);
  });

  test("[AP15] a bug answers 500, and tells nothing of the inside", async () => {
    const { status, body } = await failing(new TypeError(`SELECT * FROM flow_runs at ${import.meta.url}`));
    expect(status).toBe(500);
    expect(body).toEqual({ exception_message: "Internal Server Error" });
  });

  test("[AP15] a shard that is away costs what needs it, and no run its states", async () => {
    const run = (await withKey("POST /flow_runs/", { flow_id: flow })).body.id;
    vi.spyOn(console, "error").mockImplementation(() => {});
    const shard = a.shard === 0 ? testEnv.SHARD_0 : testEnv.SHARD_1;
    vi.spyOn(shard, "prepare").mockImplementation(() => {
      throw new Error("D1_ERROR: Network connection lost.");
    });
    expect((await withKey("POST /flow_runs/filter", {})).status).toBe(503);
    for (const type of ["RUNNING", "COMPLETED"])
      expect((await withKey(`POST /flow_runs/${run}/set_state`, { state: { type } })).status).toBe(201);
    expect((await withKey(`GET /flow_runs/${run}`)).body.state_type).toBe("COMPLETED");
    const named = { flow_runs: { id: { any_: [run] } } };
    expect((await withKey("POST /flow_runs/filter", named)).body).toEqual([
      expect.objectContaining({ state_type: "COMPLETED" }),
    ]);
  });
});
