/**
 * API keys: `mrl_<id>_<secret><checksum>`.
 *
 * AU1  The checksum is keyed: a key that was not made here is told apart without asking any database.
 * AU2  Only a keyed hash of a key is kept; the key itself is shown once.
 *
 * As a user name and password, and as Prefect's auth string, the same key reads `<id>:<secret><checksum>`.
 */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

const PREFIX = "mrl";
/** Letters that are not mistaken for one another, lower case alone: 32 of them, 5 bits each. */
const ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789";
const ID_LENGTH = 16;
/** 160 bits. */
const SECRET_LENGTH = 32;
const CHECKSUM_LENGTH = 8;

export interface ApiKey {
  id: string;
  /** Secret and checksum, as they stand in the key. */
  secret: string;
}

/** A new key, and the text that is shown once. */
export function makeKey(pepper: string, id = letters(ID_LENGTH)): ApiKey & { text: string } {
  const bare = letters(SECRET_LENGTH);
  const secret = bare + checksum(pepper, id, bare);
  return { id, secret, text: `${PREFIX}_${id}_${secret}` };
}

/** Reads a key from its text, or from `<id>:<secret>`; null for what was not made under this pepper. */
export function readKey(text: string, pepper: string): ApiKey | null {
  const match = /^(?:mrl_([a-z2-9]{16})_|([a-z2-9]{16}):)([a-z2-9]{40})$/.exec(text);
  const id = match?.[1] ?? match?.[2];
  const secret = match?.[3];
  if (!id || !secret) return null;
  const bare = secret.slice(0, SECRET_LENGTH);
  return same(secret.slice(SECRET_LENGTH), checksum(pepper, id, bare)) ? { id, secret } : null;
}

/** The address of a webhook: where it lies, 160 bits that nobody guesses, and a check, so that one that was not made here costs nothing. */
export function makeSlug(pepper: string, shard: number): string {
  const bare = `${shard.toString(36)}${letters(SECRET_LENGTH)}`;
  return bare + checksum(pepper, "slug", bare);
}

/** The shard of a slug; null for what was not made under this pepper. */
export function shardOfSlug(pepper: string, slug: string): number | null {
  if (!/^[0-9a-z][a-z2-9]{40}$/.test(slug)) return null;
  const bare = slug.slice(0, -CHECKSUM_LENGTH);
  return same(slug.slice(-CHECKSUM_LENGTH), checksum(pepper, "slug", bare))
    ? Number.parseInt(bare[0] as string, 36)
    : null;
}

/** What the directory keeps of a key. */
export const hashKey = ({ id, secret }: ApiKey, pepper: string): string =>
  hmac(pepper, `key:${id}:${secret}`).toString("hex");

/** The id of the one key that a secret of the operator is good for: there is no second key of the same id. */
export const idFor = (secret: string, pepper: string): string =>
  [...hmac(pepper, `bootstrap:${secret}`).subarray(0, ID_LENGTH)].map(letter).join("");

/** Compares in a time that says nothing. */
export function same(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

const checksum = (pepper: string, id: string, bare: string): string =>
  [...hmac(pepper, `checksum:${id}:${bare}`).subarray(0, CHECKSUM_LENGTH)].map(letter).join("");

const hmac = (pepper: string, text: string): Buffer => createHmac("sha256", pepper).update(text).digest();
const letters = (count: number): string => [...randomBytes(count)].map(letter).join("");
/** 32 letters, so the low five bits choose without bias. */
const letter = (byte: number): string => ALPHABET[byte & 31] as string;
