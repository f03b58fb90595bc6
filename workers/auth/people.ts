/** Writes to the directory: accounts, workspaces, actors and their keys. */
import { uuidv7 } from "uuidv7";
import { SHARD_COUNT } from "../../durable-objects/env.ts";
import { installSystemBlocks } from "../api/system-blocks.ts";
import type { Env } from "../env.ts";
import { hashKey, makeKey } from "./keys.ts";

const now = (): number => Date.now() * 1000;

export interface NewWorkspace {
  id: string;
  account: string;
  name: string;
  handle: string;
  description: string;
  shard: number;
  created: number;
}

/** A workspace, not written yet. Its shard is settled here, once and for all. */
export function planWorkspace({
  account,
  name,
  handle,
  description,
}: {
  account: string;
  name: string;
  handle: string;
  description: string;
}): NewWorkspace {
  const id = uuidv7();
  const shard = Number.parseInt(id.slice(-6), 16) % SHARD_COUNT;
  return { id, account, name, handle, description, shard, created: now() };
}

export const insertWorkspace = (env: Env, workspace: NewWorkspace): D1PreparedStatement =>
  env.DIRECTORY.prepare(
    "INSERT INTO workspaces (id, account_id, name, handle, description, shard, created, updated) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)",
  ).bind(
    workspace.id,
    workspace.account,
    workspace.name,
    workspace.handle,
    workspace.description,
    workspace.shard,
    workspace.created,
  );

export interface NewActor {
  account: string;
  type: "user" | "service_account";
  name: string;
  /** `["*"]`: all. */
  permissions: readonly string[];
  workspace: string;
  scopes: readonly string[];
  expires: number | null;
  /** The id of its key, where that is settled already. */
  keyId?: string | undefined;
}

/** Statements that make an actor with access to one workspace and a key of its own, and that key, which is shown once. */
export function insertActor(
  env: Env,
  actor: NewActor,
): { statements: D1PreparedStatement[]; actorId: string; keyId: string; key: string; created: number } {
  const actorId = uuidv7();
  const { workspace, name, expires, keyId } = actor;
  const key = insertKey(env, { actor: actorId, workspace, name, expires, keyId });
  const { created } = key;
  return {
    actorId,
    keyId: key.id,
    key: key.text,
    created,
    statements: [
      env.DIRECTORY.prepare(
        "INSERT INTO actors (id, account_id, type, name, permissions, created, updated) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)",
      ).bind(actorId, actor.account, actor.type, actor.name, JSON.stringify(actor.permissions), created),
      grantAccess(env, actorId, workspace, actor.scopes),
      key.statement,
    ],
  };
}

/** A new key of an actor, whose text is shown once, and the statement that keeps its hash. */
function insertKey(
  env: Env,
  {
    actor,
    workspace,
    name,
    expires,
    keyId,
  }: Pick<NewActor, "workspace" | "name" | "expires" | "keyId"> & { actor: string },
): { id: string; text: string; created: number; statement: D1PreparedStatement } {
  const created = now();
  const key = makeKey(env.KEY_PEPPER, keyId);
  const statement = env.DIRECTORY.prepare(
    "INSERT INTO api_keys (id, actor_id, workspace_id, name, hash, created, expires) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
  ).bind(key.id, actor, workspace, name, hashKey(key, env.KEY_PEPPER), created, expires);
  return { id: key.id, text: key.text, created, statement };
}

export const grantAccess = (
  env: Env,
  actor: string,
  workspace: string,
  scopes: readonly string[],
): D1PreparedStatement =>
  env.DIRECTORY.prepare("INSERT INTO workspace_access (actor_id, workspace_id, scopes) VALUES (?1, ?2, ?3)").bind(
    actor,
    workspace,
    JSON.stringify(scopes),
  );

export interface Seed {
  account_id: string;
  workspace_id: string;
  user_id: string;
  api_key: string;
}

interface First {
  name: string;
  handle: string;
  keyId?: string | undefined;
}

/**
 * The first account, workspace and owner of a server, with a key of the owner's.
 *
 * AU11 Asked again, it answers with the same owner and a new key: a host that was ended before it had written the first key down, or
 *      lost it, comes in again. Whoever can ask holds the databases, so nothing is given away.
 */
export async function seed(env: Env, first: First): Promise<Seed> {
  return (await seedAgain(env, first)) ?? (await seedFirst(env, first));
}

async function seedFirst(env: Env, { name, handle, keyId }: First): Promise<Seed> {
  const account = uuidv7();
  const workspace = planWorkspace({ account, name: "Default", handle: "default", description: "" });
  const owner = insertActor(env, {
    account,
    type: "user",
    name,
    permissions: ["*"],
    workspace: workspace.id,
    scopes: ["*"],
    expires: null,
    keyId,
  });
  await env.DIRECTORY.batch([
    env.DIRECTORY.prepare("INSERT INTO accounts (id, name, handle, created) VALUES (?1, ?2, ?3, ?4)").bind(
      account,
      name,
      handle,
      now(),
    ),
    insertWorkspace(env, workspace),
    ...owner.statements,
  ]);
  await installSystemBlocks(env, { workspace: workspace.id, shard: workspace.shard });
  return { account_id: account, workspace_id: workspace.id, user_id: owner.actorId, api_key: owner.key };
}

/** The owner of the first account, who gets a new key; null where there is no account yet. */
async function seedAgain(env: Env, { keyId }: First): Promise<Seed | null> {
  const owner = await env.DIRECTORY.prepare(
    `SELECT a.id AS user_id, a.account_id, a.name, w.id AS workspace_id
     FROM actors a JOIN workspace_access x ON x.actor_id = a.id JOIN workspaces w ON w.id = x.workspace_id
     WHERE a.type = 'user' AND a.account_id = (SELECT id FROM accounts ORDER BY created LIMIT 1) ORDER BY a.created, w.created LIMIT 1`,
  ).first<Omit<Seed, "api_key"> & { name: string }>();
  if (!owner) return null;
  const { name, ...ids } = owner;
  const key = insertKey(env, { actor: ids.user_id, workspace: ids.workspace_id, name, expires: null, keyId });
  await key.statement.run();
  return { ...ids, api_key: key.text };
}
