import { blockTypes, type WireBlockType } from "@millrace/contract/blocks.ts";
import { formatInstant, instant } from "@millrace/domain/time.ts";
import { uuidv7 } from "uuidv7";
import type { Tenant } from "../auth/credential.ts";
import type { Env } from "../env.ts";
import { announceLifecycle, type LifecycleAction } from "./lifecycle-events.ts";
import { notFound, Refusal } from "./refusal.ts";
import { type App, serve } from "./serve.ts";
import { select, shardOfTenant } from "./shard.ts";
import { blockSchemaCondition, blockTypeCondition, type Condition, combine } from "./sql-filter.ts";
import { ensureSystemBlocks, installSystemBlocks, isProtected } from "./system-blocks.ts";

interface BlockTypeRow {
  id: string;
  name: string;
  slug: string;
  logo_url: string | null;
  documentation_url: string | null;
  description: string | null;
  code_example: string | null;
  created: number;
  updated: number;
}

const COLUMNS =
  "t.id, t.name, t.slug, t.logo_url, t.documentation_url, t.description, t.code_example, t.created, t.updated";

/** Block types. */
export function serveBlockTypes(app: App): void {
  serve(app, blockTypes.create, async ({ env, tenant, body, afterwards }) => {
    if (body.name.toLowerCase().startsWith("prefect"))
      throw new Refusal({ code: "refused", message: "Block type names that begin with «Prefect» are reserved." });
    const now = Date.now() * 1000;
    const row: BlockTypeRow = { id: uuidv7(), ...body, created: now, updated: now };
    const { meta } = await shardOfTenant(env, tenant)
      .prepare(
        `INSERT INTO block_types (workspace_id, id, name, slug, logo_url, documentation_url, description, code_example, created, updated)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9) ON CONFLICT (workspace_id, slug) DO NOTHING`,
      )
      .bind(
        tenant.workspace,
        row.id,
        row.name,
        row.slug,
        row.logo_url,
        row.documentation_url,
        row.description,
        row.code_example,
        now,
      )
      .run();
    if (meta.changes === 0) throw new Refusal({ code: "already_exists", what: "block type", name: body.slug });
    const made = blockTypeToWire(row);
    afterwards(announce(env, tenant, "created", made));
    return made;
  });
  serve(app, blockTypes.readBySlug, async ({ env, tenant, params }) => typeOfSlug(env, tenant, params.slug));
  serve(app, blockTypes.read, async ({ env, tenant, params }) => typeOfId(env, tenant, params.id));
  serve(app, blockTypes.update, async ({ env, tenant, params, body, afterwards }) => {
    const known = await typeOfId(env, tenant, params.id);
    const { logo_url, documentation_url, description, code_example } = { ...known, ...body };
    const looks = { logo_url, documentation_url, description, code_example };
    // Every run that saves a block says how its type looks: what is so already is no change.
    if (Object.entries(looks).every(([name, value]) => known[name as keyof typeof looks] === value)) return;
    await shardOfTenant(env, tenant)
      .prepare(
        `UPDATE block_types SET logo_url = ?3, documentation_url = ?4, description = ?5, code_example = ?6, updated = ?7
         WHERE workspace_id = ?1 AND id = ?2`,
      )
      .bind(tenant.workspace, known.id, ...Object.values(looks), Date.now() * 1000)
      .run();
    afterwards(announce(env, tenant, "updated", { ...known, ...looks }));
  });
  serve(app, blockTypes.remove, async ({ env, tenant, params, afterwards }) => {
    const known = await typeOfId(env, tenant, params.id);
    if (known.is_protected) throw new Refusal({ code: "refused", message: "protected block types cannot be deleted." });
    const shard = shardOfTenant(env, tenant);
    await shard.batch(
      ["block_documents", "block_schemas"]
        .map((table) => `DELETE FROM ${table} WHERE workspace_id = ?1 AND block_type_id = ?2`)
        .concat("DELETE FROM block_types WHERE workspace_id = ?1 AND id = ?2")
        .map((sql) => shard.prepare(sql).bind(tenant.workspace, known.id)),
    );
    afterwards(announce(env, tenant, "deleted", known));
  });
  serve(app, blockTypes.installSystem, async ({ env, tenant }) => {
    await installSystemBlocks(env, tenant);
    return null;
  });
  serve(app, blockTypes.filter, async ({ env, tenant, body: { block_types, block_schemas, limit, offset } }) => {
    await ensureSystemBlocks(env, tenant);
    const where = combine("and_", [
      block_types && blockTypeCondition(block_types),
      block_schemas && withSchema(blockSchemaCondition(block_schemas)),
    ]);
    const order = "t.name ASC, t.id ASC";
    const cut = { columns: COLUMNS, table: "block_types", alias: "t", where, order, limit, offset };
    return (await select<BlockTypeRow>(env, tenant, cut)).map(blockTypeToWire);
  });
}

const withSchema = ({ sql, values }: Condition): Condition => ({
  sql: `EXISTS (SELECT 1 FROM block_schemas s WHERE s.workspace_id = t.workspace_id AND s.block_type_id = t.id AND ${sql})`,
  values,
});

const typeOfId = async (env: Env, tenant: Tenant, id: string): Promise<WireBlockType> =>
  (await blockTypesWith(env, tenant, "id", [id]))[0] ?? notFound("block type", id);

/** The block type of a slug; refused where there is none. */
export async function typeOfSlug(env: Env, tenant: Tenant, slug: string): Promise<WireBlockType> {
  await ensureSystemBlocks(env, tenant);
  return (await blockTypesWith(env, tenant, "slug", [slug]))[0] ?? notFound("block type", slug);
}

/** The block types that have one of these ids, or one of these slugs. */
export async function blockTypesWith(
  env: Env,
  tenant: Tenant,
  column: "id" | "slug",
  values: readonly string[],
): Promise<WireBlockType[]> {
  const { results } = await shardOfTenant(env, tenant)
    .prepare(
      `SELECT ${COLUMNS} FROM block_types t WHERE t.workspace_id = ?1 AND t.${column} IN (SELECT value FROM json_each(?2))`,
    )
    .bind(tenant.workspace, JSON.stringify(values))
    .all<BlockTypeRow>();
  return results.map(blockTypeToWire);
}

function announce(env: Env, tenant: Tenant, action: LifecycleAction, type: WireBlockType): Promise<void> {
  const { id, created: _, updated: __, ...payload } = type;
  return announceLifecycle(env, tenant, "block-type", action, { id, name: type.name, payload });
}

const blockTypeToWire = ({ created, updated, ...row }: BlockTypeRow): WireBlockType => ({
  ...row,
  created: formatInstant(instant(created)),
  updated: formatInstant(instant(updated)),
  is_protected: isProtected(row.slug),
});
