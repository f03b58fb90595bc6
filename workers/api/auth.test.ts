import { createExecutionContext } from "cloudflare:test";
import { decodeJwt } from "jose";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { testEnv } from "../../test/workerd/env.ts";
import { TestSocket } from "../../test/workerd/socket.ts";
import { type Asked, ask, makeTenant, ORIGIN, type TestTenant } from "../../test/workerd/tenant.ts";
import worker from "../main.ts";

const LOOPBACK = "http://127.0.0.1:4200";

let a: TestTenant;
beforeEach(async () => {
  a = await makeTenant();
});
afterEach(() => void vi.useRealTimers());

const cookieOf = ({ headers }: Asked): string => headers.get("set-cookie") ?? "";
/** What a browser would send back. */
const sentBack = (answer: Asked): string => cookieOf(answer).split(";")[0] ?? "";

describe("sessions", () => {
  test("[AU6] the session's cookie is out of reach of scripts and other sites, and ends by itself", async () => {
    const answer = await ask("POST /auth/session", { body: { api_key: a.key } });
    expect(answer.status).toBe(200);
    expect(cookieOf(answer).split("; ").slice(1)).toEqual(["Path=/", "HttpOnly", "SameSite=Strict", "Max-Age=43200"]);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    const secure = await ask("POST /auth/session", { body: { api_key: a.key }, origin: "https://millrace.test" });
    expect(cookieOf(secure)).toMatch(/; Secure$/);
  });

  test("[AU6] a session says who is signed in, where, with which scopes, and until when", async () => {
    const begun = await ask("POST /auth/session", { body: { api_key: ` ${a.key}\n` } });
    const session = await ask("GET /auth/session", { headers: { cookie: sentBack(begun) } });
    expect(session.body).toMatchObject({
      actor: { id: a.actorId, name: "tester", type: "user" },
      account: { id: a.account },
      workspace: { id: a.workspace, name: "Test" },
      api_url: `${ORIGIN}/api/accounts/${a.account}/workspaces/${a.workspace}`,
      scopes: expect.arrayContaining(["see_flows", "create:bot"]),
    });
    const seconds = (Date.parse(session.body.expires) - Date.now()) / 1000;
    expect(seconds).toBeGreaterThan(43_000);
    expect(seconds).toBeLessThanOrEqual(43_200);
    expect(JSON.stringify(session.body)).not.toContain(a.key.slice(-40));
  });

  test("[AU6] signing out takes the cookie away", async () => {
    const answer = await ask("DELETE /auth/session");
    expect(answer.status).toBe(204);
    expect(cookieOf(answer)).toMatch(/^millrace_session=; .*Max-Age=0/);
  });

  test.each<[string, string]>([
    ["[AU7] junk", "mrl_junk"],
    ["[AU7] nothing", ""],
  ])("%s begins no session", async (_case, key) => {
    const answer = await ask("POST /auth/session", { body: { api_key: key } });
    expect(answer.status).toBe(401);
    expect(cookieOf(answer)).toBe("");
  });

  test("[AU7] another site cannot sign its visitor in as somebody else, not even by a form that looks like JSON", async () => {
    // What a form of encoding text/plain sends for an input named `{"api_key":"` with the value `","api_key":"…"}`.
    const body = `{"api_key":"=","api_key":"${a.key}"}`;
    const headers = { "content-type": "text/plain", origin: "https://evil.test" };
    const answer = await ask("POST /auth/session", { body, headers });
    expect(answer.status).toBe(403);
    expect(cookieOf(answer)).toBe("");
    expect((await ask("POST /auth/session", { body, headers: { origin: ORIGIN } })).status).toBe(200);
  });
});

describe("the person at this machine", () => {
  const signIn = async (origin: string, headers: Record<string, string> = {}) =>
    ask("POST /auth/local", { origin, headers: { origin, ...headers } });

  test.each(["http://127.0.0.1:4200", "http://localhost:4200", "http://[::1]:4200"])(
    "[AU7] whoever opened %s signs in as the owner with one click",
    async (origin) => {
      expect((await ask("GET /auth/local", { origin })).body).toEqual({ available: true });
      const answer = await signIn(origin);
      expect(answer.status).toBe(200);
      expect(answer.body.actor.type).toBe("user");
      expect((await ask("GET /auth/session", { origin, headers: { cookie: sentBack(answer) } })).status).toBe(200);
    },
  );

  test.each([
    "http://192.168.1.5:4200",
    "http://millrace.test",
    "http://127.0.0.1.evil.test:4200",
    "http://localhost.evil.test",
    "http://0.0.0.0:4200",
  ])("[AU7] who came by %s does not", async (origin) => {
    expect((await ask("GET /auth/local", { origin })).body).toEqual({ available: false });
    const answer = await signIn(origin);
    expect(answer.status).toBe(403);
    expect(cookieOf(answer)).toBe("");
  });

  test.each(["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via", "cf-connecting-ip"])(
    "[AU7] a proxy that adds %s is not the person at this machine",
    async (header) => {
      const headers = { [header]: "127.0.0.1" };
      expect((await ask("GET /auth/local", { origin: LOOPBACK, headers })).body).toEqual({ available: false });
      expect((await signIn(LOOPBACK, headers)).status).toBe(403);
    },
  );

  test.each([
    ["[AU7] another site in the same browser", "https://evil.test"],
    ["[AU7] another program's port", "http://127.0.0.1:3000"],
    ["[AU7] another name of this machine", "http://localhost:4200"],
    ["[AU7] a page without an origin", "null"],
  ])("%s cannot click for that person", async (_case, origin) => {
    expect((await ask("POST /auth/local", { origin: LOOPBACK, headers: { origin } })).status).toBe(403);
  });

  test("[AU7] a request that names no origin cannot either", async () => {
    expect((await ask("POST /auth/local", { origin: LOOPBACK })).status).toBe(403);
  });

  test.each([undefined, "", "0", "true"])(
    "[AU7] a server that was not told to (%s) lets nobody in so",
    async (value) => {
      const env = { ...testEnv, LOCAL_SIGN_IN: value } as typeof testEnv;
      const request = new Request(`${LOOPBACK}/api/auth/local`, { method: "POST", headers: { origin: LOOPBACK } });
      const { fetch } = worker as { fetch: (request: Request, env: unknown, ctx: unknown) => Promise<Response> };
      expect((await fetch(request, env, createExecutionContext())).status).toBe(403);
    },
  );
});

describe("exchanged for tokens", () => {
  test("[AU8] a key gives a token of fifteen minutes that stands for it, named in the body or as bearer", async () => {
    for (const asked of [{ body: { api_key: a.key } }, { token: a.key }, { token: a.key, body: {} }]) {
      const { status, body, headers } = await ask("POST /auth/token", asked);
      expect(status).toBe(200);
      expect(headers.get("cache-control")).toBe("no-store");
      expect(body).toMatchObject({ token_type: "Bearer", expires_in: 900 });
      const { sub, iat = 0, exp = 0 } = decodeJwt(body.access_token);
      expect([sub, exp - iat]).toEqual([a.keyId, 900]);
      expect((await ask("POST /flows/count", { token: body.access_token, body: {} })).status).toBe(200);
    }
  });

  test("[AU8] a token is not exchanged for a younger one", async () => {
    const { access_token } = (await ask("POST /auth/token", { token: a.key })).body;
    expect((await ask("POST /auth/token", { token: access_token })).status).toBe(401);
    expect((await ask("POST /auth/token", { body: { api_key: access_token } })).status).toBe(401);
  });

  test("[AU8] a session is not exchanged for a token", async () => {
    const begun = await ask("POST /auth/session", { body: { api_key: a.key } });
    const headers = { cookie: sentBack(begun), origin: ORIGIN };
    expect((await ask("POST /auth/token", { headers })).status).toBe(401);
  });
});

describe("tickets for sockets", () => {
  const LIVE = { "sec-websocket-protocol": "prefect" };
  const ticketAt = async ({ account, workspace, key }: TestTenant) =>
    (await ask(`POST /accounts/${account}/workspaces/${workspace}/me/ws-ticket`, { token: key })).body.ticket as string;
  const greet = async (path: string, token: string) => {
    const socket = await TestSocket.open(path, LIVE);
    socket.send({ type: "auth", token });
    return Promise.race([socket.next(), socket.closed()]);
  };

  test("[AU10] a ticket opens sockets of the workspace that it was asked for, and of no other", async () => {
    const made = await ask(`POST /accounts/${a.account}/workspaces/`, {
      token: a.key,
      body: { name: "w", handle: "w" },
    });
    const sister = made.body.id as string;
    const at = (workspace: string) => `/accounts/${a.account}/workspaces/${workspace}/events/out`;
    const ticket = await ticketAt(a);
    expect(await greet(at(a.workspace), ticket)).toEqual({ type: "auth_success" });
    expect(await greet(at(sister), ticket)).toMatchObject({ code: 1002 });
    // Under the plain base a ticket leads to its own workspace, though the key's home may be another.
    const theirs = await ticketAt({ ...a, workspace: sister });
    expect(await greet(at(sister), theirs)).toEqual({ type: "auth_success" });
    expect(await greet(at(a.workspace), theirs)).toMatchObject({ code: 1002 });
  });

  test("[AU10] a ticket is good for a minute", async () => {
    const ticket = await ticketAt(a);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 121_000 });
    expect(await greet("/events/out", ticket)).toMatchObject({ code: 1002 });
  });

  test("[AU10] a ticket is no credential over HTTP", async () => {
    expect((await ask("POST /flows/count", { token: await ticketAt(a), body: {} })).status).toBe(401);
  });

  test("[AU10] nobody gets a ticket for a workspace out of reach", async () => {
    const b = await makeTenant();
    const answer = await ask(`POST /accounts/${b.account}/workspaces/${b.workspace}/me/ws-ticket`, { token: a.key });
    expect(answer.status).toBe(404);
  });
});
