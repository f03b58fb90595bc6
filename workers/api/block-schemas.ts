import { createHash } from "node:crypto";
import { blockSchemas, type WireBlockSchema } from "@millrace/contract/blocks.ts";
import { checksumText } from "@millrace/domain/block/checksum.ts";
import { isObject, type JsonObject } from "@millrace/domain/json.ts";
import { formatInstant, instant } from "@millrace/domain/time.ts";
import { uuidv7 } from "uuidv7";
import type { Tenant } from "../auth/credential.ts";
import type { Env } from "../env.ts";
import { blockTypesWith } from "./block-types.ts";
import { notFound, Refusal } from "./refusal.ts";
import { type App, serve } from "./serve.ts";
import { select, shardOfTenant } from "./shard.ts";
import { blockSchemaCondition, type Condition, combine } from "./sql-filter.ts";
import { ensureSystemBlocks } from "./system-blocks.ts";

interface BlockSchemaRow {
  id: string;
  block_type_id: string;
  checksum: string;
  version: string;
  fields: string;
  capabilities: string;
  created: number;
  updated: number;
}

const COLUMNS = "s.id, s.block_type_id, s.checksum, s.version, s.fields, s.capabilities, s.created, s.updated";

/** Block schemas. */
export function serveBlockSchemas(app: App): void {
  serve(app, blockSchemas.create, async ({ env, tenant, body, text }) => {
    const { block_type_id, version, capabilities } = body;
    if ((await blockTypesWith(env, tenant, "id", [block_type_id])).length === 0) notFound("block type", block_type_id);
    const checksum = `sha256:${createHash("sha256")
      .update(checksumText(text, ["fields"]))
      .digest("hex")}`;
    const known = await ofChecksum(env, tenant, checksum, version);
    if (known) return { status: 200, result: known };
    const fields = { block_schema_references: {}, ...body.fields };
    await referencesMustBeThere(env, tenant, fields.block_schema_references);
    await shardOfTenant(env, tenant)
      .prepare(
        `INSERT INTO block_schemas (workspace_id, id, block_type_id, checksum, version, fields, capabilities, created, updated)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8) ON CONFLICT (workspace_id, checksum, version) DO NOTHING`,
      )
      .bind(
        tenant.workspace,
        uuidv7(),
        block_type_id,
        checksum,
        version,
        JSON.stringify(fields),
        JSON.stringify(capabilities),
        Date.now() * 1000,
      )
      .run();
    const made = await ofChecksum(env, tenant, checksum, version);
    return { status: 201, result: made ?? notFound("block schema", checksum) };
  });
  serve(app, blockSchemas.readByChecksum, async ({ env, tenant, params, query }) => {
    await ensureSystemBlocks(env, tenant);
    const schema = await ofChecksum(env, tenant, params.checksum, query.version ?? null);
    return schema ?? notFound("block schema", params.checksum);
  });
  serve(app, blockSchemas.read, async ({ env, tenant, params }) => {
    const [schema] = await schemasWithIds(env, tenant, [params.id]);
    return schema ?? notFound("block schema", params.id);
  });
  serve(app, blockSchemas.remove, async ({ env, tenant, params }) => {
    const shard = shardOfTenant(env, tenant);
    const [, deleted] = await shard.batch(
      [
        "DELETE FROM block_documents WHERE workspace_id = ?1 AND block_schema_id = ?2",
        "DELETE FROM block_schemas WHERE workspace_id = ?1 AND id = ?2",
      ].map((sql) => shard.prepare(sql).bind(tenant.workspace, params.id)),
    );
    if (deleted?.meta.changes === 0) notFound("block schema", params.id);
  });
  serve(app, blockSchemas.filter, async ({ env, tenant, body: { block_schemas, limit, offset } }) => {
    await ensureSystemBlocks(env, tenant);
    const where = combine("and_", [block_schemas && blockSchemaCondition(block_schemas)]);
    return listSchemas(env, tenant, where, limit, offset);
  });
  serve(app, blockSchemas.capabilities, async ({ env, tenant }) => {
    const { results } = await shardOfTenant(env, tenant)
      .prepare(
        "SELECT DISTINCT c.value AS capability FROM block_schemas s, json_each(s.capabilities) c WHERE s.workspace_id = ?1 ORDER BY 1",
      )
      .bind(tenant.workspace)
      .all<{ capability: string }>();
    return results.map(({ capability }) => capability);
  });
}

/** The block schemas that have these ids, each with its type. */
export const schemasWithIds = (env: Env, tenant: Tenant, ids: readonly string[]): Promise<WireBlockSchema[]> =>
  listSchemas(
    env,
    tenant,
    { sql: "s.id IN (SELECT value FROM json_each(?))", values: [JSON.stringify(ids)] },
    ids.length,
    0,
  );

async function ofChecksum(
  env: Env,
  tenant: Tenant,
  checksum: string,
  version: string | null,
): Promise<WireBlockSchema | null> {
  const where = { sql: "s.checksum = ? AND s.version = coalesce(?, s.version)", values: [checksum, version] };
  return (await listSchemas(env, tenant, where, 1, 0))[0] ?? null;
}

async function listSchemas(
  env: Env,
  tenant: Tenant,
  where: Condition,
  limit: number,
  offset: number,
): Promise<WireBlockSchema[]> {
  const order = "s.created DESC, s.id DESC";
  const cut = { columns: COLUMNS, table: "block_schemas", alias: "s", where, order, limit, offset };
  const rows = await select<BlockSchemaRow>(env, tenant, cut);
  if (rows.length === 0) return [];
  const types = await blockTypesWith(env, tenant, "id", [...new Set(rows.map((row) => row.block_type_id))]);
  return rows.map((row) => ({
    id: row.id,
    created: formatInstant(instant(row.created)),
    updated: formatInstant(instant(row.updated)),
    checksum: row.checksum,
    fields: JSON.parse(row.fields) as JsonObject,
    block_type_id: row.block_type_id,
    block_type: types.find(({ id }) => id === row.block_type_id) ?? null,
    capabilities: JSON.parse(row.capabilities) as string[],
    version: row.version,
  }));
}

/** The types of blocks that stand in a schema's fields must be there before it. */
async function referencesMustBeThere(env: Env, tenant: Tenant, references: unknown): Promise<void> {
  const all = isObject(references) ? Object.values(references).flat() : [];
  const slugs = all.flatMap((one) =>
    isObject(one) && typeof one.block_type_slug === "string" ? one.block_type_slug : [],
  );
  if (slugs.length === 0) return;
  const known = new Set((await blockTypesWith(env, tenant, "slug", slugs)).map(({ slug }) => slug));
  const missing = slugs.find((slug) => !known.has(slug));
  if (missing !== undefined)
    throw new Refusal({
      code: "conflict",
      what: "block schema",
      is: `made of a block of the type ${missing}, which is not there`,
      must: "Register that block type first.",
    });
}
