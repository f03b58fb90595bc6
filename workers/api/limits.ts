/**
 * Limits as the shard keeps them. A change is stored, then told to the limit's object; where that is not heard, the settings come
 * along with the next call for slots, and the newest count.
 */
import type { Instant } from "@millrace/domain/time.ts";
import { concurrencyLimitAt } from "../../durable-objects/addresses.ts";
import type { Limit } from "../../durable-objects/concurrency-limit/rpc.ts";
import { forgetLimit, LIMIT_COLUMNS, type LimitRow, limitOf } from "../../durable-objects/limits.ts";
import type { Tenant } from "../auth/credential.ts";
import type { Env } from "../env.ts";
import { Refusal } from "./refusal.ts";
import { count, select, shardOfTenant } from "./shard.ts";

export type NewLimit = Pick<Limit, "name" | "limit" | "active" | "decay">;
export type LimitChange = { readonly [Field in keyof NewLimit]: NewLimit[Field] | null };

/** The object of a limit. */
export const limitAt = (env: Env, tenant: Tenant, { id }: Pick<Limit, "id">) =>
  concurrencyLimitAt(env, tenant.workspace, id);

/** Makes a limit; refused where one of that name is there. */
export async function createLimit(env: Env, tenant: Tenant, wanted: NewLimit): Promise<Limit> {
  const now = (Date.now() * 1000) as Instant;
  // All bits of the second half are random: the object, and each lease, is named by them (durable-objects/kit/lease.ts).
  const limit: Limit = { id: crypto.randomUUID(), ...wanted, created: now, updated: now };
  const { meta } = await shardOfTenant(env, tenant)
    .prepare(
      `INSERT INTO concurrency_limits (workspace_id, id, name, "limit", active, decay, created, updated)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7) ON CONFLICT (workspace_id, name) DO NOTHING`,
    )
    .bind(tenant.workspace, limit.id, limit.name, limit.limit, limit.active ? 1 : 0, limit.decay, now)
    .run();
  forgetLimit(tenant, limit.name);
  if (meta.changes === 0) throw new Refusal({ code: "already_exists", what: "concurrency limit", name: limit.name });
  return limit;
}

/** A limit by id or by name; null where there is none. */
export async function findLimit(
  env: Env,
  tenant: Tenant,
  by: { id: string } | { name: string },
): Promise<Limit | null> {
  const [column, value] = "id" in by ? ["id", by.id] : ["name", by.name];
  const row = await shardOfTenant(env, tenant)
    .prepare(`SELECT ${LIMIT_COLUMNS} FROM concurrency_limits l WHERE l.workspace_id = ?1 AND l.${column} = ?2`)
    .bind(tenant.workspace, value)
    .first<LimitRow>();
  return row && limitOf(row);
}

/** Limits in order of name; with `tags`, those of tags alone. */
export async function listLimits(
  env: Env,
  tenant: Tenant,
  { limit, offset, tags }: { limit: number; offset: number; tags: boolean },
): Promise<Limit[]> {
  const rows = await select<LimitRow>(env, tenant, {
    columns: LIMIT_COLUMNS,
    table: "concurrency_limits",
    alias: "l",
    where: { sql: tags ? "l.name >= 'tag:' AND l.name < 'tag;'" : "1", values: [] },
    order: "l.name ASC",
    limit,
    offset,
  });
  return rows.map(limitOf);
}

export const countLimits = (env: Env, tenant: Tenant): Promise<number> =>
  count(env, tenant, { table: "concurrency_limits", alias: "l", where: { sql: "1", values: [] } });

/** Changes what is not null; null where the limit is gone. Each change is newer than the one before, whatever the clock says. */
export async function changeLimit(env: Env, tenant: Tenant, limit: Limit, to: LimitChange): Promise<Limit | null> {
  const row = await shardOfTenant(env, tenant)
    .prepare(
      `UPDATE concurrency_limits AS l SET name = coalesce(?3, name), "limit" = coalesce(?4, "limit"), active = coalesce(?5, active),
         decay = coalesce(?6, decay), updated = max(?7, updated + 1)
       WHERE workspace_id = ?1 AND id = ?2
         AND NOT EXISTS (SELECT 1 FROM concurrency_limits o WHERE o.workspace_id = ?1 AND o.name = ?3 AND o.id <> ?2)
       RETURNING ${LIMIT_COLUMNS.replaceAll("l.", "")}`,
    )
    .bind(
      tenant.workspace,
      limit.id,
      to.name,
      to.limit,
      to.active === null ? null : Number(to.active),
      to.decay,
      Date.now() * 1000,
    )
    .first<LimitRow>();
  for (const name of new Set([limit.name, to.name ?? limit.name])) forgetLimit(tenant, name);
  if (!row) {
    if (to.name !== null && (await findLimit(env, tenant, { id: limit.id })))
      throw new Refusal({ code: "already_exists", what: "concurrency limit", name: to.name });
    return null;
  }
  const changed = limitOf(row);
  await limitAt(env, tenant, changed).configure(tenant, changed);
  return changed;
}

/** Deletes a limit, and what its object knows. False where it was gone. */
export async function deleteLimit(env: Env, tenant: Tenant, limit: Limit): Promise<boolean> {
  const { meta } = await shardOfTenant(env, tenant)
    .prepare("DELETE FROM concurrency_limits WHERE workspace_id = ?1 AND id = ?2")
    .bind(tenant.workspace, limit.id)
    .run();
  forgetLimit(tenant, limit.name);
  await limitAt(env, tenant, limit).remove(tenant);
  return meta.changes > 0;
}
