import { auth, type WireSession } from "@millrace/contract/auth.ts";
import { ALL_SCOPES } from "@millrace/contract/scopes.ts";
import { formatInstant, fromMilliseconds } from "@millrace/domain/time.ts";
import { authenticate, authenticateKey, isOwnOrigin, SESSION_COOKIE } from "../auth/authenticate.ts";
import { bootstrap } from "../auth/bootstrap.ts";
import type { Credential } from "../auth/credential.ts";
import { keyFacts } from "../auth/directory.ts";
import { lifetimeOf, publicKeys, signToken } from "../auth/tokens.ts";
import type { Env } from "../env.ts";
import { json, Refusal } from "./refusal.ts";
import { type App, rejected, serve } from "./serve.ts";

/**
 * Exchanging credentials.
 *
 * AU7  A sign-in is done by our own pages or by a program: another site can neither sign somebody in nor use the way in that a server
 *      keeps for the person at its machine.
 * AU8  Only a key is exchanged for a token: a token that leaked cannot be made to live longer than it was to.
 */
export function serveAuth(app: App): void {
  serve(app, auth.token, async ({ env, body, request }) => {
    const credential = body.api_key
      ? await authenticateKey(body.api_key, request, env)
      : await authenticate(request, env);
    if (typeof credential === "string") throw rejected(credential);
    const { kind, keyId } = credential;
    if (kind !== "key" || keyId === null) {
      throw new Refusal({
        code: "unauthenticated",
        message: "Only an API key is exchanged for a token: send the key itself.",
      });
    }
    const access_token = await signToken(env, "access", { keyId, workspace: null });
    return { access_token, token_type: "Bearer" as const, expires_in: lifetimeOf("access") };
  });
  serve(app, auth.keys, ({ env }) => publicKeys(env) as unknown as { keys: Record<string, unknown>[] });
  serve(app, auth.signIn, async ({ env, body, request }) => {
    // A form of another site could sign its visitor in as somebody else, and read what they then do.
    if (request.headers.has("origin") && !isOwnOrigin(request)) throw rejected("foreign origin");
    const credential = await authenticateKey(body.api_key.trim(), request, env);
    if (typeof credential === "string") throw rejected(credential);
    if (!credential.keyId) throw rejected("invalid");
    return beginSession(env, credential.keyId, request);
  });
  serve(app, auth.session, ({ credential, request }) => describe(credential, request, credential.expires));
  serve(
    app,
    auth.signOut,
    ({ request }) => new Response(null, { status: 204, headers: { "set-cookie": cookie("", 0, request) } }),
  );
  serve(app, auth.bootstrap, async ({ env, body, request }) => {
    const done = await bootstrap(env, body);
    if (done.kind !== "made") throw new Refusal({ code: "refused", message: NO_BOOTSTRAP[done.kind] });
    const { seed } = done;
    return { ...seed, api_url: apiUrl(request, { account: seed.account_id, workspace: seed.workspace_id }) };
  });
  serve(app, auth.localSignInAvailable, ({ env, request }) => ({ available: isLocal(env, request) }));
  serve(app, auth.localSignIn, async ({ env, request }) => {
    if (!isLocal(env, request) || !isOwnOrigin(request)) {
      throw new Refusal({
        code: "refused",
        message: "One-click sign-in is for the person at this machine. Sign in with an API key instead.",
      });
    }
    const owner = await env.DIRECTORY.prepare(
      `SELECT k.id FROM api_keys k JOIN actors a ON a.id = k.actor_id
       WHERE a.type = 'user' AND k.revoked IS NULL AND (k.expires IS NULL OR k.expires > ?1) ORDER BY k.created LIMIT 1`,
    )
      .bind(Date.now() * 1000)
      .first<{ id: string }>();
    if (!owner)
      throw new Refusal({
        code: "unauthenticated",
        message: "The owner has no valid key any more. Sign in with an API key.",
      });
    return beginSession(env, owner.id, request);
  });
}

/** Why nobody gets the first owner's key. All of it is for the operator: whoever guesses learns nothing that helps. */
const NO_BOOTSTRAP = {
  off: "This server makes no first owner over HTTP: it was given no BOOTSTRAP_SECRET.",
  "too short": "The server's BOOTSTRAP_SECRET is shorter than 32 characters. Set a generated one.",
  wrong: "This is not the server's BOOTSTRAP_SECRET.",
  used: "This BOOTSTRAP_SECRET was used already. To come in again, give the server another one.",
} as const;

const apiUrl = (request: Request, { account, workspace }: { account: string; workspace: string }): string =>
  `${new URL(request.url).origin}/api/accounts/${account}/workspaces/${workspace}`;

/** Headers that a proxy adds: behind one, whoever asks is not the person at this machine. */
const PROXY_HEADERS = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via", "cf-connecting-ip"];

/** True where the server lets the person at this machine in, and the request was made to this machine by name. */
function isLocal(env: Env, request: Request): boolean {
  const { hostname } = new URL(request.url);
  const loopback = hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);
  return env.LOCAL_SIGN_IN === "1" && loopback && !PROXY_HEADERS.some((name) => request.headers.has(name));
}

async function beginSession(env: Env, keyId: string, request: Request): Promise<Response> {
  const facts = await keyFacts(env, keyId);
  if (!facts) throw rejected("invalid");
  const token = await signToken(env, "session", { keyId, workspace: null });
  const seconds = lifetimeOf("session");
  const session = describe(
    { ...facts.credential, kind: "session", claim: null, expires: null },
    request,
    Date.now() / 1000 + seconds,
  );
  return json(session, 200, { "set-cookie": cookie(token, seconds, request) });
}

function cookie(value: string, seconds: number, request: Request): string {
  const secure = new URL(request.url).protocol === "https:" ? "; Secure" : "";
  return `${SESSION_COOKIE}=${value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${seconds}${secure}`;
}

function describe(credential: Credential, request: Request, expires: number | null): WireSession {
  const { actor, account, home } = credential;
  const reach = credential.reach.get(home);
  return {
    expires: expires === null ? null : formatInstant(fromMilliseconds(expires * 1000)),
    actor,
    account,
    workspace: { id: home, name: reach?.name ?? "", handle: reach?.handle ?? "" },
    api_url: apiUrl(request, { account: account.id, workspace: home }),
    scopes: reach?.scopes ? [...reach.scopes] : [...ALL_SCOPES],
  };
}
