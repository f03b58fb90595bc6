/** The workspace's shard, as handlers use it: every statement names the workspace of the verified credential. */
import { shardOf } from "../../durable-objects/env.ts";
import type { Tenant } from "../auth/credential.ts";
import type { Env } from "../env.ts";
import type { Condition } from "./sql-filter.ts";

/** The database of a tenant. */
export const shardOfTenant = (env: Env, tenant: Tenant): D1Database => shardOf(env, tenant.shard);

/** Rows of a table under its alias that are the tenant's and meet the condition. */
export async function select<Row>(
  env: Env,
  tenant: Tenant,
  {
    columns,
    table,
    alias,
    where,
    order,
    limit,
    offset,
  }: {
    columns: string;
    table: string;
    alias: string;
    where: Condition;
    order: string;
    limit: number;
    offset: number;
  },
): Promise<Row[]> {
  const sql = `SELECT ${columns} FROM ${table} ${alias} WHERE ${alias}.workspace_id = ? AND ${where.sql} ORDER BY ${order} LIMIT ? OFFSET ?`;
  const { results } = await shardOfTenant(env, tenant)
    .prepare(sql)
    .bind(tenant.workspace, ...where.values, limit, offset)
    .all<Row>();
  return results;
}

/** How many rows of a table are the tenant's and meet the condition. */
export async function count(
  env: Env,
  tenant: Tenant,
  { table, alias, where }: { table: string; alias: string; where: Condition },
): Promise<number> {
  const sql = `SELECT count(*) AS count FROM ${table} ${alias} WHERE ${alias}.workspace_id = ? AND ${where.sql}`;
  const row = await shardOfTenant(env, tenant)
    .prepare(sql)
    .bind(tenant.workspace, ...where.values)
    .first<{ count: number }>();
  return row?.count ?? 0;
}
