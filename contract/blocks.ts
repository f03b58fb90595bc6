/** Blocks: typed settings of users' programs, secrets among them. A type has schemas, and documents are made after a schema. */
import { z } from "zod";
import { endpoint } from "./endpoint.ts";
import { BlockDocumentFilter, BlockSchemaFilter, BlockTypeFilter } from "./filters.ts";
import { ById, Fields, Limit, maybe, Name, Offset, otherwise, PathName, TimestampText, Uuid } from "./wire.ts";

const text = maybe(z.string().max(100_000));
const Slug = Name.min(1).regex(
  /^[a-z0-9-]+$/,
  "Block type slug must only contain lowercase letters, numbers, and dashes.",
);
const DocumentName = PathName.regex(
  /^[a-z0-9-]+$/,
  "Block document name must only contain lowercase letters, numbers, and dashes.",
);
/** A yes or no in a query, in the spellings that FastAPI takes. */
const Flag = z
  .stringbool({ truthy: ["true", "1", "yes", "on", "t", "y"], falsy: ["false", "0", "no", "off", "f", "n"] })
  .default(false)
  .meta({ type: "boolean" });

const record = z.record(z.string(), z.unknown());

export const BlockTypeOut = z.object({
  id: z.uuid(),
  created: TimestampText,
  updated: TimestampText,
  name: z.string(),
  slug: z.string(),
  logo_url: z.string().nullable(),
  documentation_url: z.string().nullable(),
  description: z.string().nullable(),
  code_example: z.string().nullable(),
  is_protected: z.boolean(),
});
export type WireBlockType = z.output<typeof BlockTypeOut>;

export const BlockSchemaOut = z.object({
  id: z.uuid(),
  created: TimestampText,
  updated: TimestampText,
  checksum: z.string(),
  fields: record,
  block_type_id: z.uuid(),
  block_type: BlockTypeOut.nullable(),
  capabilities: z.array(z.string()),
  version: z.string(),
});
export type WireBlockSchema = z.output<typeof BlockSchemaOut>;

export const BlockDocumentOut = z.object({
  id: z.uuid(),
  created: TimestampText,
  updated: TimestampText,
  name: z.string().nullable(),
  data: record,
  block_schema_id: z.uuid(),
  block_schema: BlockSchemaOut.nullable(),
  block_type_id: z.uuid(),
  block_type_name: z.string().nullable(),
  block_type: BlockTypeOut.nullable(),
  block_document_references: z.record(z.string(), record),
  is_anonymous: z.boolean(),
});
export type WireBlockDocument = z.output<typeof BlockDocumentOut>;

export const BLOCK_DOCUMENT_SORTS = ["NAME_DESC", "NAME_ASC", "BLOCK_TYPE_AND_NAME_ASC"] as const;
export type BlockDocumentSort = (typeof BLOCK_DOCUMENT_SORTS)[number];

const looks = { logo_url: text, documentation_url: text, description: text, code_example: text };
const BySlug = z.object({ slug: Name });
const WithSecrets = z.object({ include_secrets: Flag });

export const blockTypes = {
  create: endpoint({
    method: "POST",
    path: "/block_types/",
    scope: "manage_blocks",
    body: z.strictObject({ name: PathName, slug: Slug, ...looks }),
    status: 201,
    result: BlockTypeOut,
    summary: "Creates a block type.",
  }),
  readBySlug: endpoint({
    method: "GET",
    path: "/block_types/slug/{slug}",
    scope: "see_blocks",
    params: BySlug,
    status: 200,
    result: BlockTypeOut,
    summary: "Reads a block type by its slug.",
  }),
  read: endpoint({
    method: "GET",
    path: "/block_types/{id}",
    scope: "see_blocks",
    params: ById,
    status: 200,
    result: BlockTypeOut,
    summary: "Reads a block type.",
  }),
  update: endpoint({
    method: "PATCH",
    path: "/block_types/{id}",
    scope: "manage_blocks",
    params: ById,
    body: z.strictObject({
      logo_url: text.optional(),
      documentation_url: text.optional(),
      description: text.optional(),
      code_example: text.optional(),
    }),
    status: 204,
    summary: "Changes what a block type looks like.",
  }),
  remove: endpoint({
    method: "DELETE",
    path: "/block_types/{id}",
    scope: "manage_blocks",
    params: ById,
    status: 204,
    summary: "Deletes a block type with its schemas and documents.",
  }),
  filter: endpoint({
    method: "POST",
    path: "/block_types/filter",
    scope: "see_blocks",
    body: z.object({
      block_types: maybe(BlockTypeFilter),
      block_schemas: maybe(BlockSchemaFilter),
      limit: Limit,
      offset: Offset,
    }),
    optionalBody: true,
    status: 200,
    result: z.array(BlockTypeOut),
    summary: "Lists block types in order of name.",
  }),
  installSystem: endpoint({
    method: "POST",
    path: "/block_types/install_system_block_types",
    scope: "manage_blocks",
    status: 200,
    result: z.null(),
    summary: "Gives the workspace those block types of Prefect's own package that it lacks.",
  }),
  documents: endpoint({
    method: "GET",
    path: "/block_types/slug/{slug}/block_documents",
    scope: "see_blocks",
    params: BySlug,
    query: WithSecrets,
    status: 200,
    result: z.array(BlockDocumentOut),
    summary: "Lists the named documents of a block type.",
  }),
  document: endpoint({
    method: "GET",
    path: "/block_types/slug/{slug}/block_documents/name/{block_document_name}",
    scope: "see_blocks",
    params: z.object({ slug: Name, block_document_name: Name }),
    query: WithSecrets,
    status: 200,
    result: BlockDocumentOut,
    summary: "Reads a block document by its type and name.",
  }),
};

export const blockSchemas = {
  create: endpoint({
    method: "POST",
    path: "/block_schemas/",
    scope: "manage_blocks",
    body: z.strictObject({
      fields: Fields.default({}),
      block_type_id: Uuid,
      capabilities: z.array(Name).max(1000).default([]),
      version: Name.default("non-versioned"),
    }),
    status: [201, 200],
    result: BlockSchemaOut,
    summary: "Creates a block schema, or answers the one of the same checksum and version (200).",
  }),
  readByChecksum: endpoint({
    method: "GET",
    path: "/block_schemas/checksum/{checksum}",
    scope: "see_blocks",
    params: z.object({ checksum: Name }),
    query: z.object({ version: Name.optional() }),
    status: 200,
    result: BlockSchemaOut,
    summary: "Reads the newest block schema of a checksum, or the one of a version.",
  }),
  read: endpoint({
    method: "GET",
    path: "/block_schemas/{id}",
    scope: "see_blocks",
    params: ById,
    status: 200,
    result: BlockSchemaOut,
    summary: "Reads a block schema.",
  }),
  remove: endpoint({
    method: "DELETE",
    path: "/block_schemas/{id}",
    scope: "manage_blocks",
    params: ById,
    status: 204,
    summary: "Deletes a block schema with its documents.",
  }),
  filter: endpoint({
    method: "POST",
    path: "/block_schemas/filter",
    scope: "see_blocks",
    body: z.object({ block_schemas: maybe(BlockSchemaFilter), limit: Limit, offset: Offset }),
    optionalBody: true,
    status: 200,
    result: z.array(BlockSchemaOut),
    summary: "Lists block schemas, newest first.",
  }),
  capabilities: endpoint({
    method: "GET",
    path: "/block_capabilities/",
    scope: "see_blocks",
    status: 200,
    result: z.array(z.string()),
    summary: "What blocks of this workspace can do.",
  }),
};

const Filters = z.object({
  block_documents: maybe(BlockDocumentFilter),
  block_types: maybe(BlockTypeFilter),
  block_schemas: maybe(BlockSchemaFilter),
});

export const blockDocuments = {
  create: endpoint({
    method: "POST",
    path: "/block_documents/",
    scope: "manage_blocks",
    body: z
      .strictObject({
        name: maybe(DocumentName),
        data: Fields.default({}),
        block_schema_id: Uuid,
        block_type_id: Uuid,
        is_anonymous: z.boolean().default(false),
      })
      .refine((body) => body.is_anonymous || body.name !== null, {
        path: ["name"],
        message: "Names must be provided for block documents.",
      }),
    status: 201,
    result: BlockDocumentOut,
    summary: "Creates a block document; its secrets are never shown in the answer.",
  }),
  read: endpoint({
    method: "GET",
    path: "/block_documents/{id}",
    scope: "see_blocks",
    params: ById,
    query: WithSecrets,
    status: 200,
    result: BlockDocumentOut,
    summary: "Reads a block document; with `include_secrets`, which needs the scope read_secrets, also its secrets.",
  }),
  update: endpoint({
    method: "PATCH",
    path: "/block_documents/{id}",
    scope: "manage_blocks",
    params: ById,
    body: z.strictObject({
      block_schema_id: maybe(Uuid),
      data: Fields.optional(),
      merge_existing_data: z.boolean().default(true),
    }),
    status: 204,
    summary: "Changes a block document. A secret that is sent as it was shown stays what it is.",
  }),
  remove: endpoint({
    method: "DELETE",
    path: "/block_documents/{id}",
    scope: "manage_blocks",
    params: ById,
    status: 204,
    summary: "Deletes a block document.",
  }),
  filter: endpoint({
    method: "POST",
    path: "/block_documents/filter",
    scope: "see_blocks",
    body: Filters.extend({
      include_secrets: z.boolean().default(false),
      sort: otherwise(z.enum(BLOCK_DOCUMENT_SORTS), "NAME_ASC"),
      limit: Limit,
      offset: Offset,
    }),
    optionalBody: true,
    status: 200,
    result: z.array(BlockDocumentOut),
    summary: "Lists block documents; without a filter, those that are not anonymous.",
  }),
  count: endpoint({
    method: "POST",
    path: "/block_documents/count",
    scope: "see_blocks",
    body: Filters,
    optionalBody: true,
    status: 200,
    result: z.int(),
    summary: "Counts block documents.",
  }),
};
