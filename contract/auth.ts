/** Exchanging credentials: a key for a short token, a key for a browser's session. */
import { z } from "zod";
import { endpoint } from "./endpoint.ts";
import { TimestampText } from "./wire.ts";

const SessionOut = z.object({
  /** Null: when its key is revoked. */
  expires: TimestampText.nullable(),
  actor: z.object({ id: z.uuid(), name: z.string(), type: z.string() }),
  account: z.object({ id: z.uuid(), name: z.string(), handle: z.string() }),
  workspace: z.object({ id: z.uuid(), name: z.string(), handle: z.string() }),
  /** Base of the API for this session's workspace, with account and workspace in its path. */
  api_url: z.string(),
  scopes: z.array(z.string()),
});
export type WireSession = z.output<typeof SessionOut>;

export const auth = {
  token: endpoint({
    method: "POST",
    path: "/auth/token",
    base: "root",
    scope: "public",
    body: z.strictObject({ api_key: z.string().max(1000).nullish() }),
    optionalBody: true,
    status: 200,
    result: z.object({ access_token: z.string(), token_type: z.literal("Bearer"), expires_in: z.int() }),
    summary: "Exchanges an API key for a token of 15 minutes.",
  }),
  keys: endpoint({
    method: "GET",
    path: "/.well-known/jwks.json",
    base: "root",
    scope: "public",
    status: 200,
    result: z.object({ keys: z.array(z.record(z.string(), z.unknown())) }),
    summary: "The public keys with which tokens are checked.",
  }),
  signIn: endpoint({
    method: "POST",
    path: "/auth/session",
    base: "root",
    scope: "public",
    body: z.strictObject({ api_key: z.string().max(1000) }),
    status: 200,
    result: SessionOut,
    summary: "Begins a browser's session with an API key.",
  }),
  session: endpoint({
    method: "GET",
    path: "/auth/session",
    base: "root",
    scope: "any credential",
    status: 200,
    result: SessionOut,
    summary: "Who is signed in, and where.",
  }),
  signOut: endpoint({
    method: "DELETE",
    path: "/auth/session",
    base: "root",
    scope: "public",
    status: 204,
    summary: "Ends a browser's session.",
  }),
  bootstrap: endpoint({
    method: "POST",
    path: "/auth/bootstrap",
    base: "root",
    scope: "public",
    body: z.strictObject({ secret: z.string().max(1000), name: z.string().min(1).max(200).default("owner") }),
    status: 201,
    result: z.object({
      account_id: z.uuid(),
      workspace_id: z.uuid(),
      user_id: z.uuid(),
      api_key: z.string(),
      api_url: z.string(),
    }),
    summary:
      "Makes the first account and owner for the secret that the server was given, and tells the owner's key once.",
  }),
  localSignInAvailable: endpoint({
    method: "GET",
    path: "/auth/local",
    base: "root",
    scope: "public",
    status: 200,
    result: z.object({ available: z.boolean() }),
    summary: "Whether this server lets the person at this machine in with one click.",
  }),
  localSignIn: endpoint({
    method: "POST",
    path: "/auth/local",
    base: "root",
    scope: "public",
    status: 200,
    result: SessionOut,
    summary: "Begins the owner's session on a server that listens on loopback only.",
  }),
};
