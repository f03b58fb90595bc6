/**
 * From a request or a socket's first frame to a verified credential.
 *
 * AU5  A credential is taken from the Authorization header, the session cookie, or a socket's auth frame; never from a URL.
 * AU16 Whoever comes from a network that is not on the account's list, where that is in force, is let in by no credential of it.
 * AU6  A request that a browser sends by itself (with the cookie) may change something only if it comes from our own pages.
 */
import { lets, networkOf } from "@millrace/domain/access/allow-list.ts";
import type { Env } from "../env.ts";
import { callerAddress } from "./caller-address.ts";
import type { Credential } from "./credential.ts";
import { allowedNow, type KeyFacts, keyFacts, runCredential } from "./directory.ts";
import { hashKey, readKey, same } from "./keys.ts";
import { noteSeen } from "./networks-seen.ts";
import { type Purpose, type VerifiedToken, verifyToken } from "./tokens.ts";

/** Why a credential was not taken. */
export type Rejection = "missing" | "invalid" | "foreign origin" | `foreign address ${string}`;

export const SESSION_COOKIE = "millrace_session";

/** Milliseconds for which a token that was verified is not verified again. */
const FRESH = 10_000;
const MOST = 10_000;
const verified = new Map<string, { at: number; token: VerifiedToken }>();

/** The credential of a request. */
export async function authenticate(request: Request, env: Env): Promise<Credential | Rejection> {
  const credential = await shown(request, env);
  return typeof credential === "string" ? credential : fromAllowed(credential, request, env);
}

/** The credential that a key is, sent by a request in another place than its header. */
export async function authenticateKey(text: string, request: Request, env: Env): Promise<Credential | Rejection> {
  const credential = await fromKey(text, env);
  return credential ? fromAllowed(credential, request, env) : "invalid";
}

/** The credential, where the account is reached from where the request comes. */
function fromAllowed(credential: Credential, request: Request, env: Env): Credential | Rejection {
  if (credential.allowed === null) return credential;
  const address = callerAddress(request, env);
  const network = networkOf(credential.allowed, address);
  if (!network) return `foreign address ${address ?? "that is not known"}`;
  noteSeen(env, credential.account.id, network);
  return credential;
}

async function shown(request: Request, env: Env): Promise<Credential | Rejection> {
  const header = request.headers.get("authorization");
  if (header !== null) return fromHeader(header, env);
  const cookie = readCookie(request, SESSION_COOKIE);
  if (cookie === null) return "missing";
  if (request.method !== "GET" && request.method !== "HEAD" && !isOwnOrigin(request)) return "foreign origin";
  return (await fromToken(cookie, env, ["session"])) ?? "invalid";
}

/** The credential in a socket's first frame: a key in either form, a token, or a ticket. */
export async function authenticateFrame(token: string, request: Request, env: Env): Promise<Credential | Rejection> {
  const credential = (await fromKey(token, env)) ?? (await fromToken(token, env, ["access", "ticket", "run"]));
  return credential ? fromAllowed(credential, request, env) : "invalid";
}

/** True of a request that comes from a page of this very host. */
export function isOwnOrigin(request: Request): boolean {
  const origin = request.headers.get("origin");
  if (!origin) return false;
  try {
    return new URL(origin).host === new URL(request.url).host;
  } catch {
    return false;
  }
}

async function fromHeader(header: string, env: Env): Promise<Credential | Rejection> {
  const space = header.indexOf(" ");
  const scheme = header.slice(0, space).toLowerCase();
  const value = header.slice(space + 1).trim();
  if (scheme === "bearer")
    return (await fromKey(value, env)) ?? (await fromToken(value, env, ["access", "run"])) ?? "invalid";
  if (scheme !== "basic") return "invalid";
  try {
    return (await fromKey(atob(value), env)) ?? "invalid";
  } catch {
    return "invalid";
  }
}

/** A key that was read: what the directory must have for it, and what came of the answer that it was last compared with. */
interface ReadKey {
  id: string;
  hash: string;
  proved: { by: KeyFacts; credential: Credential } | null;
}

/** Keys that were read lately, by their text. Reading one takes two HMACs. */
const readKeys = new Map<string, ReadKey>();

function readOnce(text: string, pepper: string): ReadKey | null {
  const known = readKeys.get(text);
  if (known) return known;
  const key = readKey(text, pepper);
  if (!key) return null;
  if (readKeys.size >= MOST) readKeys.clear();
  const read = { id: key.id, hash: hashKey(key, pepper), proved: null };
  readKeys.set(text, read);
  return read;
}

/** The credential that a key is; null where it is none, unknown, expired or revoked. */
async function fromKey(text: string, env: Env): Promise<Credential | null> {
  const key = readOnce(text, env.KEY_PEPPER);
  if (!key) return null;
  const facts = await keyFacts(env, key.id);
  if (!facts || !isLive(facts)) return null;
  // While the directory's answer is used, what it was compared with need not be compared again.
  if (key.proved?.by === facts) return key.proved.credential;
  if (!same(facts.hash, key.hash)) return null;
  const credential: Credential = {
    ...facts.credential,
    kind: "key",
    claim: null,
    expires: secondsOf(facts.expires),
  };
  key.proved = { by: facts, credential };
  return credential;
}

const secondsOf = (microseconds: number | null): number | null => (microseconds === null ? null : microseconds / 1e6);

/** Whether what was verified once still holds: it is not over, and its key is neither revoked nor expired, and reaches the workspace. */
export async function stillReaches(
  { endsWith, expires }: Pick<Credential, "endsWith" | "expires">,
  workspace: string,
  env: Env,
): Promise<boolean> {
  if (expires !== null && expires * 1000 <= Date.now()) return false;
  if (endsWith === null) return true;
  const facts = await keyFacts(env, endsWith);
  return facts !== null && isLive(facts) && facts.credential.reach.has(workspace);
}

/** Whether a credential that was verified once is still let in from an address. */
export const stillLets = async (
  credential: Pick<Credential, "endsWith">,
  workspace: string,
  address: string | null,
  env: Env,
): Promise<boolean> => lets(await allowedNow(env, credential, workspace), address);

async function fromToken(text: string, env: Env, purposes: readonly (Purpose | "run")[]): Promise<Credential | null> {
  const token = await verifiedOnce(text, env, purposes);
  if (!token) return null;
  if (token.purpose === "run") {
    const credential = await runCredential(env, token);
    return credential && (await stillReaches(credential, token.workspace, env)) ? credential : null;
  }
  const facts = await keyFacts(env, token.keyId);
  if (!facts || !isLive(facts)) return null;
  const { credential } = facts;
  const only = token.workspace === null ? null : credential.reach.get(token.workspace);
  if (only === undefined) return null;
  const reach = only === null ? credential.reach : new Map([[only.workspace, only]]);
  return {
    ...credential,
    kind: token.purpose,
    home: only?.workspace ?? credential.home,
    reach,
    claim: null,
    // A ticket is over in a minute, but what it opened lasts as long as the credential that asked for it.
    expires: earliest(token.purpose === "ticket" ? token.until : token.expires, secondsOf(facts.expires)),
  };
}

const earliest = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? (a ?? b) : Math.min(a, b);

async function verifiedOnce(
  text: string,
  env: Env,
  purposes: readonly (Purpose | "run")[],
): Promise<VerifiedToken | null> {
  const known = verified.get(text);
  if (
    known &&
    Date.now() - known.at < FRESH &&
    purposes.includes(known.token.purpose) &&
    known.token.expires * 1000 > Date.now()
  ) {
    return known.token;
  }
  const token = await verifyToken(env, text, purposes);
  if (!token) return null;
  verified.delete(text);
  verified.set(text, { at: Date.now(), token });
  for (const oldest of verified.keys()) {
    if (verified.size <= MOST) break;
    verified.delete(oldest);
  }
  return token;
}

const isLive = ({ expires, revoked }: { expires: number | null; revoked: number | null }): boolean =>
  revoked === null && (expires === null || expires > Date.now() * 1000);

/** The value of a cookie; null where the request has none of the name. */
export function readCookie(request: Request, name: string): string | null {
  for (const pair of (request.headers.get("cookie") ?? "").split(";")) {
    const [key, ...value] = pair.trim().split("=");
    if (key === name) return value.join("=");
  }
  return null;
}
