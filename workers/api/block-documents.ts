/**
 * Block documents: what users fill in. All of a document's data lie sealed; what its schema calls secret is shown to nobody without
 * the scope for it, and never told in an event.
 */
import {
  type BlockDocumentSort,
  blockDocuments,
  blockTypes,
  type WireBlockDocument,
  type WireBlockSchema,
} from "@millrace/contract/blocks.ts";
import { hidden, restored, secretPaths } from "@millrace/domain/block/secrets.ts";
import { isObject, type Json, type JsonObject } from "@millrace/domain/json.ts";
import { formatInstant, instant } from "@millrace/domain/time.ts";
import { uuidv7 } from "uuidv7";
import { allows, type Credential, type Tenant } from "../auth/credential.ts";
import type { Env } from "../env.ts";
import { open, seal } from "../secrets/vault.ts";
import { schemasWithIds } from "./block-schemas.ts";
import { typeOfSlug } from "./block-types.ts";
import { announceLifecycle, type LifecycleAction } from "./lifecycle-events.ts";
import { notFound, Refusal } from "./refusal.ts";
import { type App, serve } from "./serve.ts";
import { count, select, shardOfTenant } from "./shard.ts";
import {
  blockDocumentCondition,
  blockSchemaCondition,
  blockTypeCondition,
  type Condition,
  combine,
} from "./sql-filter.ts";

interface BlockDocumentRow {
  id: string;
  block_type_id: string;
  block_schema_id: string;
  name: string;
  is_anonymous: number;
  data: string;
  links: string;
  created: number;
  updated: number;
}

const COLUMNS =
  "b.id, b.block_type_id, b.block_schema_id, b.name, b.is_anonymous, b.data, b.links, b.created, b.updated";
const ORDERS: { readonly [Sort in BlockDocumentSort]: string } = {
  NAME_DESC: "b.name DESC",
  NAME_ASC: "b.name ASC",
  BLOCK_TYPE_AND_NAME_ASC:
    "(SELECT t.name FROM block_types t WHERE t.workspace_id = b.workspace_id AND t.id = b.block_type_id) ASC, b.name ASC",
};
/** Documents that the list of one type shows. */
const MOST_DOCUMENTS = 1000;
/** How deep documents may stand in for fields of one another. */
const DEEPEST = 20;

/** Block documents. */
export function serveBlockDocuments(app: App): void {
  serve(app, blockDocuments.create, async ({ env, tenant, body, afterwards }) => {
    const id = uuidv7();
    const schema = await schemaFor(env, tenant, body.block_schema_id, body.block_type_id);
    const { plain, links } = split(body.data);
    await linksMustHold(env, tenant, id, links);
    const name = body.name ?? `anonymous-${id}`;
    const { meta } = await shardOfTenant(env, tenant)
      .prepare(
        `INSERT INTO block_documents (workspace_id, id, block_type_id, block_schema_id, name, is_anonymous, data, links, created, updated)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9) ON CONFLICT (workspace_id, block_type_id, name) DO NOTHING`,
      )
      .bind(
        tenant.workspace,
        id,
        body.block_type_id,
        schema.id,
        name,
        body.is_anonymous ? 1 : 0,
        await seal(env, tenant, `block_document/${id}`, JSON.stringify(plain)),
        JSON.stringify(links),
        Date.now() * 1000,
      )
      .run();
    if (meta.changes === 0) throw new Refusal({ code: "already_exists", what: "block document", name });
    const made = await documentOf(env, tenant, id, false);
    afterwards(announce(env, tenant, "created", made));
    return made;
  });
  serve(app, blockDocuments.read, ({ env, tenant, params, query, credential }) =>
    documentOf(env, tenant, params.id, mayRead(credential, tenant, query.include_secrets)),
  );
  serve(app, blockDocuments.update, async ({ env, tenant, params, body, afterwards }) => {
    const [row] = await rowsWithIds(env, tenant, [params.id]);
    if (!row) return notFound("block document", params.id);
    const schema = await schemaFor(env, tenant, body.block_schema_id ?? row.block_schema_id, row.block_type_id);
    const current = await dataOf(env, tenant, row);
    const sent = split(body.data ?? {});
    const plain = restored(sent.plain, current, secretPaths(schema.fields as JsonObject));
    const kept = body.merge_existing_data || body.data === undefined ? split(current).plain : {};
    const keptLinks = body.merge_existing_data || body.data === undefined ? linksOf(row) : {};
    const links = { ...without(keptLinks, plain), ...sent.links };
    await linksMustHold(env, tenant, row.id, links);
    const data = JSON.stringify({ ...without(kept, links), ...plain });
    await shardOfTenant(env, tenant)
      .prepare(
        "UPDATE block_documents SET block_schema_id = ?3, data = ?4, links = ?5, updated = ?6 WHERE workspace_id = ?1 AND id = ?2",
      )
      .bind(
        tenant.workspace,
        row.id,
        schema.id,
        await seal(env, tenant, `block_document/${row.id}`, data),
        JSON.stringify(links),
        Date.now() * 1000,
      )
      .run();
    const changed = await documentOf(env, tenant, row.id, false);
    return afterwards(announce(env, tenant, "updated", changed));
  });
  serve(app, blockDocuments.remove, async ({ env, tenant, params, afterwards }) => {
    const known = await documentOf(env, tenant, params.id, false);
    await shardOfTenant(env, tenant)
      .prepare("DELETE FROM block_documents WHERE workspace_id = ?1 AND id = ?2")
      .bind(tenant.workspace, params.id)
      .run();
    afterwards(announce(env, tenant, "deleted", known));
  });
  serve(app, blockTypes.documents, async ({ env, tenant, params, query, credential }) => {
    const secrets = mayRead(credential, tenant, query.include_secrets);
    const type = await typeOfSlug(env, tenant, params.slug);
    const where = { sql: "b.block_type_id = ? AND b.is_anonymous = 0", values: [type.id] };
    return listDocuments(env, tenant, { where, secrets, limit: MOST_DOCUMENTS });
  });
  serve(app, blockTypes.document, async ({ env, tenant, params, query, credential }) => {
    const secrets = mayRead(credential, tenant, query.include_secrets);
    const sql =
      "b.name = ? AND b.block_type_id = (SELECT t.id FROM block_types t WHERE t.workspace_id = b.workspace_id AND t.slug = ?)";
    const where = { sql, values: [params.block_document_name, params.slug] };
    const [document] = await listDocuments(env, tenant, { where, secrets, limit: 1 });
    return document ?? notFound("block document", `${params.slug}/${params.block_document_name}`);
  });
  serve(app, blockDocuments.filter, ({ env, tenant, body, credential }) => {
    const { include_secrets, sort, limit, offset } = body;
    const secrets = mayRead(credential, tenant, include_secrets);
    return listDocuments(env, tenant, { where: conditionOf(body), secrets, order: ORDERS[sort], limit, offset });
  });
  serve(app, blockDocuments.count, ({ env, tenant, body }) =>
    count(env, tenant, { table: "block_documents", alias: "b", where: conditionOf(body) }),
  );
}

/** Whether secrets are to be shown: refused where they are asked for without the scope. */
export function mayRead(credential: Credential, { workspace }: Tenant, asked: boolean): boolean {
  const reach = credential.reach.get(workspace);
  if (asked && !(reach && allows(credential, reach, "read_secrets")))
    throw new Refusal({ code: "forbidden", scope: "read_secrets" });
  return asked;
}

interface Wanted {
  where: Condition;
  secrets: boolean;
  order?: string;
  limit: number;
  offset?: number;
}

/** Documents with what stands in for their fields. */
export async function listDocuments(
  env: Env,
  tenant: Tenant,
  { where, secrets, order = ORDERS.NAME_ASC, limit, offset = 0 }: Wanted,
): Promise<WireBlockDocument[]> {
  const cut = { columns: COLUMNS, table: "block_documents", alias: "b", where, limit, offset };
  const rows = await select<BlockDocumentRow>(env, tenant, { ...cut, order: `${order}, b.id ASC` });
  return documentsOf(env, tenant, rows, secrets, DEEPEST);
}

/** Rows as documents, and below them those that they refer to. */
async function documentsOf(
  env: Env,
  tenant: Tenant,
  rows: readonly BlockDocumentRow[],
  secrets: boolean,
  depth: number,
): Promise<WireBlockDocument[]> {
  if (rows.length === 0 || depth === 0) return [];
  const schemas = await schemasWithIds(env, tenant, [...new Set(rows.map((row) => row.block_schema_id))]);
  const linked = [...new Set(rows.flatMap((row) => Object.values(linksOf(row))))];
  const below = await documentsOf(env, tenant, await rowsWithIds(env, tenant, linked), secrets, depth - 1);
  return Promise.all(
    rows.map(async (row) => {
      const schema = schemas.find(({ id }) => id === row.block_schema_id) ?? null;
      const open = await dataOf(env, tenant, row);
      const data = secrets || !schema ? open : hidden(open, secretPaths(schema.fields as JsonObject));
      const links = Object.entries(linksOf(row)).flatMap(([name, id]) => {
        const document = below.find((one) => one.id === id);
        return document ? [[name, document] as const] : [];
      });
      return toWire(row, data, schema, links);
    }),
  );
}

function toWire(
  row: BlockDocumentRow,
  data: JsonObject,
  schema: WireBlockSchema | null,
  links: readonly (readonly [string, WireBlockDocument])[],
): WireBlockDocument {
  return {
    id: row.id,
    created: formatInstant(instant(row.created)),
    updated: formatInstant(instant(row.updated)),
    name: row.name,
    data: { ...data, ...Object.fromEntries(links.map(([name, document]) => [name, document.data])) },
    block_schema_id: row.block_schema_id,
    block_schema: schema,
    block_type_id: row.block_type_id,
    block_type_name: schema?.block_type?.name ?? null,
    block_type: schema?.block_type ?? null,
    block_document_references: Object.fromEntries(
      links.map(([name, { id, name: called, block_type, is_anonymous, block_document_references }]) => [
        name,
        { block_document: { id, name: called, block_type, is_anonymous, block_document_references } },
      ]),
    ),
    is_anonymous: row.is_anonymous === 1,
  };
}

async function documentOf(env: Env, tenant: Tenant, id: string, secrets: boolean): Promise<WireBlockDocument> {
  const [document] = await documentsOf(env, tenant, await rowsWithIds(env, tenant, [id]), secrets, DEEPEST);
  return document ?? notFound("block document", id);
}

async function rowsWithIds(env: Env, tenant: Tenant, ids: readonly string[]): Promise<BlockDocumentRow[]> {
  if (ids.length === 0) return [];
  const { results } = await shardOfTenant(env, tenant)
    .prepare(
      `SELECT ${COLUMNS} FROM block_documents b WHERE b.workspace_id = ?1 AND b.id IN (SELECT value FROM json_each(?2))`,
    )
    .bind(tenant.workspace, JSON.stringify(ids))
    .all<BlockDocumentRow>();
  return results;
}

const dataOf = async (env: Env, tenant: Tenant, { id, data }: BlockDocumentRow): Promise<JsonObject> =>
  JSON.parse(await open(env, tenant, `block_document/${id}`, data)) as JsonObject;

/** Field → the document that stands in for it. */
type Links = { [field: string]: string };

const linksOf = ({ links }: BlockDocumentRow): Links => JSON.parse(links) as Links;

const without = <Value>(record: { [key: string]: Value }, keys: object): { [key: string]: Value } =>
  Object.fromEntries(Object.entries(record).filter(([key]) => !Object.hasOwn(keys, key)));

/** Data as they are to be kept: what refers to another document apart from what is the document's own. */
function split(data: JsonObject): { plain: JsonObject; links: Links } {
  const plain: [string, Json][] = [];
  const links: [string, string][] = [];
  for (const [field, value] of Object.entries(data)) {
    const reference = isObject(value) && Object.hasOwn(value, "$ref") ? value.$ref : undefined;
    if (reference === undefined) plain.push([field, value]);
    else if (isObject(reference) && typeof reference.block_document_id === "string")
      links.push([field, reference.block_document_id.toLowerCase()]);
    else
      throw new Refusal({
        code: "invalid",
        field: `data.${field}`,
        message: "A reference to a block names its block_document_id",
      });
  }
  return { plain: Object.fromEntries(plain), links: Object.fromEntries(links) };
}

/** What is referred to must be there, and must not lead back to the document itself. */
async function linksMustHold(env: Env, tenant: Tenant, document: string, links: Links): Promise<void> {
  let ids = [...new Set(Object.values(links))];
  const fieldOf = (id: string) => Object.entries(links).find(([, one]) => one === id)?.[0] ?? Object.keys(links)[0];
  const refuse = (id: string, message: string): never => {
    throw new Refusal({ code: "invalid", field: `data.${fieldOf(id)}`, message });
  };
  for (let depth = 0; ids.length > 0; depth++) {
    const loop = ids.find((id) => id === document);
    if (loop !== undefined || depth >= DEEPEST)
      refuse(document, "The block would be a part of itself, or too many blocks deep");
    const rows = await rowsWithIds(env, tenant, ids);
    const missing = ids.find((id) => !rows.some((row) => row.id === id));
    if (missing !== undefined && depth === 0) refuse(missing, `There is no block document ${missing}`);
    ids = [...new Set(rows.flatMap((row) => Object.values(linksOf(row))))];
  }
}

async function schemaFor(env: Env, tenant: Tenant, id: string, type: string): Promise<WireBlockSchema> {
  const [schema] = await schemasWithIds(env, tenant, [id]);
  if (!schema) return notFound("block schema", id);
  if (schema.block_type_id !== type)
    throw new Refusal({
      code: "invalid",
      field: "block_schema_id",
      message: "The schema is one of another block type",
    });
  return schema;
}

/** All conditions of a list's body. */
function conditionOf(body: {
  block_documents: Parameters<typeof blockDocumentCondition>[0];
  block_types: Parameters<typeof blockTypeCondition>[0] | null;
  block_schemas: Parameters<typeof blockSchemaCondition>[0] | null;
}): Condition {
  const exists = (table: string, key: string, { sql, values }: Condition): Condition => ({
    sql: `EXISTS (SELECT 1 FROM ${table} WHERE ${key} AND ${sql})`,
    values,
  });
  return combine("and_", [
    blockDocumentCondition(body.block_documents),
    body.block_types &&
      exists(
        "block_types t",
        "t.workspace_id = b.workspace_id AND t.id = b.block_type_id",
        blockTypeCondition(body.block_types),
      ),
    body.block_schemas &&
      exists(
        "block_schemas s",
        "s.workspace_id = b.workspace_id AND s.id = b.block_schema_id",
        blockSchemaCondition(body.block_schemas),
      ),
  ]);
}

/** Tells of a document, without what is or may hold a secret. */
async function announce(env: Env, tenant: Tenant, action: LifecycleAction, document: WireBlockDocument): Promise<void> {
  if (document.is_anonymous) return;
  const { block_schema: schema, block_type } = document;
  const secret = new Set(secretPaths((schema?.fields ?? {}) as JsonObject).map(([first]) => first));
  const open = Object.entries(document.data).filter(([key, value]) => !secret.has(key) && typeof value === "string");
  await announceLifecycle(env, tenant, "block-document", action, {
    id: document.id,
    name: document.name ?? "",
    payload: {
      name: document.name,
      data: Object.fromEntries(open) as JsonObject,
      block_schema: {
        capabilities: schema?.capabilities ?? [],
        block_type: block_type && { id: block_type.id, name: block_type.name },
      },
    },
    related: [
      {
        "prefect.resource.id": `prefect.block-type.${document.block_type_id}`,
        "prefect.resource.role": "block-type",
        "prefect.resource.name": block_type?.name ?? "",
      },
      {
        "prefect.resource.id": `prefect.block-schema.${document.block_schema_id}`,
        "prefect.resource.role": "block-schema",
      },
    ],
  });
}
