/**
 * Short-lived tokens: JWTs signed with EdDSA under a published key.
 *
 * AU3  One algorithm, our own keys by `kid`, our own issuer, and an audience for each purpose: no token is taken for another.
 *
 * A token of a key names the key, so that revoking the key ends the token too; a run's names the key of its agent.
 */
import { createLocalJWKSet, type JSONWebKeySet, type JWK, jwtVerify, SignJWT } from "jose";
import { RUN_AUDIENCE, type RunTokenClaims, signingKey, TOKEN_ISSUER } from "../../durable-objects/kit/run-token.ts";
import type { Env } from "../env.ts";

/** What a token is for, and for how many seconds it is good. */
const PURPOSES = {
  access: { audience: "millrace:api", seconds: 15 * 60 },
  session: { audience: "millrace:session", seconds: 12 * 3600 },
  ticket: { audience: "millrace:socket", seconds: 60 },
} as const;
export type Purpose = keyof typeof PURPOSES;

export const lifetimeOf = (purpose: Purpose): number => PURPOSES[purpose].seconds;

/** Clocks of two machines may differ by this many seconds, and no more. */
const CLOCK_TOLERANCE = 60;

export type VerifiedToken =
  | {
      purpose: Purpose;
      keyId: string;
      workspace: string | null;
      expires: number;
      /** Of a ticket: when the socket that it opens is over; null: when its key is. */
      until: number | null;
    }
  | (RunTokenClaims & { purpose: "run"; expires: number });

/** Signs a token that stands for a key. `workspace`: the only one it reaches. `until`: when what a ticket opens is over. */
export async function signToken(
  env: Env,
  purpose: Purpose,
  { keyId, workspace, until = null }: { keyId: string; workspace: string | null; until?: number | null },
): Promise<string> {
  const { kid, key } = await signingKey(env);
  const { audience, seconds } = PURPOSES[purpose];
  return new SignJWT({ ...(workspace && { ws: workspace }), ...(until !== null && { until }) })
    .setProtectedHeader({ alg: "EdDSA", kid, typ: "JWT" })
    .setIssuer(TOKEN_ISSUER)
    .setAudience(audience)
    .setSubject(keyId)
    .setIssuedAt()
    .setExpirationTime(`${seconds}s`)
    .sign(key);
}

/** What a token says, once its signature, issuer, audience and times hold; null otherwise. */
export async function verifyToken(
  env: Env,
  token: string,
  purposes: readonly (Purpose | "run")[],
): Promise<VerifiedToken | null> {
  try {
    const audiences = purposes.map((purpose) => (purpose === "run" ? RUN_AUDIENCE : PURPOSES[purpose].audience));
    const { payload } = await jwtVerify(token, createLocalJWKSet(publicKeys(env)), {
      algorithms: ["EdDSA"],
      issuer: TOKEN_ISSUER,
      audience: audiences,
      typ: "JWT",
      clockTolerance: CLOCK_TOLERANCE,
      requiredClaims: ["exp", "iat", "sub", "aud"],
    });
    const { sub, aud, exp, ws, acc, gen, key = null, until } = payload;
    if (typeof sub !== "string" || typeof aud !== "string" || typeof exp !== "number") return null;
    if (aud === RUN_AUDIENCE) {
      if (typeof ws !== "string" || typeof acc !== "string" || typeof gen !== "number") return null;
      if (key !== null && typeof key !== "string") return null;
      return { purpose: "run", account: acc, workspace: ws, run: sub, generation: gen, key, expires: exp };
    }
    const purpose = (Object.keys(PURPOSES) as Purpose[]).find((name) => PURPOSES[name].audience === aud);
    if (!purpose) return null;
    const named = { workspace: typeof ws === "string" ? ws : null, until: typeof until === "number" ? until : null };
    return { purpose, keyId: sub, expires: exp, ...named };
  } catch {
    return null;
  }
}

let published: { text: string; keys: JSONWebKeySet } | null = null;

/** The public halves of all keys that are in use. */
export function publicKeys(env: Env): JSONWebKeySet {
  if (published?.text !== env.SIGNING_KEYS) {
    const keys = (JSON.parse(env.SIGNING_KEYS) as JWK[]).map(({ kty, crv, x, kid }) => ({
      kty,
      crv,
      x,
      kid,
      alg: "EdDSA",
      use: "sig",
    }));
    published = { text: env.SIGNING_KEYS, keys: { keys } as JSONWebKeySet };
  }
  return published.keys;
}
