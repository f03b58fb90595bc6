import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { signRunToken } from "../../durable-objects/kit/run-token.ts";
import { testEnv } from "../../test/workerd/env.ts";
import { TestSocket } from "../../test/workerd/socket.ts";
import { ask, makeTenant, ORIGIN, type TestTenant } from "../../test/workerd/tenant.ts";
import { makeKey } from "./keys.ts";
import { signToken } from "./tokens.ts";

let a: TestTenant;
beforeEach(async () => {
  a = await makeTenant();
});
afterEach(() => void vi.useRealTimers());

const COUNT = "POST /flows/count";
const status = async (headers: Record<string, string>, path = COUNT) =>
  (await ask(path, { ...(!path.startsWith("GET") && { body: {} }), headers })).status;
const bearer = (token: string) => status({ authorization: `Bearer ${token}` });
const basic = (text: string) => status({ authorization: `Basic ${btoa(text)}` });
const authString = ({ key }: TestTenant) => key.replace(/^mrl_([^_]+)_/, "$1:");

/** Moves the clock alone: timers and sockets go on as they do. */
function laterBy(seconds: number): void {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + seconds * 1000 });
}

describe("where a credential may stand", () => {
  test("[AU5] a key is taken as bearer, and as user name and password", async () => {
    expect(await bearer(a.key)).toBe(200);
    expect(await bearer(authString(a))).toBe(200);
    expect(await basic(authString(a))).toBe(200);
    expect(await status({ authorization: `bearer   ${a.key} ` })).toBe(200);
  });

  test.each<[string, (tenant: TestTenant) => Record<string, string>]>([
    ["[AU5] nothing", () => ({})],
    ["[AU5] an empty header", () => ({ authorization: "" })],
    ["[AU5] a bare key", ({ key }) => ({ authorization: key })],
    ["[AU5] another scheme", ({ key }) => ({ authorization: `Digest ${key}` })],
    ["[AU5] Basic that is no base64", () => ({ authorization: "Basic %%%" })],
    ["[AU5] a key in another header", ({ key }) => ({ "x-api-key": key })],
    ["[AU5] a key as the session cookie", ({ key }) => ({ cookie: `millrace_session=${key}`, origin: ORIGIN })],
  ])("%s is no credential", async (_case, headers) => {
    expect(await status(headers(a))).toBe(401);
  });

  test("[AU5] a key in a URL is no credential, for requests and for sockets", async () => {
    expect(await status({}, `${COUNT}?api_key=${a.key}&token=${a.key}&access_token=${a.key}`)).toBe(401);
    const socket = await TestSocket.open(`/events/in?token=${a.key}`);
    expect((await socket.closed()).code).toBe(1002);
  });

  test("[AU5] a header that does not hold is not made up for by a cookie that does", async () => {
    const session = await signToken(testEnv, "session", { keyId: a.keyId, workspace: null });
    const headers = { authorization: "Bearer nonsense", cookie: `millrace_session=${session}`, origin: ORIGIN };
    expect(await status(headers)).toBe(401);
  });

  test.each(["session", "ticket"] as const)("[AU5] the token of a %s is no bearer", async (purpose) => {
    expect(await bearer(await signToken(testEnv, purpose, { keyId: a.keyId, workspace: a.workspace }))).toBe(401);
  });

  test.each(["access", "ticket"] as const)("[AU5] the token for %s is no session", async (purpose) => {
    const token = await signToken(testEnv, purpose, { keyId: a.keyId, workspace: a.workspace });
    expect(await status({ cookie: `millrace_session=${token}`, origin: ORIGIN })).toBe(401);
  });
});

describe("keys that were not made here", () => {
  test("[AU1] a key that is junk is refused without asking the directory; a well-made unknown one is looked up", async () => {
    const batch = vi.spyOn(testEnv.DIRECTORY, "batch");
    expect(await bearer(a.key.slice(0, -1) + (a.key.endsWith("a") ? "b" : "a"))).toBe(401);
    expect(batch).not.toHaveBeenCalled();
    expect(await bearer(makeKey(testEnv.KEY_PEPPER).text)).toBe(401);
    expect(batch).toHaveBeenCalledOnce();
    batch.mockRestore();
  });

  test("[AU2] a key of a known name with another secret is refused, though its checksum holds", async () => {
    const other = makeKey(testEnv.KEY_PEPPER);
    await testEnv.DIRECTORY.prepare("UPDATE api_keys SET id = ?1 WHERE id = ?2").bind(other.id, a.keyId).run();
    expect(await bearer(other.text)).toBe(401);
  });

  test("[AU2] the directory holds neither a key nor its secret", async () => {
    const { results } = await testEnv.DIRECTORY.prepare("SELECT * FROM api_keys WHERE id = ?1").bind(a.keyId).all();
    expect(JSON.stringify(results)).not.toContain(a.key.slice(-40));
    expect(JSON.stringify(results)).not.toContain(a.key.slice(-40, -8));
  });
});

describe("the end of a key", () => {
  test("[AU4] a key is good until the moment of its expiry", async () => {
    const expires = (Date.now() + 3_600_000) * 1000;
    const { key } = await makeTenant({ expires });
    laterBy(3599);
    expect(await bearer(key)).toBe(200);
    laterBy(2);
    expect(await bearer(key)).toBe(401);
  });

  test("[AU4] a key that was revoked elsewhere is refused within 30 seconds, with all that was made of it", async () => {
    const token = await signToken(testEnv, "access", { keyId: a.keyId, workspace: null });
    const session = await signToken(testEnv, "session", { keyId: a.keyId, workspace: null });
    const cookie = { cookie: `millrace_session=${session}`, origin: ORIGIN };
    const all = async () => [
      await bearer(a.key),
      await basic(authString(a)),
      await bearer(token),
      await status(cookie),
    ];
    expect(await all()).toEqual([200, 200, 200, 200]);
    await testEnv.DIRECTORY.prepare("UPDATE api_keys SET revoked = 1 WHERE id = ?1").bind(a.keyId).run();
    laterBy(30);
    expect(await all()).toEqual([401, 401, 401, 401]);
    const socket = await TestSocket.open("/events/in", { "sec-websocket-protocol": "prefect" });
    socket.send({ type: "auth", token: a.key });
    expect((await socket.closed()).code).toBe(1002);
  });

  test("[AU4] the directory is asked for a key once, and again when the answer has grown old", async () => {
    const batch = vi.spyOn(testEnv.DIRECTORY, "batch");
    for (let times = 0; times < 3; times++) await bearer(a.key);
    expect(batch).toHaveBeenCalledOnce();
    laterBy(21);
    await bearer(a.key);
    expect(batch).toHaveBeenCalledTimes(2);
    batch.mockRestore();
  });

  test("[AU4] a directory that failed once is asked again", async () => {
    const batch = vi.spyOn(testEnv.DIRECTORY, "batch").mockRejectedValue(new Error("away"));
    const quiet = vi.spyOn(console, "error").mockImplementation(() => {});
    expect(await bearer(a.key)).toBeGreaterThanOrEqual(500);
    batch.mockRestore();
    expect(await bearer(a.key)).toBe(200);
    quiet.mockRestore();
  });
});

describe("cookies", () => {
  const withSession = async (headers: Record<string, string>, route = COUNT) => {
    const session = await signToken(testEnv, "session", { keyId: a.keyId, workspace: null });
    return status({ cookie: `theme=dark; millrace_session=${session}`, ...headers }, route);
  };

  test.each<[string, Record<string, string>, number]>([
    ["[AU6] our own page", { origin: ORIGIN }, 200],
    ["[AU6] another site", { origin: "https://evil.test" }, 403],
    ["[AU6] another port of this host", { origin: `${ORIGIN}:8080` }, 403],
    ["[AU6] a name that ends like ours", { origin: "http://evil-millrace.test" }, 403],
    ["[AU6] a name below ours", { origin: "http://evil.millrace.test" }, 403],
    ["[AU6] a page without an origin", { origin: "null" }, 403],
    ["[AU6] a request that names none", {}, 403],
    ["[AU6] another site that names us as its referrer", { origin: "https://evil.test", referer: `${ORIGIN}/` }, 403],
  ])("a write with the session's cookie from %s", async (_case, headers, expected) => {
    expect(await withSession(headers)).toBe(expected);
  });

  test("[AU6] a read needs no origin, since no other site can see its answer", async () => {
    expect(await withSession({}, "GET /auth/session")).toBe(200);
  });

  test("[AU6] a session opens no socket by itself, so that no other site can open one in somebody's name", async () => {
    const session = await signToken(testEnv, "session", { keyId: a.keyId, workspace: null });
    const headers = { cookie: `millrace_session=${session}`, origin: "https://evil.test" };
    for (const path of ["/events/in", "/events/out", "/logs/out", "/agents/connect?pool=default"])
      expect((await (await TestSocket.open(path, headers)).closed()).code, path).toBe(1002);
  });
});

describe("a run's token", () => {
  const claim = () => ({
    account: a.account,
    workspace: a.workspace,
    run: crypto.randomUUID(),
    generation: 1,
    key: null,
  });

  test("[AU9] it reaches its own workspace, and no other one of the account", async () => {
    const sister = await makeTenant({ account: a.account });
    const token = await signRunToken(testEnv, claim());
    const headers = { authorization: `Bearer ${token}` };
    const at = (workspace: string) => `POST /accounts/${a.account}/workspaces/${workspace}/flow_runs/count`;
    expect(await status(headers, at(a.workspace))).toBe(200);
    expect(await status(headers, at(sister.workspace))).toBe(404);
  });

  test("[AU9] one whose account and workspace do not belong together is none", async () => {
    const b = await makeTenant();
    expect(await bearer(await signRunToken(testEnv, { ...claim(), workspace: b.workspace }))).toBe(401);
    expect(await bearer(await signRunToken(testEnv, { ...claim(), workspace: crypto.randomUUID() }))).toBe(401);
  });

  test.each([
    [
      "[AU9] make a workspace",
      (t: TestTenant) => `POST /accounts/${t.account}/workspaces/`,
      { name: "w", handle: "w" },
    ],
    ["[AU9] make a key", (t: TestTenant) => `POST /accounts/${t.account}/bots/`, { name: "bot" }],
    ["[AU9] be exchanged", () => "POST /auth/token", {}],
    ["[AU9] get a ticket", () => "POST /me/ws-ticket", undefined],
    ["[AU9] make a work pool", () => "POST /work_pools/", { name: "p" }],
    ["[AU9] delete a run", () => `DELETE /flow_runs/${crypto.randomUUID()}`, undefined],
  ])("%s: it may not", async (_case, route, body) => {
    const token = await signRunToken(testEnv, claim());
    const answer = await ask(route(a), { token, body });
    expect([401, 403]).toContain(answer.status);
  });

  test("[AU15] it ends with the key of its agent: within 30 seconds after that was revoked", async () => {
    const token = await signRunToken(testEnv, { ...claim(), key: a.keyId });
    expect(await bearer(token)).toBe(200);
    await testEnv.DIRECTORY.prepare("UPDATE api_keys SET revoked = 1 WHERE id = ?1").bind(a.keyId).run();
    expect(await bearer(token), "what is cached").toBe(200);
    laterBy(30);
    expect(await bearer(token)).toBe(401);
  });

  test.each([
    ["[AU15] has expired", "UPDATE api_keys SET expires = 1 WHERE id = ?1", (t: TestTenant) => t.keyId],
    ["[AU15] is gone", "DELETE FROM api_keys WHERE id = ?1", (t: TestTenant) => t.keyId],
    ["[AU15] reaches it no more", "DELETE FROM workspace_access WHERE actor_id = ?1", (t: TestTenant) => t.actorId],
  ])("%s: a key without which its runs' tokens are none", async (_case, sql, id) => {
    const token = await signRunToken(testEnv, { ...claim(), key: a.keyId });
    await testEnv.DIRECTORY.prepare(sql).bind(id(a)).run();
    expect(await bearer(token)).toBe(401);
  });

  test("[AU15] one that names another tenant's key is none, and none gets a ticket or a token of its agent's key", async () => {
    const b = await makeTenant();
    expect(await bearer(await signRunToken(testEnv, { ...claim(), key: b.keyId }))).toBe(401);
    const token = await signRunToken(testEnv, { ...claim(), key: a.keyId });
    for (const route of ["POST /me/ws-ticket", "POST /auth/token", "POST /auth/session"])
      expect([401, 403, 422], route).toContain((await ask(route, { token, body: {} })).status);
  });

  test("[AU9] it is no agent's credential", async () => {
    const token = await signRunToken(testEnv, claim());
    const socket = await TestSocket.open("/agents/connect?pool=default", {
      "sec-websocket-protocol": "millrace.agent.v1",
    });
    socket.send({ type: "auth", token });
    expect(await socket.closed()).toMatchObject({ code: 1002, reason: expect.stringContaining("write_workers") });
  });
});
