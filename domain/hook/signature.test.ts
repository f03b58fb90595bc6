import { expect, test } from "vitest";
import { type Headers, nameOf, readSignature, type Signer } from "./signature.ts";

const NOW = 1_700_000_000;
const HEX = "ab".repeat(32);
const BASE64 = `${"A".repeat(43)}=`;
const headers =
  (given: Record<string, string>): Headers =>
  (name) =>
    given[name] ?? null;

test.each<[string, Signer, Record<string, string>, object]>([
  [
    "[HO1] GitHub",
    "github",
    { "x-hub-signature-256": `sha256=${HEX}` },
    { prefix: "", timed: false, signatures: [{ form: "hex", text: HEX }] },
  ],
  [
    "[HO1] Stripe",
    "stripe",
    { "stripe-signature": `t=${NOW}, v1=${HEX},v0=zz,v1=${HEX.toUpperCase()}` },
    { prefix: `${NOW}.`, timed: true, signatures: [{ text: HEX }, { text: HEX.toUpperCase() }] },
  ],
  [
    "[HO1] Slack",
    "slack",
    { "x-slack-signature": `v0=${HEX}`, "x-slack-request-timestamp": `${NOW}` },
    { prefix: `v0:${NOW}:`, signatures: [{ text: HEX }] },
  ],
  [
    "[HO1] Standard Webhooks",
    "standard",
    {
      "webhook-id": "msg.1",
      "webhook-timestamp": `${NOW}`,
      "webhook-signature": `v1,${BASE64} v2,x v1a,${BASE64} v1,short`,
    },
    { prefix: `msg.1.${NOW}.`, signatures: [{ form: "base64", text: BASE64 }] },
  ],
])("%s is read", (_case, signer, given, expected) => {
  expect(readSignature(signer, headers(given), NOW)).toMatchObject(expected);
});

const stripe = (time: string | number, rest = `,v1=${HEX}`) => ({ "stripe-signature": `t=${time}${rest}` });

test.each<[string, Signer, Record<string, string>, string]>([
  ["[HO1] nothing at all", "github", {}, "missing"],
  ["[HO1] an empty header", "github", { "x-hub-signature-256": "" }, "missing"],
  ["[HO1] SHA-1", "github", { "x-hub-signature-256": `sha1=${HEX}` }, "malformed"],
  ["[HO1] no hex", "github", { "x-hub-signature-256": `sha256=${"z".repeat(64)}` }, "malformed"],
  ["[HO1] half a signature", "github", { "x-hub-signature-256": `sha256=${HEX.slice(2)}` }, "malformed"],
  ["[HO1] no time", "stripe", { "stripe-signature": `v1=${HEX}` }, "malformed"],
  ["[HO1] two times", "stripe", stripe(`${NOW},t=${NOW}`), "malformed"],
  ["[HO1] no signature", "stripe", stripe(NOW, ""), "malformed"],
  ["[HO1] only an older scheme", "stripe", stripe(NOW, `,v0=${HEX}`), "malformed"],
  ["[HO1] a time that is none", "stripe", stripe("now"), "malformed"],
  ["[HO1] a time in hex", "stripe", stripe("0x10"), "malformed"],
  ["[HO2] just over five minutes old", "stripe", stripe(NOW - 301), "old"],
  ["[HO2] just over five minutes of the future", "stripe", stripe(NOW + 301), "old"],
  ["[HO1] no timestamp", "slack", { "x-slack-signature": `v0=${HEX}` }, "missing"],
  [
    "[HO2] an old one of Slack's",
    "slack",
    { "x-slack-signature": `v0=${HEX}`, "x-slack-request-timestamp": `${NOW - 400}` },
    "old",
  ],
  ["[HO1] no id", "standard", { "webhook-timestamp": `${NOW}`, "webhook-signature": `v1,${BASE64}` }, "missing"],
  [
    "[HO2] milliseconds for seconds",
    "standard",
    { "webhook-id": "a", "webhook-timestamp": `${NOW * 1000}`, "webhook-signature": `v1,${BASE64}` },
    "malformed",
  ],
])("%s is refused", (_case, signer, given, fault) => {
  expect(readSignature(signer, headers(given), NOW)).toBe(fault);
});

test("[HO2] five minutes either way hold", () => {
  for (const time of [NOW - 300, NOW + 300])
    expect(readSignature("stripe", headers(stripe(time)), NOW)).toBeTypeOf("object");
});

test.each<[string, Signer | null, Record<string, string>, unknown, object]>([
  ["[HO3] Stripe's is in the body", "stripe", { "webhook-id": "x" }, { id: "evt_1" }, { id: "evt_1", signed: true }],
  ["[HO3] Slack's too", "slack", {}, { event_id: "Ev1" }, { id: "Ev1", signed: true }],
  ["[HO3] or there is none", "slack", {}, "text", { id: null }],
  ["[HO3] Standard Webhooks sign theirs", "standard", { "webhook-id": "msg_1" }, {}, { id: "msg_1", signed: true }],
  ["[HO3] GitHub's is not signed", "github", { "x-github-delivery": "g" }, {}, { id: "g", signed: false }],
  ["[HO3] who signs nothing may name one", null, { "idempotency-key": "k" }, {}, { id: "k", signed: true }],
])("%s", (_case, signer, given, body, expected) => {
  expect(nameOf(signer, headers(given), body as never)).toMatchObject(expected);
});
