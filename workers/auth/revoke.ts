/**
 * The end of a key.
 *
 * AU4  A revoked key is refused everywhere within 30 seconds. Requests and sockets of this Worker look it up (directory.ts); agents
 *      hang on the objects of their pools, which sleep and look nothing up: they are told, and whoever revokes waits for that.
 */
import { workPoolAt } from "../../durable-objects/addresses.ts";
import { shardOf } from "../../durable-objects/env.ts";
import type { Env } from "../env.ts";
import { forgetKey } from "./directory.ts";

interface NamedKey {
  account: string;
  /** The service account whose key it is. */
  actor: string;
  key: string;
}

/**
 * Revokes a key, for good. False where there is no such key. Rejects where a pool could not be told: the key is refused from now on all
 * the same, and revoking it again tells the pools again.
 */
export async function revokeKey(env: Env, { account, actor, key }: NamedKey): Promise<boolean> {
  const revoked = await env.DIRECTORY.prepare(
    `UPDATE api_keys SET revoked = coalesce(revoked, ?1) WHERE id = ?2
     AND actor_id = (SELECT id FROM actors WHERE id = ?3 AND account_id = ?4 AND type = 'service_account')`,
  )
    .bind(Date.now() * 1000, key, actor, account)
    .run();
  if (revoked.meta.changes === 0) return false;
  forgetKey(key);
  const { results } = await env.DIRECTORY.prepare(
    "SELECT w.id AS workspace, w.shard FROM workspace_access x JOIN workspaces w ON w.id = x.workspace_id WHERE x.actor_id = ?1",
  )
    .bind(actor)
    .all<{ workspace: string; shard: number }>();
  await Promise.all(results.map((owner) => tellPools(env, owner, key)));
  return true;
}

async function tellPools(env: Env, owner: { workspace: string; shard: number }, key: string): Promise<void> {
  const { results } = await shardOf(env, owner.shard)
    .prepare("SELECT id FROM work_pools WHERE workspace_id = ?1")
    .bind(owner.workspace)
    .all<{ id: string }>();
  await Promise.all(results.map(({ id }) => workPoolAt(env, owner.workspace, id).revoke(owner, key)));
}
