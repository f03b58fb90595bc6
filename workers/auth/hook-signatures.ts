/**
 * Whether a delivery comes from who says so.
 *
 * AU14 A signature holds over exactly the bytes that came, under one of the webhook's secrets; comparing takes a time that says nothing.
 */
import { createHash } from "node:crypto";
import type { VerificationType } from "@millrace/contract/webhooks.ts";
import { type Headers, readSignature, type SignatureFault, type Signed } from "@millrace/domain/hook/signature.ts";
import { same } from "./keys.ts";

/** How a webhook's deliveries are checked. */
export interface Verification {
  type: VerificationType;
  secrets: readonly string[];
}

/** A delivery that holds. `seal`: a hash of what was signed; null where nothing is. */
export interface Verified {
  seal: string | null;
  timed: boolean;
}

/** Checks a delivery. `now`: milliseconds. */
export async function verifyDelivery(
  { type, secrets }: Verification,
  headers: Headers,
  body: Uint8Array,
  now: number,
): Promise<Verified | SignatureFault> {
  if (type === "bearer") return bearer(secrets, headers);
  const signed = readSignature(type, headers, now / 1000);
  if (typeof signed === "string") return signed;
  const content = Buffer.concat([Buffer.from(signed.prefix), body]);
  for (const secret of secrets)
    if (await anyHolds(keyBytes(type, secret), signed, content))
      return { seal: createHash("sha256").update(content).digest("base64url"), timed: signed.timed };
  return "wrong";
}

async function anyHolds(secret: Uint8Array, { signatures }: Signed, content: Uint8Array): Promise<boolean> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", secret as Uint8Array<ArrayBuffer>, algorithm, false, ["verify"]);
  const verdicts = await Promise.all(
    signatures.map(({ form, text }) =>
      crypto.subtle.verify("HMAC", key, Buffer.from(text, form), content as Uint8Array<ArrayBuffer>),
    ),
  );
  return verdicts.includes(true);
}

/** The bytes of a secret: Standard Webhooks writes them in base64. Null where it is none. */
export function standardSecret(secret: string): Uint8Array | null {
  const text = secret.trim().replace(/^whsec_/, "");
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return null;
  const bytes = Buffer.from(text, "base64");
  return bytes.length > 0 ? bytes : null;
}

function keyBytes(type: VerificationType, secret: string): Uint8Array {
  const bytes = type === "standard" ? standardSecret(secret) : Buffer.from(secret);
  if (!bytes) throw new Error("A secret was kept that is none.");
  return bytes;
}

function bearer(secrets: readonly string[], headers: Headers): Verified | SignatureFault {
  const header = headers("authorization");
  if (!header) return "missing";
  const token = /^bearer +(\S.*)$/i.exec(header)?.[1]?.trim();
  if (!token) return "malformed";
  // Hashes are of one length: how long a secret is shows no more than what is in it.
  const hash = (text: string): string => createHash("sha256").update(text).digest("hex");
  const holds = secrets.map((secret) => same(hash(secret), hash(token)));
  return holds.includes(true) ? { seal: null, timed: false } : "wrong";
}
