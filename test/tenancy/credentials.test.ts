/** Credentials that are not what they say. All are tried at one route that any honest credential can use. */
import { createHmac, generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { get } from "node:http";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { makeKey } from "../support/tenant.ts";
import { ask, type Parties, startParties } from "./fixture.ts";

let parties: Parties;
let token: string;
let jwk: { kid: string; x: string };
const seen: string[] = [];

const encode = (value: object | string): string =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
const decode = (part: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(part, "base64url").toString()) as Record<string, unknown>;

beforeAll(async () => {
  parties = await startParties();
  const { shortUrl, key } = parties.a;
  const got = await ask("POST", `${shortUrl}/auth/token`, { token: key });
  token = (JSON.parse(got.body) as { access_token: string }).access_token;
  const { keys } = JSON.parse((await ask("GET", `${shortUrl}/.well-known/jwks.json`)).body) as {
    keys: { kid: string; x: string }[];
  };
  jwk = keys[0] as { kid: string; x: string };
});
afterAll(() => parties.server.stop());

/** The status of a read with the credential; every credential tried is remembered, to look for it in the log. */
async function tryWith(authorization: string): Promise<number> {
  seen.push(authorization.replace(/^\w+ /, ""));
  const { status } = await ask("POST", `${parties.a.apiUrl}/flows/count`, { body: "{}", headers: { authorization } });
  return status;
}

describe("honest ones", () => {
  test("[TE8] a key, a key as Basic, and a token made of it all work", async () => {
    const { a } = parties;
    expect(await tryWith(`Bearer ${a.key}`)).toBe(200);
    expect(await tryWith(`Basic ${Buffer.from(a.authString).toString("base64")}`)).toBe(200);
    expect(await tryWith(`Bearer ${token}`)).toBe(200);
  });

  test("[TE8] [AP2] the plain base reaches the key's only workspace", async () => {
    const { a } = parties;
    const { body } = await ask("POST", `${a.shortUrl}/flows/filter`, { token: a.key, body: "{}" });
    expect((JSON.parse(body) as { id: string }[]).map(({ id }) => id)).toEqual([a.things.flow]);
  });
});

describe("[S15] tokens", () => {
  const forged: [string, () => string][] = [
    ["alg none", () => `${encode({ ...decode(token.split(".")[0] as string), alg: "none" })}.${token.split(".")[1]}.`],
    ["alg None without a signature's dot", () => `${encode({ alg: "None", typ: "JWT" })}.${token.split(".")[1]}`],
    ["HS256 by the public key's bytes", () => hmac(Buffer.from(jwk.x, "base64url"))],
    ["HS256 by the public key's text", () => hmac(Buffer.from(jwk.x))],
    ["HS256 by the public key's JSON", () => hmac(Buffer.from(JSON.stringify(jwk)))],
    ["another key under the server's kid", () => signed({ kid: jwk.kid })],
    [
      "another key with itself embedded",
      () => signed({ kid: jwk.kid, jwk: stranger.publicKey.export({ format: "jwk" }) }),
    ],
    [
      "another key with its address",
      () => signed({ kid: jwk.kid, jku: "http://127.0.0.1:1/keys", x5u: "http://127.0.0.1:1/cert" }),
    ],
    ["a kid that is a path", () => signed({ kid: "../../../../dev/null" })],
    ["a kid that is SQL", () => signed({ kid: "x' UNION SELECT 'a" })],
    ["a kid that is an address", () => signed({ kid: "http://127.0.0.1:1/key" })],
    ["no kid", () => signed({})],
    ["a header that is no object", () => `${encode("[]")}.${token.split(".")[1]}.${token.split(".")[2]}`],
    [
      "another workspace in the payload",
      () => changed({ workspace: parties.b.workspaceId, wid: parties.b.workspaceId }),
    ],
    ["a life of ten years", () => changed({ exp: Math.floor(Date.now() / 1000) + 315_360_000 })],
    ["not yet valid", () => changed({ nbf: Math.floor(Date.now() / 1000) + 3600 })],
    ["all scopes", () => changed({ scope: "*", scopes: ["*"] })],
    ["a claim there twice", () => changedText((text) => text.replace("{", `{"sub":"${randomUUID()}",`))],
    ["its signature cut", () => token.slice(0, -8)],
    [
      "its signature of another token",
      () => `${token.split(".").slice(0, 2).join(".")}.${signed({ kid: jwk.kid }).split(".")[2]}`,
    ],
    ["four parts", () => `${token}.x`],
    ["nothing", () => ".."],
  ];
  const stranger = generateKeyPairSync("ed25519");

  const payload = () => token.split(".")[1] as string;
  const signed = (header: object): string => {
    const content = `${encode({ alg: "EdDSA", typ: "JWT", ...header })}.${payload()}`;
    return `${content}.${sign(null, Buffer.from(content), stranger.privateKey).toString("base64url")}`;
  };
  const hmac = (secret: Buffer): string => {
    const content = `${encode({ alg: "HS256", typ: "JWT", kid: jwk.kid })}.${payload()}`;
    return `${content}.${createHmac("sha256", secret).update(content).digest("base64url")}`;
  };
  const changedText = (change: (text: string) => string): string => {
    const [header, body, signature] = token.split(".");
    return `${header}.${encode(change(Buffer.from(body as string, "base64url").toString()))}.${signature}`;
  };
  const changed = (claims: object): string =>
    changedText((text) => JSON.stringify({ ...(JSON.parse(text) as object), ...claims }));

  test.each(forged)("[S15] a token with %s answers 401", async (_what, make) => {
    expect(await tryWith(`Bearer ${make()}`)).toBe(401);
  });

  test("[S15] the published key is the one of the token, and only its public half", async () => {
    expect(decode(token.split(".")[0] as string)).toMatchObject({ alg: "EdDSA", kid: jwk.kid });
    expect(jwk).not.toHaveProperty("d");
  });
});

describe("[S18] keys", () => {
  const flipped = (text: string) =>
    [...text].map((one) => (one === one.toLowerCase() ? one.toUpperCase() : one.toLowerCase())).join("");
  const spoiled: [string, (key: string, auth: string) => string][] = [
    ["cut by one", (key) => `Bearer ${key.slice(0, -1)}`],
    ["cut by half", (key) => `Bearer ${key.slice(0, key.length / 2)}`],
    ["one letter longer", (key) => `Bearer ${key}0`],
    ["in the other case", (key) => `Bearer ${flipped(key)}`],
    ["with another end", (key) => `Bearer ${key.slice(0, -3)}${key.endsWith("aaa") ? "bbb" : "aaa"}`],
    ["with another middle", (key) => `Bearer ${key.slice(0, 20)}${key[20] === "a" ? "b" : "a"}${key.slice(21)}`],
    ["empty", () => "Bearer "],
    ["of 100 KB", () => `Bearer ${"x".repeat(8_000)}`],
    ["with the id alone", (_key, auth) => `Basic ${Buffer.from(auth.slice(0, auth.indexOf(":"))).toString("base64")}`],
    [
      "with an empty secret",
      (_key, auth) => `Basic ${Buffer.from(auth.slice(0, auth.indexOf(":") + 1)).toString("base64")}`,
    ],
    [
      "with B's secret",
      (_key, auth) =>
        `Basic ${Buffer.from(auth.split(":")[0] + parties.b.authString.slice(parties.b.authString.indexOf(":"))).toString("base64")}`,
    ],
    ["that is no Base64", () => "Basic ???"],
    ["of another scheme", (key) => `Digest ${key}`],
  ];
  test.each(spoiled)("[S18] a key %s answers 401", async (_what, make) => {
    expect(await tryWith(make(parties.a.key, parties.a.authString))).toBe(401);
  });

  test("[S18] a key in the query is no credential", async () => {
    const { a } = parties;
    for (const name of ["token", "api_key", "key", "access_token"]) {
      expect((await ask("GET", `${a.apiUrl}/admin/version?${name}=${a.key}`)).status).toBe(401);
    }
    seen.push(a.key);
  });

  test("[S18] a key past its time answers 401", async () => {
    const { server, a } = parties;
    const made = await ask("POST", `${a.shortUrl}/accounts/${a.accountId}/bots/`, {
      token: server.local.api_key,
      body: JSON.stringify({
        name: "short",
        workspace_id: a.workspaceId,
        api_key_expiration: new Date(Date.now() + 2000).toISOString(),
      }),
    });
    expect(made.status).toBe(201);
    const { key } = (JSON.parse(made.body) as { api_key: { key: string } }).api_key;
    await vi.waitFor(async () => expect(await tryWith(`Bearer ${key}`)).toBe(401), { timeout: 20_000, interval: 250 });
  });

  test("[S18] a revoked key answers 401 within 30 seconds", async () => {
    const { server, a } = parties;
    const bot = await makeKey(server.local, a.workspaceId, "revoked");
    expect(await tryWith(`Bearer ${bot.key}`)).toBe(200);
    const made = JSON.parse((await ask("POST", `${a.shortUrl}/auth/token`, { token: bot.key })).body) as {
      access_token: string;
    };
    const url = `${a.shortUrl}/accounts/${a.accountId}/bots/${bot.botId}/delete_bot_api_key/${bot.keyId}`;
    expect((await ask("DELETE", url, { token: server.local.api_key })).status).toBe(204);
    await vi.waitFor(async () => expect(await tryWith(`Bearer ${bot.key}`)).toBe(401), {
      timeout: 30_000,
      interval: 500,
    });
    // What was made of the key before lives on for its own short life, or not at all; it makes nothing new.
    expect([200, 401]).toContain(await tryWith(`Bearer ${made.access_token}`));
    expect((await ask("POST", `${a.shortUrl}/auth/token`, { token: bot.key })).status).toBe(401);
  });

  test("[S18] no credential that was tried is in the service's output", () => {
    const output = parties.server.output();
    for (const one of [...seen, parties.a.key, parties.b.key, token])
      if (one.length > 20) expect(output).not.toContain(one);
  });
});

describe("browser sessions", () => {
  const signIn = async () => {
    const { a } = parties;
    const answer = await ask("POST", `${a.shortUrl}/auth/session`, { body: JSON.stringify({ api_key: a.key }) });
    const cookie = answer.headers.get("set-cookie") ?? "";
    return { answer, cookie, pair: cookie.split(";")[0] as string };
  };

  test("[TE13] a session's cookie is not for scripts, other sites or other hosts", async () => {
    const { answer, cookie } = await signIn();
    expect(answer.status).toBe(200);
    expect(cookie).toMatch(/^millrace_session=/);
    expect(cookie).toMatch(/;\s*HttpOnly/i);
    expect(cookie).toMatch(/;\s*SameSite=Strict/i);
    expect(cookie).toMatch(/;\s*Path=\//i);
    expect(cookie).not.toMatch(/;\s*Domain=/i);
    expect(cookie).not.toContain(parties.a.key);
  });

  test.each([
    ["another site's", "http://evil.example", 403],
    ["no", undefined, 403],
    ["a null", "null", 403],
  ])("[TE13] [S25] a write with a cookie and %s origin answers 403", async (_what, origin, status) => {
    const { pair } = await signIn();
    const { a } = parties;
    const headers: Record<string, string> = { cookie: pair, ...(origin !== undefined && { origin }) };
    expect((await ask("POST", `${a.apiUrl}/flows/`, { body: '{"name":"by-cookie"}', headers })).status).toBe(status);
  });

  test("[TE13] reads, and writes of the same origin, work with the cookie; after signing out they do not", async () => {
    const { pair } = await signIn();
    const { a, server } = parties;
    const origin = server.local.url;
    expect((await ask("GET", `${a.shortUrl}/auth/session`, { headers: { cookie: pair } })).status).toBe(200);
    const write = () => ask("POST", `${a.apiUrl}/flows/count`, { body: "{}", headers: { cookie: pair, origin } });
    expect((await write()).status).toBe(200);
    const out = await ask("DELETE", `${a.shortUrl}/auth/session`, { headers: { cookie: pair, origin } });
    expect(out.status).toBe(204);
    expect(out.headers.get("set-cookie")).toMatch(/millrace_session=;|Max-Age=0/);
  });
});

describe("an allow list", () => {
  /** Asks from another address of this machine, as a stranger would come from another one. */
  const askFrom = (localAddress: string, url: string, headers: Record<string, string>): Promise<number> =>
    new Promise((resolve, reject) => {
      const call = get(url, { localAddress, headers, agent: false }, (answer) => {
        answer.resume();
        resolve(answer.statusCode ?? 0);
      });
      call.on("error", reject);
    });

  test("[AU16] what counts is the other end of the connection, whatever a request claims", async () => {
    const { local } = parties.server;
    const account = `${local.url}/api/accounts/${local.account_id}`;
    const change = (method: string, path: string, body: object) =>
      ask(method, account + path, { token: local.api_key, body: JSON.stringify(body) });
    await change("PUT", "/ip_allowlist", { entries: [{ ip_network: "127.0.0.1" }] });
    expect((await change("PATCH", "/settings", { enforce_ip_allowlist: true })).status).toBe(204);
    try {
      const authorization = `Bearer ${parties.b.key}`;
      const claims = Object.fromEntries(
        ["cf-connecting-ip", "x-forwarded-for", "x-real-ip", "true-client-ip"].map((name) => [name, "127.0.0.1"]),
      );
      const forged = { ...claims, "mf-cf-blob": '{"clientIp":"127.0.0.1:1"}' };
      const url = `${local.url}/api/me/`;
      expect(await askFrom("127.0.0.1", url, { authorization, "x-forwarded-for": "127.0.0.2" })).toBe(200);
      expect(await askFrom("127.0.0.2", url, { authorization })).toBe(403);
      expect(await askFrom("127.0.0.2", url, { authorization, ...forged })).toBe(403);
      // Pages ask the API in the reader's name, and from where the reader is.
      const signedIn = await ask("POST", `${local.url}/api/auth/session`, {
        body: JSON.stringify({ api_key: local.api_key }),
      });
      const cookie = (signedIn.headers.get("set-cookie") ?? "").split(";")[0] as string;
      expect(await askFrom("127.0.0.1", `${local.url}/runs`, { cookie })).toBe(200);
      expect(await askFrom("127.0.0.2", `${local.url}/runs`, { cookie, ...forged })).not.toBe(200);
    } finally {
      await change("PATCH", "/settings", { enforce_ip_allowlist: false });
    }
    expect(await askFrom("127.0.0.2", `${local.url}/api/me/`, { authorization: `Bearer ${parties.b.key}` })).toBe(200);
  });
});
