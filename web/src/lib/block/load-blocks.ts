/** What the pages of blocks need. The API never sends a secret to them: it is not asked to. */
import type { WireBlockDocument, WireBlockSchema } from "@millrace/contract/blocks.ts";
import type { JsonObject } from "@millrace/domain/json.ts";
import { type Client, type Part, part } from "../api.ts";
import { cut, type ListQuery, named } from "../list/list-query.ts";
import { milliseconds } from "../time/tell.ts";

export const BLOCKS_LOADED = "millrace:blocks";

export interface BlockRow {
  id: string;
  name: string;
  type: string;
  slug: string;
  updated: number | null;
}

const blockRow = (block: WireBlockDocument): BlockRow => ({
  id: block.id,
  name: block.name ?? block.id,
  type: block.block_type?.name ?? block.block_type_name ?? "",
  slug: block.block_type?.slug ?? "",
  updated: milliseconds(block.updated),
});

export interface BlockList {
  query: ListQuery;
  rows: BlockRow[];
  count: Part<number>;
}

export async function loadBlocks(api: Client, query: ListQuery): Promise<BlockList> {
  const block_documents = { is_anonymous: { eq_: false }, ...(query.q && { name: named(query) }) };
  const [found, count] = await Promise.all([
    api("POST /block_documents/filter", {
      body: { block_documents, sort: "BLOCK_TYPE_AND_NAME_ASC", ...cut(query) },
    }),
    part(api("POST /block_documents/count", { body: { block_documents } })),
  ]);
  return { query, rows: found.map(blockRow), count };
}

export interface BlockDetail extends BlockRow {
  /** Secrets in it are stars. */
  data: JsonObject;
  schema: JsonObject | null;
  description: string | null;
  documentation: string | null;
  example: string | null;
  created: number | null;
}

export async function loadBlock(api: Client, id: string): Promise<BlockDetail> {
  const block = await api("GET /block_documents/{id}", { params: { id } });
  return {
    ...blockRow(block),
    data: block.data as JsonObject,
    schema: (block.block_schema?.fields as JsonObject | undefined) ?? null,
    description: block.block_type?.description ?? null,
    documentation: block.block_type?.documentation_url ?? null,
    example: block.block_type?.code_example ?? null,
    created: milliseconds(block.created),
  };
}

export interface BlockTypeRow {
  id: string;
  name: string;
  slug: string;
  description: string | null;
}

/** Types that a page offers. */
const MOST_TYPES = 200;

export async function loadBlockTypes(api: Client): Promise<BlockTypeRow[]> {
  const found = await api("POST /block_types/filter", { body: { limit: MOST_TYPES } });
  return found.map(({ id, name, slug, description }) => ({ id, name, slug, description }));
}

/** The newest schema of a type; null: it has none. */
export async function newestSchema(api: Client, type: string): Promise<WireBlockSchema | null> {
  const block_schemas = { block_type_id: { any_: [type] } };
  const [newest] = await api("POST /block_schemas/filter", { body: { block_schemas, limit: 1 } });
  return newest ?? null;
}
