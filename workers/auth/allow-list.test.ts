import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { signRunToken } from "../../durable-objects/kit/run-token.ts";
import { testEnv } from "../../test/workerd/env.ts";
import { TestSocket } from "../../test/workerd/socket.ts";
import { ask, makeTenant, ORIGIN, type TestTenant } from "../../test/workerd/tenant.ts";
import { hurry } from "../../test/workerd/timers.ts";
import { signToken } from "./tokens.ts";

const HOME = "192.0.2.7";
const AWAY = "198.51.100.7";

let a: TestTenant;
beforeEach(async () => {
  a = await makeTenant();
});
afterEach(() => void vi.useRealTimers());

const from = (address: string) => ({ "cf-connecting-ip": address });
const account = (route: string, body?: unknown, address = HOME) => {
  const [method, path] = route.split(" ");
  return ask(`${method} /accounts/${a.account}${path}`, {
    ...{ token: a.key, headers: from(address) },
    ...(body !== undefined && { body }),
  });
};
const replace = (...networks: string[]) =>
  account("PUT /ip_allowlist", { entries: networks.map((ip_network) => ({ ip_network, enabled: true })) });
const enforce = (on: boolean, address = HOME) => account("PATCH /settings", { enforce_ip_allowlist: on }, address);
const count = (headers: Record<string, string>) => ask("POST /flows/count", { body: {}, headers });

async function lock(): Promise<void> {
  expect((await replace("192.0.2.0/24", "2001:db8::/32")).status).toBe(204);
  expect((await enforce(true)).status).toBe(204);
}

describe("in force", () => {
  test("[AU16] every credential of the account is let in from its networks, and from nowhere else", async () => {
    await lock();
    const named = { keyId: a.keyId, workspace: a.workspace };
    const run = { account: a.account, workspace: a.workspace, run: crypto.randomUUID(), generation: 1 };
    const credentials: Record<string, string>[] = [
      { authorization: `Bearer ${a.key}` },
      { authorization: `Basic ${btoa(a.key.replace(/^mrl_([^_]+)_/, "$1:"))}` },
      { authorization: `Bearer ${await signToken(testEnv, "access", named)}` },
      { cookie: `millrace_session=${await signToken(testEnv, "session", named)}`, origin: ORIGIN },
      { authorization: `Bearer ${await signRunToken(testEnv, { ...run, key: a.keyId })}` },
      { authorization: `Bearer ${await signRunToken(testEnv, { ...run, key: null })}` },
    ];
    for (const headers of credentials) {
      expect((await count({ ...headers, ...from(HOME) })).status).toBe(200);
      expect((await count({ ...headers, ...from("2001:db8:1::1") })).status).toBe(200);
      const away = await count({ ...headers, ...from(AWAY) });
      expect([away.status, away.body.detail]).toEqual([403, expect.stringContaining(`Your address ${AWAY} is not on`)]);
      expect((await count(headers)).body.detail).toContain("not known");
    }
  });

  test("[AU16] nobody signs in, or gets a token, from elsewhere", async () => {
    await lock();
    for (const route of ["POST /auth/token", "POST /auth/session"])
      for (const [address, status] of [
        [AWAY, 403],
        [HOME, 200],
      ] as const)
        expect((await ask(route, { body: { api_key: a.key }, headers: from(address) })).status).toBe(status);
  });

  test("[AU16] what a request says of itself counts nothing", async () => {
    await lock();
    const claims = { "x-forwarded-for": HOME, "x-real-ip": HOME, forwarded: `for=${HOME}`, "true-client-ip": HOME };
    expect((await count({ authorization: `Bearer ${a.key}`, ...claims, ...from(AWAY) })).status).toBe(403);
  });

  test("[AU16] other accounts are reached as before", async () => {
    await lock();
    const b = await makeTenant();
    expect((await count({ authorization: `Bearer ${b.key}`, ...from(AWAY) })).status).toBe(200);
  });

  test("[AU16] sockets are refused from elsewhere, in the first frame and in the header", async () => {
    await lock();
    for (const path of ["/events/in", "/events/out", "/logs/out"]) {
      const socket = await TestSocket.open(path, { "sec-websocket-protocol": "prefect", ...from(AWAY) });
      socket.send({ type: "auth", token: a.key });
      expect(await socket.closed()).toMatchObject({ code: 1002, reason: expect.stringContaining("allow list") });
      const headers = { authorization: `Bearer ${a.key}`, ...from(AWAY) };
      await expect(TestSocket.open(path, headers)).rejects.toThrow("403");
    }
  });

  test("[AU16] [AP16] a socket that is open is closed when its address leaves the list", async () => {
    hurry("setInterval");
    const open = async (address: string): Promise<TestSocket> => {
      const socket = await TestSocket.open("/events/in", { "sec-websocket-protocol": "prefect", ...from(address) });
      socket.send({ type: "auth", token: a.key });
      await socket.next();
      return socket;
    };
    const [home, away] = [await open(HOME), await open(AWAY)];
    await lock();
    expect(await away.closed()).toMatchObject({ code: 1008, reason: expect.stringContaining("allow list") });
    home.close();
    expect((await home.closed()).code).toBe(1000);
  });

  test("[AU16] an agent's line is closed when its address leaves the list, and opened from there no more", async () => {
    await ask("POST /work_pools/", { token: a.key, body: { name: "pool", type: "process" } });
    const line = (address: string) =>
      TestSocket.open("/agents/connect?pool=pool", { authorization: `Bearer ${a.key}`, ...from(address) });
    const [home, away] = [await line(HOME), await line(AWAY)];
    await lock();
    expect(await away.closed()).toMatchObject({ code: 1008, reason: expect.stringContaining("allow list") });
    await expect(line(AWAY)).rejects.toThrow("403");
    expect(await home.next()).toEqual({ type: "auth_success" });
    (await line(HOME)).close();
    await enforce(false);
    (await line(AWAY)).close();
    home.close();
  });

  test("[AU16] when somebody last came from a network is on the list", async () => {
    await lock();
    await count({ authorization: `Bearer ${a.key}`, ...from(HOME) });
    await vi.waitFor(async () => {
      const { body } = await account("GET /ip_allowlist");
      expect(body.entries).toEqual([
        { ip_network: "192.0.2.0/24", enabled: true, description: null, last_seen: expect.stringMatching(/^20/) },
        { ip_network: "2001:db8::/32", enabled: true, description: null, last_seen: null },
      ]);
    });
  });
});

describe("a change", () => {
  test("[AU17] that would keep its maker out is refused, and changes nothing", async () => {
    await replace("198.51.100.0/24");
    expect((await account("GET /ip_allowlist/my_access")).body).toMatchObject({ allowed: false });
    const refused = await enforce(true);
    expect([refused.status, refused.body.detail]).toEqual([422, expect.stringContaining(HOME)]);
    expect((await account("GET /settings")).body.enforce_ip_allowlist).toBe(false);
    await replace("192.0.2.0/24");
    expect((await account("GET /ip_allowlist/my_access")).body).toMatchObject({ allowed: true });
    expect((await enforce(true)).status).toBe(204);
    expect((await replace("198.51.100.0/24")).status).toBe(422);
    const off = [{ ip_network: "192.0.2.0/24", enabled: false }];
    expect((await account("PUT /ip_allowlist", { entries: off })).status).toBe(422);
    expect((await account("GET /ip_allowlist")).body.entries).toMatchObject([
      { ip_network: "192.0.2.0/24", enabled: true },
    ]);
    expect((await enforce(false, AWAY)).status).toBe(403);
    // An empty list lets everybody in.
    expect((await replace()).status).toBe(204);
    expect((await enforce(false, AWAY)).status).toBe(204);
  });

  test.each([
    ["no network", [{ ip_network: "office" }], "not a valid IPv4"],
    ["bits beyond the prefix", [{ ip_network: "10.0.0.1/8" }], "the network is 10.0.0.0/8"],
    ["one twice", [{ ip_network: "10.0.0.1" }, { ip_network: "::ffff:10.0.0.1" }], "on the list already"],
    ["too many", Array.from({ length: 26 }, (_, at) => ({ ip_network: `10.0.0.${at}` })), "25"],
  ])("[AU17] with %s is refused with its field", async (_case, entries, message) => {
    const { status, body } = await account("PUT /ip_allowlist", { entries });
    expect(status).toBe(422);
    expect(JSON.stringify(body.exception_detail)).toContain(message);
    expect((await account("GET /ip_allowlist")).body).toEqual({ entries: [] });
  });

  test("[AU17] needs a permission of the account", async () => {
    const b = await makeTenant({ account: a.account, permissions: [] });
    for (const [route, body] of [
      ["PUT /ip_allowlist", { entries: [] }],
      ["PATCH /settings", { enforce_ip_allowlist: false }],
    ] as const) {
      const [method, path] = route.split(" ");
      expect((await ask(`${method} /accounts/${a.account}${path}`, { token: b.key, body })).status).toBe(403);
    }
  });
});
