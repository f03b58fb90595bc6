/**
 * The token of one run: the bearer of its process. It names workspace, run and generation of the claim, so that a process whose
 * claim was taken back can no longer report, and no other run can be touched with it.
 */
import { importJWK, type JWK, SignJWT } from "jose";

/** The issuer of all tokens of this service. */
export const TOKEN_ISSUER = "millrace";
/** What a run token is for; other kinds of token have other audiences, and none is taken for another. */
export const RUN_AUDIENCE = "millrace:run";
/** Seconds for which a run's token is good: longer than runs last, since the claim bounds it anyway. */
const LIFETIME_SECONDS = 7 * 86_400;

export interface RunTokenClaims {
  account: string;
  workspace: string;
  run: string;
  generation: number;
  /** The key that the agent came with: the token is good as long as it is. Null for a credential that stands for itself. */
  key: string | null;
}

/** The private keys, as a JSON list of JWKs with `kid`; the first one signs. */
export interface SigningKeys {
  SIGNING_KEYS: string;
}

const keys = new Map<string, Promise<{ kid: string; key: CryptoKey }>>();

/** The key that signs. Imported once. */
export function signingKey(env: SigningKeys): Promise<{ kid: string; key: CryptoKey }> {
  let key = keys.get(env.SIGNING_KEYS);
  if (!key) {
    key = importFirst(env.SIGNING_KEYS);
    keys.set(env.SIGNING_KEYS, key);
  }
  return key;
}

async function importFirst(text: string): Promise<{ kid: string; key: CryptoKey }> {
  const first = (JSON.parse(text) as JWK[])[0];
  if (!first?.kid) throw new Error("SIGNING_KEYS holds no key with a kid.");
  return { kid: first.kid, key: (await importJWK(first, "EdDSA")) as CryptoKey };
}

/** Signs a run's token. */
export async function signRunToken(
  env: SigningKeys,
  { account, workspace, run, generation, key: agentKey }: RunTokenClaims,
): Promise<string> {
  const { kid, key } = await signingKey(env);
  return new SignJWT({ acc: account, ws: workspace, gen: generation, ...(agentKey !== null && { key: agentKey }) })
    .setProtectedHeader({ alg: "EdDSA", kid, typ: "JWT" })
    .setIssuer(TOKEN_ISSUER)
    .setAudience(RUN_AUDIENCE)
    .setSubject(run)
    .setIssuedAt()
    .setExpirationTime(`${LIFETIME_SECONDS}s`)
    .sign(key);
}
