/** The block in which a workspace's results are stored unless a flow says otherwise. Every run asks for it, so it is remembered. */
import { Remembered } from "../../durable-objects/kit/remembered.ts";
import type { Tenant } from "../auth/credential.ts";
import type { Env } from "../env.ts";
import { notFound, Refusal } from "./refusal.ts";
import { shardOfTenant } from "./shard.ts";

const KEY = "default-result-storage";
/** What a block type must be able to do. */
const WRITES = "write-path";

const remembered = new Remembered<{ block: string | null }>();

/** The block that is set, if it is still there. */
export const storageOf = (
  env: Env,
  tenant: Tenant,
): { block: string | null } | Promise<{ block: string | null } | null> =>
  remembered.get(tenant.workspace, async () => {
    const row = await shardOfTenant(env, tenant)
      .prepare(
        `SELECT b.id FROM workspace_settings w JOIN block_documents b ON b.workspace_id = w.workspace_id AND b.id = w.value
         WHERE w.workspace_id = ?1 AND w.key = ?2`,
      )
      .bind(tenant.workspace, KEY)
      .first<{ id: string }>();
    return { block: row?.id ?? null };
  });

/** Sets the block; null: none is set. */
export async function setStorage(env: Env, tenant: Tenant, block: string | null): Promise<void> {
  const shard = shardOfTenant(env, tenant);
  await (block === null
    ? shard.prepare("DELETE FROM workspace_settings WHERE workspace_id = ?1 AND key = ?2").bind(tenant.workspace, KEY)
    : shard
        .prepare(
          `INSERT INTO workspace_settings (workspace_id, key, value, updated) VALUES (?1, ?2, ?3, ?4)
           ON CONFLICT (workspace_id, key) DO UPDATE SET value = excluded.value, updated = excluded.updated`,
        )
        .bind(tenant.workspace, KEY, block, Date.now() * 1000)
  ).run();
  remembered.forget(tenant.workspace);
}

/** Refuses a block that is not there, or to which nothing can be written. */
export async function refuseAsStorage(env: Env, tenant: Tenant, block: string): Promise<void> {
  const row = await shardOfTenant(env, tenant)
    .prepare(
      `SELECT EXISTS (SELECT 1 FROM json_each(s.capabilities) WHERE value = ?3) AS writes
       FROM block_documents b LEFT JOIN block_schemas s ON s.workspace_id = b.workspace_id AND s.id = b.block_schema_id
       WHERE b.workspace_id = ?1 AND b.id = ?2`,
    )
    .bind(tenant.workspace, block, WRITES)
    .first<{ writes: number }>();
  if (!row) notFound("block document", block);
  if (row.writes === 1) return;
  const message = `Block document ${block} cannot be used for result storage.`;
  throw new Refusal({ code: "invalid", field: "default_result_storage_block_id", message });
}
