/**
 * Looks credentials up in the directory, through a cache.
 *
 * AU4  What is cached is at most 20 seconds old: a revoked key is refused everywhere within 30.
 * AU16 So is the list of the networks from which an account is reached: it comes with the key.
 */
import { RUN_TOKEN_SCOPES } from "@millrace/contract/scopes.ts";
import { type Allowed, type AllowedNetwork, allowedBy } from "@millrace/domain/access/allow-list.ts";
import { Remembered } from "../../durable-objects/kit/remembered.ts";
import type { RunTokenClaims } from "../../durable-objects/kit/run-token.ts";
import type { Env } from "../env.ts";
import type { Credential, Reach } from "./credential.ts";

/** Milliseconds for which an answer is used. */
const FRESH = 20_000;
export interface KeyFacts {
  hash: string;
  expires: number | null;
  revoked: number | null;
  credential: Omit<Credential, "kind" | "claim" | "expires">;
}

const keys = new Remembered<KeyFacts>(FRESH);
const workspaces = new Remembered<WorkspaceRow>(FRESH);

/** Forgets what is known of a key, here; other isolates forget it by themselves. */
export const forgetKey = (id: string): void => keys.forget(id);

/** What the directory knows of a key; null where there is none. */
export const keyFacts = (env: Env, id: string): KeyFacts | Promise<KeyFacts | null> =>
  keys.get(id, () => readKeyFacts(env, id));

/** Forgets all that is known of an account's keys and workspaces, here. */
export function forgetAll(): void {
  keys.forgetAll();
  workspaces.forgetAll();
}

interface AllowRow {
  ip_allowlist: string;
  enforce_ip_allowlist: number;
}

interface KeyRow extends AllowRow {
  workspace_id: string;
  hash: string;
  expires: number | null;
  revoked: number | null;
  actor_id: string;
  actor_name: string;
  actor_type: "user" | "service_account";
  permissions: string;
  account_id: string;
  account_name: string;
  account_handle: string;
}

interface ReachRow {
  id: string;
  account_id: string;
  shard: number;
  scopes: string;
  name: string;
  handle: string;
  description: string;
}

interface WorkspaceRow extends ReachRow, AllowRow {
  account_name: string;
  account_handle: string;
}

async function readKeyFacts(env: Env, id: string): Promise<KeyFacts | null> {
  const [keys, reaches] = await env.DIRECTORY.batch<KeyRow | ReachRow>([
    env.DIRECTORY.prepare(
      `SELECT k.workspace_id, k.hash, k.expires, k.revoked, a.id AS actor_id, a.name AS actor_name, a.type AS actor_type,
              a.permissions, c.id AS account_id, c.name AS account_name, c.handle AS account_handle, c.ip_allowlist, c.enforce_ip_allowlist
       FROM api_keys k JOIN actors a ON a.id = k.actor_id JOIN accounts c ON c.id = a.account_id WHERE k.id = ?1`,
    ).bind(id),
    env.DIRECTORY.prepare(
      `SELECT w.id, w.account_id, w.shard, x.scopes, w.name, w.handle, w.description
       FROM workspace_access x JOIN workspaces w ON w.id = x.workspace_id
       WHERE x.actor_id = (SELECT actor_id FROM api_keys WHERE id = ?1)`,
    ).bind(id),
  ]);
  const key = keys?.results[0] as KeyRow | undefined;
  if (!key) return null;
  const reach = new Map(((reaches?.results ?? []) as ReachRow[]).map((row) => [row.id, reachOf(row)]));
  return {
    hash: key.hash,
    expires: key.expires,
    revoked: key.revoked,
    credential: {
      keyId: id,
      endsWith: id,
      actor: { id: key.actor_id, name: key.actor_name, type: key.actor_type },
      account: { id: key.account_id, name: key.account_name, handle: key.account_handle },
      allowed: allowedOf(key),
      home: key.workspace_id,
      reach,
      permissions: held(key.permissions),
    },
  };
}

const workspaceRow = (env: Env, id: string): WorkspaceRow | Promise<WorkspaceRow | null> =>
  workspaces.get(id, () =>
    env.DIRECTORY.prepare(
      `SELECT w.id, w.account_id, w.shard, '[]' AS scopes, w.name, w.handle, w.description,
              c.name AS account_name, c.handle AS account_handle, c.ip_allowlist, c.enforce_ip_allowlist
       FROM workspaces w JOIN accounts c ON c.id = w.account_id WHERE w.id = ?1`,
    )
      .bind(id)
      .first<WorkspaceRow>(),
  );

const allowedOf = ({ ip_allowlist, enforce_ip_allowlist }: AllowRow): Allowed =>
  enforce_ip_allowlist === 0 ? null : allowedBy(JSON.parse(ip_allowlist) as AllowedNetwork[], true);

/** From where an account is reached now, for a credential that was verified before. Null where it reaches nothing any more, too. */
export async function allowedNow(
  env: Env,
  { endsWith }: Pick<Credential, "endsWith">,
  workspace: string,
): Promise<Allowed> {
  if (endsWith !== null) return (await keyFacts(env, endsWith))?.credential.allowed ?? null;
  const row = await workspaceRow(env, workspace);
  return row ? allowedOf(row) : null;
}

/** The credential of a run's process: its own workspace, and the scopes that runs need. */
export async function runCredential(
  env: Env,
  { account, workspace, run, generation, key, expires }: RunTokenClaims & { expires: number },
): Promise<Credential | null> {
  const row = await workspaceRow(env, workspace);
  if (!row || row.account_id !== account) return null;
  const reach: Reach = { ...reachOf(row), scopes: new Set(RUN_TOKEN_SCOPES) };
  return {
    kind: "run",
    keyId: null,
    endsWith: key,
    actor: { id: run, name: `run ${run}`, type: "run" },
    account: { id: row.account_id, name: row.account_name, handle: row.account_handle },
    allowed: allowedOf(row),
    home: workspace,
    reach: new Map([[workspace, reach]]),
    permissions: new Set(),
    claim: { run, generation },
    expires,
  };
}

const reachOf = ({ id, account_id, shard, scopes, name, handle, description }: ReachRow): Reach => ({
  workspace: id,
  account: account_id,
  shard,
  scopes: held(scopes),
  name,
  handle,
  description,
});

/** A stored list of scopes; null for all of them. */
function held(text: string): ReadonlySet<string> | null {
  const names = JSON.parse(text) as string[];
  return names.includes("*") ? null : new Set(names);
}
