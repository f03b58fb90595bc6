import { decodeJwt } from "jose";
import { afterEach, beforeEach, describe, expect, type MockInstance, test, vi } from "vitest";
import { signRunToken } from "../../durable-objects/kit/run-token.ts";
import { testEnv } from "../../test/workerd/env.ts";
import { TestSocket } from "../../test/workerd/socket.ts";
import { ask, makeTenant, type TestTenant } from "../../test/workerd/tenant.ts";
import { hurry } from "../../test/workerd/timers.ts";
import { makeRunId } from "../api/run-ids.ts";
import { makeKey } from "../auth/keys.ts";

const ROUTES = [
  ["/events/in", "prefect"],
  ["/events/out", "prefect"],
  ["/logs/out", "prefect"],
  [`/flow_runs/${crypto.randomUUID()}/live`, "prefect"],
  ["/agents/connect?pool=default", "millrace.agent.v1"],
] as const;

let a: TestTenant;
beforeEach(async () => {
  a = await makeTenant();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const open = (path: string, protocol: string) => TestSocket.open(path, { "sec-websocket-protocol": protocol });
const bytes = (text: string) => new TextEncoder().encode(text).buffer as ArrayBuffer;

describe.each(ROUTES)("%s", (path, protocol) => {
  test.each<[string, (tenant: TestTenant) => object | string | ArrayBuffer]>([
    ["[AP7] no JSON", () => "hello"],
    ["[AP7] a list", () => "[]"],
    ["[AP7] bytes", ({ key }) => bytes(JSON.stringify({ type: "auth", token: key }))],
    ["[AP7] a ping", () => "ping"],
    ["[AP7] a filter", () => ({ type: "filter", filter: {} })],
    ["[AP7] hello", ({ key }) => ({ type: "hello", token: key })],
    ["[AP7] auth without a token", () => ({ type: "auth" })],
    ["[AP7] auth with null, as a client sends it that has a key for HTTP alone", () => ({ type: "auth", token: null })],
    ["[AP7] auth with a number", () => ({ type: "auth", token: 1 })],
    ["[AP7] junk", () => ({ type: "auth", token: "mrl_junk" })],
    ["[AP7] a key that nobody has", () => ({ type: "auth", token: makeKey(testEnv.KEY_PEPPER).text })],
  ])("%s first is closed with a reason, and nothing was said before", async (_case, frame) => {
    const socket = await open(path, protocol);
    socket.send(frame(a));
    const { code, reason } = await socket.closed();
    expect(code).toBe(1002);
    expect(reason).not.toBe("");
    expect(socket.unread()).toEqual([]);
  });

  test("[AP7] another tenant's key is closed under this one's address", async () => {
    const b = await makeTenant();
    const socket = await open(`/accounts/${a.account}/workspaces/${a.workspace}${path}`, protocol);
    socket.send({ type: "auth", token: b.key });
    expect((await socket.closed()).code).toBe(1002);
  });

  test("[AP7] a key without the scope is closed with its name", async () => {
    const { key } = await makeTenant({ scopes: ["see_artifacts"] });
    const socket = await open(path, protocol);
    socket.send({ type: "auth", token: key });
    expect(await socket.closed()).toMatchObject({ code: 1002, reason: expect.stringMatching(/lacks the scope \w+/) });
  });

  test("[AP7] without the subprotocol and a header there is no way in", async () => {
    const socket = await TestSocket.open(path);
    socket.send({ type: "auth", token: a.key });
    expect((await socket.closed()).code).toBe(1002);
    expect(socket.unread()).toEqual([]);
  });

  test("[AP7] a header that does not hold is refused before the upgrade", async () => {
    const headers = { authorization: "Bearer nonsense" };
    await expect(TestSocket.open(path, headers)).rejects.toThrow("401");
  });

  test("[AP7] a client that says nothing is closed", async () => {
    hurry("setTimeout");
    const socket = await open(path, protocol);
    expect((await socket.closed()).code).toBe(1002);
  });
});

describe("the forms of a credential", () => {
  test("[AP7] a key, a key as name and password, a token and a ticket are each taken", async () => {
    const { access_token } = (await ask("POST /auth/token", { token: a.key })).body;
    const { ticket } = (await ask("POST /me/ws-ticket", { token: a.key })).body;
    for (const token of [a.key, a.key.replace(/^mrl_([^_]+)_/, "$1:"), access_token, ticket]) {
      const socket = await open("/events/in", "prefect");
      socket.send({ type: "auth", token });
      expect(await socket.next()).toEqual({ type: "auth_success" });
      socket.close();
    }
  });

  test("[AP7] with a header that holds, a client need not send an auth frame", async () => {
    const socket = await TestSocket.open("/events/out", { authorization: `Bearer ${a.key}` });
    socket.send({ type: "auth", token: a.key });
    expect((await socket.closed()).reason).toBe("The second frame must be a filter");
  });
});

describe("sockets and the end of their credentials", () => {
  /** The directory's answers grow old, and the next look at the credential comes. */
  const thirtySeconds = () => vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 30_000 });
  const looked = (times: number) => vi.waitFor(() => expect(batch.mock.calls.length).toBeGreaterThanOrEqual(times));
  let batch: MockInstance;
  beforeEach(() => {
    batch = vi.spyOn(testEnv.DIRECTORY, "batch");
    hurry("setInterval");
  });

  const greeted = async (path: string, token: string): Promise<TestSocket> => {
    const socket = await open(path, "prefect");
    socket.send({ type: "auth", token });
    expect(await socket.next()).toEqual({ type: "auth_success" });
    return socket;
  };

  test("[AP16] a socket is closed within 30 seconds after its key was revoked", async () => {
    const socket = await greeted("/events/in", a.key);
    await testEnv.DIRECTORY.prepare("UPDATE api_keys SET revoked = 1 WHERE id = ?1").bind(a.keyId).run();
    thirtySeconds();
    expect(await socket.closed()).toMatchObject({ code: 1008, reason: expect.stringContaining("revoked") });
  });

  test("[AP16] also where a ticket opened it, or the way to the workspace was taken away", async () => {
    const { ticket } = (await ask("POST /me/ws-ticket", { token: a.key })).body;
    const socket = await greeted("/events/out", ticket);
    socket.send({ type: "filter", filter: {} });
    await testEnv.DIRECTORY.prepare("DELETE FROM workspace_access WHERE actor_id = ?1").bind(a.actorId).run();
    thirtySeconds();
    expect((await socket.closed()).code).toBe(1008);
  });

  test("[AP16] a socket whose credential holds stays, also while the directory does not answer", async () => {
    const socket = await greeted("/events/in", a.key);
    const quiet = vi.spyOn(console, "error").mockImplementation(() => {});
    batch.mockRejectedValue(new Error("away"));
    thirtySeconds();
    await vi.waitFor(() => expect(quiet).toHaveBeenCalled());
    batch.mockReset();
    await looked(1);
    socket.send({ no: "event" });
    expect((await socket.closed()).reason).toContain("Not an event");
  });

  test("[AP16] a run's process keeps its socket while its token is good, and no longer", async () => {
    const run = makeRunId(testEnv.KEY_PEPPER, a.workspace);
    const token = await signRunToken(testEnv, {
      account: a.account,
      workspace: a.workspace,
      run,
      generation: 1,
      key: null,
    });
    const socket = await greeted("/events/in", token);
    thirtySeconds();
    const other = await greeted("/events/in", token);
    other.send({ no: "event" });
    expect((await other.closed()).reason).toContain("Not an event");
    vi.setSystemTime((decodeJwt(token).exp ?? 0) * 1000);
    expect((await socket.closed()).reason).toContain("expired");
  });

  test("[AU15] a run's socket is closed within 30 seconds after the key of its agent was revoked", async () => {
    const run = makeRunId(testEnv.KEY_PEPPER, a.workspace);
    const { account, workspace, keyId: key } = a;
    const socket = await greeted(
      "/events/in",
      await signRunToken(testEnv, { account, workspace, run, generation: 1, key }),
    );
    await testEnv.DIRECTORY.prepare("UPDATE api_keys SET revoked = 1 WHERE id = ?1").bind(key).run();
    thirtySeconds();
    expect(await socket.closed()).toMatchObject({ code: 1008, reason: expect.stringContaining("revoked") });
  });

  test("[AP16] a token's socket ends with the token, and a ticket's with the credential that asked for it", async () => {
    const { access_token } = (await ask("POST /auth/token", { token: a.key })).body;
    const ticketOf = async (token: string): Promise<string> => (await ask("POST /me/ws-ticket", { token })).body.ticket;
    const ofKey = await greeted("/events/in", await ticketOf(a.key));
    const ofTicket = await greeted("/events/in", await ticketOf(access_token));
    const ofToken = await greeted("/events/in", access_token);
    vi.useFakeTimers({ toFake: ["Date"], now: (decodeJwt(access_token).exp ?? 0) * 1000 });
    for (const socket of [ofTicket, ofToken])
      expect(await socket.closed()).toMatchObject({ code: 1008, reason: expect.stringContaining("expired") });
    ofKey.send({ no: "event" });
    expect((await ofKey.closed()).reason).toContain("Not an event");
  });
});
