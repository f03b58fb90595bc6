/**
 * What senders of webhooks sign, and how they write it down. Pure: whoever calls computes HMAC-SHA256 over `prefix` and the raw body
 * and compares it, in a time that says nothing, with each of `signatures`.
 *
 * HO1  One signature of several is enough; what is missing or is none is refused with a reason.
 * HO2  A signed time may be five minutes off, either way.
 * HO3  A delivery has the id that its sender signed.
 */
import { isObject, type Json } from "../json.ts";

export const SIGNED_BY = ["github", "stripe", "slack", "standard"] as const;
/** Whose way of signing. */
export type Signer = (typeof SIGNED_BY)[number];

/** Seconds that a signed time may be off. */
export const TOLERANCE = 300;
/** Signatures of one header that are looked at: a sender in the midst of a rotation sends two. */
const MOST_SIGNATURES = 10;

export interface Signed {
  /** What was signed before the body. */
  prefix: string;
  signatures: { form: "hex" | "base64"; text: string }[];
  /** Whether a time is signed, so that a signature ages. */
  timed: boolean;
}

/** Why a signature does not hold. `replayed` and `wrong` are found by who compares. */
export type SignatureFault = "missing" | "malformed" | "old" | "wrong" | "replayed";

/** Reads a header by its name, in any case. */
export type Headers = (name: string) => string | null;

/** What the headers say was signed. `now`: seconds since 1970. */
export function readSignature(signer: Signer, headers: Headers, now: number): Signed | SignatureFault {
  switch (signer) {
    case "github":
      return github(headers);
    case "stripe":
      return stripe(headers, now);
    case "slack":
      return slack(headers, now);
    case "standard":
      return standard(headers, now);
    default:
      return signer satisfies never;
  }
}

function github(headers: Headers): Signed | SignatureFault {
  const header = headers("x-hub-signature-256");
  if (!header) return "missing";
  return signed({ prefix: "", timed: false }, "hex", [after("sha256=", header)]);
}

function stripe(headers: Headers, now: number): Signed | SignatureFault {
  const header = headers("stripe-signature");
  if (!header) return "missing";
  const parts = header.split(",").map((part) => part.trim());
  const times = parts.flatMap((part) => after("t=", part) ?? []);
  const [time] = times;
  if (time === undefined || times.length > 1) return "malformed";
  const signatures = parts.flatMap((part) => after("v1=", part) ?? []);
  return timely(time, now) ?? signed({ prefix: `${time}.`, timed: true }, "hex", signatures);
}

function slack(headers: Headers, now: number): Signed | SignatureFault {
  const [header, time] = [headers("x-slack-signature"), headers("x-slack-request-timestamp")];
  if (!header || !time) return "missing";
  return timely(time, now) ?? signed({ prefix: `v0:${time}:`, timed: true }, "hex", [after("v0=", header)]);
}

function standard(headers: Headers, now: number): Signed | SignatureFault {
  const [id, time, header] = ["id", "timestamp", "signature"].map((name) => headers(`webhook-${name}`));
  if (!id || !time || !header) return "missing";
  const signatures = header.split(/\s+/).flatMap((part) => after("v1,", part) ?? []);
  return timely(time, now) ?? signed({ prefix: `${id}.${time}.`, timed: true }, "base64", signatures);
}

const after = (start: string, text: string): string | null =>
  text.startsWith(start) ? text.slice(start.length) : null;

function timely(time: string, now: number): SignatureFault | null {
  if (!/^\d{1,12}$/.test(time)) return "malformed";
  return Math.abs(now - Number(time)) > TOLERANCE ? "old" : null;
}

/** Forms of an HMAC-SHA256: 32 bytes. */
const FORMS = { hex: /^[0-9a-f]{64}$/i, base64: /^[A-Za-z0-9+/]{43}=$/ } as const;

function signed(
  { prefix, timed }: Pick<Signed, "prefix" | "timed">,
  form: "hex" | "base64",
  texts: readonly (string | null)[],
): Signed | SignatureFault {
  const good = texts.filter((text) => text !== null && FORMS[form].test(text)) as string[];
  if (good.length === 0) return "malformed";
  return { prefix, timed, signatures: good.slice(0, MOST_SIGNATURES).map((text) => ({ form, text })) };
}

/** What a delivery says of itself: the id that its sender calls it by, and whether that is signed. */
export interface DeliveryName {
  id: string | null;
  signed: boolean;
}

/** Longest id of a delivery that is kept. */
const LONGEST_ID = 200;

/** How a sender calls a delivery. `body`: what was sent, read. */
export function nameOf(signer: Signer | null, headers: Headers, body: Json): DeliveryName {
  const inBody = (field: string): string | null => {
    const value = isObject(body) && Object.hasOwn(body, field) ? body[field] : null;
    return typeof value === "string" ? value : null;
  };
  const [id, isSigned] = namesOf(signer, headers, inBody);
  return { id: id?.slice(0, LONGEST_ID) || null, signed: isSigned };
}

function namesOf(
  signer: Signer | null,
  headers: Headers,
  inBody: (field: string) => string | null,
): readonly [string | null, boolean] {
  switch (signer) {
    case "github":
      return [headers("x-github-delivery"), false];
    case "stripe":
      return [inBody("id"), true];
    case "slack":
      return [inBody("event_id"), true];
    case "standard":
      return [headers("webhook-id"), true];
    default:
      return [headers("idempotency-key") ?? headers("webhook-id"), true];
  }
}
