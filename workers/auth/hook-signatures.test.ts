import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { standardSecret, type Verification, verifyDelivery } from "./hook-signatures.ts";
import { makeSlug, shardOfSlug } from "./keys.ts";

const NOW = 1_700_000_000;
const bytes = (text: string) => new TextEncoder().encode(text);
const check = (verification: Verification, headers: Record<string, string>, body: string, now = NOW) =>
  verifyDelivery(verification, (name) => headers[name] ?? null, bytes(body), now * 1000);

test("[AU14] the examples that GitHub and Slack publish hold", async () => {
  const github = { type: "github", secrets: ["It's a Secret to Everybody"] } as const;
  const signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
  expect(await check(github, { "x-hub-signature-256": signature }, "Hello, World!")).toMatchObject({ timed: false });
  const slack = { type: "slack", secrets: ["8f742231b10e8888abcd99yyyzzz85a5"] } as const;
  const body =
    "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
  const headers = {
    "x-slack-signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
    "x-slack-request-timestamp": "1531420618",
  };
  expect(await check(slack, headers, body, 1531420618)).toMatchObject({ timed: true });
});

const SECRET = `whsec_${Buffer.from("a secret of some length").toString("base64")}`;
const signers = {
  github: (body: string, secret: string) => ({
    "x-hub-signature-256": `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`,
  }),
  stripe: (body: string, secret: string, at = NOW) => ({
    "stripe-signature": `t=${at},v1=${createHmac("sha256", secret).update(`${at}.${body}`).digest("hex")}`,
  }),
  slack: (body: string, secret: string, at = NOW) => ({
    "x-slack-request-timestamp": `${at}`,
    "x-slack-signature": `v0=${createHmac("sha256", secret).update(`v0:${at}:${body}`).digest("hex")}`,
  }),
  standard: (body: string, secret: string, at = NOW) => ({
    "webhook-id": "msg_1",
    "webhook-timestamp": `${at}`,
    "webhook-signature": `v1,${createHmac("sha256", Buffer.from(secret.replace("whsec_", ""), "base64"))
      .update(`msg_1.${at}.${body}`)
      .digest("base64")}`,
  }),
};

describe.each(Object.entries(signers))("%s", (type, sign) => {
  const verification = { type: type as keyof typeof signers, secrets: [SECRET] };
  const body = '{"a":1}';

  test("[AU14] holds over the bytes, and over no others", async () => {
    expect(await check(verification, sign(body, SECRET), body)).toMatchObject({ seal: expect.any(String) });
    for (let at = 0; at < body.length; at++) {
      const changed = `${body.slice(0, at)}x${body.slice(at + 1)}`;
      expect(await check(verification, sign(body, SECRET), changed)).toBe("wrong");
    }
    expect(await check(verification, sign(body, SECRET), `${body} `)).toBe("wrong");
  });

  test("[AU14] any of the secrets counts, and no other", async () => {
    const other = `whsec_${Buffer.from("another secret").toString("base64")}`;
    expect(await check({ ...verification, secrets: [other, SECRET] }, sign(body, SECRET), body)).toBeTypeOf("object");
    expect(await check({ ...verification, secrets: [other] }, sign(body, SECRET), body)).toBe("wrong");
    expect(await check(verification, {}, body)).toBe("missing");
  });

  test("[AU14] a signed time or id cannot be changed", async () => {
    const headers: Record<string, string> = sign(body, SECRET);
    for (const [name, value] of Object.entries(headers)) {
      const changed = value.replace(String(NOW), String(NOW + 1)).replace("msg_1", "msg_2");
      if (changed !== value) expect(await check(verification, { ...headers, [name]: changed }, body)).toBe("wrong");
    }
  });
});

test.each<[string, Record<string, string>, unknown]>([
  ["[AU14] the bearer that was agreed", { authorization: "Bearer tops3cret" }, { seal: null, timed: false }],
  ["[AU14] the scheme in another case", { authorization: "bearer tops3cret" }, { seal: null, timed: false }],
  ["[AU14] another bearer", { authorization: "Bearer tops3cre" }, "wrong"],
  ["[AU14] another scheme", { authorization: "Basic tops3cret" }, "malformed"],
  ["[AU14] no bearer", { authorization: "Bearer " }, "malformed"],
  ["[AU14] nothing", {}, "missing"],
])("%s", async (_case, headers, expected) => {
  expect(await check({ type: "bearer", secrets: ["old", "tops3cret"] }, headers, "x")).toEqual(expected);
});

test("[AU14] a secret of Standard Webhooks is base64", () => {
  expect(standardSecret("whsec_")).toBeNull();
  expect(standardSecret("whsec_not base64!")).toBeNull();
  expect(standardSecret("YWJj")).toEqual(Buffer.from("abc"));
});

test("[AU14] an address that was not made here is told apart", () => {
  const slug = makeSlug("pepper", 1);
  expect(shardOfSlug("pepper", slug)).toBe(1);
  expect(shardOfSlug("another pepper", slug)).toBeNull();
  expect(shardOfSlug("pepper", `0${slug.slice(1)}`)).toBeNull();
  expect(shardOfSlug("pepper", slug.slice(0, -1))).toBeNull();
  expect(shardOfSlug("pepper", "../../x")).toBeNull();
  expect(new Set(Array.from({ length: 100 }, () => makeSlug("pepper", 0))).size).toBe(100);
});
