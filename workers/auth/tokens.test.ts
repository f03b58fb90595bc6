import { decodeJwt, generateKeyPair, importJWK, type JWK, SignJWT } from "jose";
import { afterEach, expect, test, vi } from "vitest";
import { RUN_AUDIENCE, signRunToken, TOKEN_ISSUER } from "../../durable-objects/kit/run-token.ts";
import { testEnv } from "../../test/workerd/env.ts";
import { lifetimeOf, publicKeys, signToken, verifyToken } from "./tokens.ts";

afterEach(() => void vi.useRealTimers());

const ALL = ["access", "session", "ticket", "run"] as const;
const KEYS = JSON.parse(testEnv.SIGNING_KEYS) as (JWK & { kid: string })[];
const [newest, older] = KEYS as [JWK & { kid: string }, JWK & { kid: string }];
const NOW = Math.floor(Date.now() / 1000);

const CLAIMS = { iss: TOKEN_ISSUER, aud: "millrace:api", sub: "a key's id", iat: NOW, exp: NOW + 600 };
const HEADER = { alg: "EdDSA", kid: newest.kid, typ: "JWT" };

const base64url = (value: Uint8Array | object): string =>
  Buffer.from(value instanceof Uint8Array ? value : JSON.stringify(value)).toString("base64url");

/** A token with these very parts, signed with one of the server's own keys: what only the server could make. */
async function signed(payload: object | string, header: object = HEADER, jwk: JWK = newest): Promise<string> {
  const body = typeof payload === "string" ? Buffer.from(payload).toString("base64url") : base64url(payload);
  const input = `${base64url(header)}.${body}`;
  const key = (await importJWK(jwk, "EdDSA")) as CryptoKey;
  return `${input}.${base64url(new Uint8Array(await crypto.subtle.sign("Ed25519", key, Buffer.from(input))))}`;
}

async function hmac(secret: string): Promise<string> {
  return new SignJWT(CLAIMS).setProtectedHeader({ ...HEADER, alg: "HS256" }).sign(Buffer.from(secret.padEnd(32)));
}

const verify = (token: string, purposes: readonly (typeof ALL)[number][] = ALL) =>
  verifyToken(testEnv, token, purposes);

test("[AU3] a token says what it was signed for, under the newest key or one that is still published", async () => {
  const expected = { purpose: "access", keyId: "a key's id", workspace: null, expires: CLAIMS.exp, until: null };
  expect(await verify(await signed(CLAIMS))).toEqual(expected);
  expect(await verify(await signed(CLAIMS, { ...HEADER, kid: older.kid }, older))).toEqual(expected);
});

test("[AU3] the published keys hold no private part", () => {
  const { keys } = publicKeys(testEnv);
  expect(keys.map(({ kid }) => kid)).toEqual(["newest", "older"]);
  for (const key of keys)
    expect(key).toEqual({ kty: "OKP", crv: "Ed25519", x: expect.any(String), kid: key.kid, alg: "EdDSA", use: "sig" });
});

test("[AU3] a token of each purpose is taken for no other", async () => {
  const named = { keyId: "a key's id", workspace: null };
  const run = { account: "a", workspace: "w", run: "r", generation: 1, key: null };
  const tokens = {
    access: await signToken(testEnv, "access", named),
    session: await signToken(testEnv, "session", named),
    ticket: await signToken(testEnv, "ticket", named),
    run: await signRunToken(testEnv, run),
  };
  for (const [purpose, token] of Object.entries(tokens)) {
    for (const asked of ALL) {
      const taken = await verify(token, [asked]);
      expect(taken?.purpose ?? null, `${purpose} as ${asked}`).toBe(asked === purpose ? purpose : null);
    }
  }
});

test("[AU3] [S68] a token lives as long as its purpose, and a minute more for clocks that differ", async () => {
  const token = await signToken(testEnv, "ticket", { keyId: "k", workspace: "w" });
  const { iat = 0, exp = 0 } = decodeJwt(token);
  expect(exp - iat).toBe(lifetimeOf("ticket"));
  vi.useFakeTimers({ toFake: ["Date"], now: (exp + 59) * 1000 });
  expect(await verify(token)).not.toBeNull();
  vi.setSystemTime((exp + 61) * 1000);
  expect(await verify(token)).toBeNull();
});

const { privateKey: stranger, publicKey } = await generateKeyPair("EdDSA", { extractable: true });
const strangers = async (header: object) =>
  new SignJWT(CLAIMS).setProtectedHeader({ ...HEADER, ...header }).sign(stranger);

test.each<[string, () => Promise<string> | string]>([
  ["[AU3] nothing", () => ""],
  ["[AU3] two dots", () => ".."],
  ["[AU3] alg none", () => `${base64url({ ...HEADER, alg: "none" })}.${base64url(CLAIMS)}.`],
  ["[AU3] HS256 with the public key", () => hmac(newest.x ?? "")],
  ["[AU3] HS256 with the published JWK", () => hmac(JSON.stringify(publicKeys(testEnv).keys[0]))],
  ["[AU3] another algorithm's name over our key", async () => signed(CLAIMS, { ...HEADER, alg: "ES256" })],
  ["[AU3] a stranger's key under our kid", () => strangers({})],
  [
    "[AU3] a stranger's key that it brings along",
    async () => strangers({ jwk: publicKey as unknown as JWK, kid: "x" }),
  ],
  [
    "[AU3] a stranger's key at an address",
    () => strangers({ jku: "http://127.0.0.1:1/jwks", x5u: "http://127.0.0.1:1" }),
  ],
  ["[AU3] a kid that is a path", () => strangers({ kid: "../../dev/null" })],
  ["[AU3] a kid that is SQL", () => strangers({ kid: "' OR 1=1 --" })],
  ["[AU3] no kid", () => strangers({ kid: undefined })],
  ["[AU3] a critical header that nobody knows", () => signed(CLAIMS, { ...HEADER, crit: ["b64"], b64: false })],
  ["[AU3] another type", () => signed(CLAIMS, { ...HEADER, typ: "dpop+jwt" })],
  ["[AU3] no type", () => signed(CLAIMS, { alg: "EdDSA", kid: newest.kid })],
  ["[AU3] another issuer", () => signed({ ...CLAIMS, iss: "https://evil.test" })],
  ["[AU3] an audience that is none of ours", () => signed({ ...CLAIMS, aud: "millrace" })],
  ["[AU3] several audiences", () => signed({ ...CLAIMS, aud: ["millrace:api", RUN_AUDIENCE] })],
  ["[AU3] no audience", () => signed({ ...CLAIMS, aud: undefined })],
  ["[AU3] no expiry", () => signed({ ...CLAIMS, exp: undefined })],
  ["[AU3] an expiry that is text", () => signed({ ...CLAIMS, exp: String(CLAIMS.exp) })],
  ["[AU3] expired", () => signed({ ...CLAIMS, iat: NOW - 700, exp: NOW - 61 })],
  ["[AU3] not valid yet", () => signed({ ...CLAIMS, nbf: NOW + 120 })],
  ["[AU3] no time of issue", () => signed({ ...CLAIMS, iat: undefined })],
  ["[AU3] no subject", () => signed({ ...CLAIMS, sub: undefined })],
  ["[AU3] a run's token without a claim", () => signed({ ...CLAIMS, aud: RUN_AUDIENCE, ws: "w", acc: "a" })],
  ["[AU3] a run's token without a workspace", () => signed({ ...CLAIMS, aud: RUN_AUDIENCE, acc: "a", gen: 1 })],
  ["[AU3] a payload that is no object", () => signed("[1]")],
  ["[AU3] its signature cut", async () => (await signed(CLAIMS)).slice(0, -4)],
  [
    "[AU3] its payload changed",
    async () => (await signed(CLAIMS)).replace(base64url(CLAIMS), base64url({ ...CLAIMS, sub: "x" })),
  ],
])("%s is no token", async (_case, make) => {
  expect(await verify(await make())).toBeNull();
});

test("[AU3] of a claim that is there twice the signed text decides, and only one value counts", async () => {
  const twice = JSON.stringify(CLAIMS).replace("{", '{"sub":"another",');
  expect(await verify(await signed(twice))).toMatchObject({ keyId: "a key's id" });
});

test("[AU3] once a key is retired, what it signed is worth nothing", async () => {
  const token = await signed(CLAIMS, { ...HEADER, kid: older.kid }, older);
  const rotated = { ...testEnv, SIGNING_KEYS: JSON.stringify([newest]) };
  expect(await verifyToken(rotated, token, ALL)).toBeNull();
});
