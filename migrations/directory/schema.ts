/**
 * The directory: who there is. Small, global, read through a cache of at most 30 seconds, never on the way of a run.
 * Times are microseconds since 1970.
 */
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

/** Written by the first start and by sign-up. */
export const accounts = sqliteTable("accounts", {
  id: text().primaryKey(),
  name: text().notNull(),
  handle: text().notNull().unique(),
  created: integer().notNull(),
  /** JSON list of the networks from which the account is reached, and whether the list is in force: written by the account API. */
  ipAllowlist: text("ip_allowlist").notNull().default("[]"),
  enforceIpAllowlist: integer("enforce_ip_allowlist").notNull().default(0),
});

/** When somebody of the account last came from a network of its list, to the hour. Written by whoever lets them in. */
export const networksSeen = sqliteTable(
  "networks_seen",
  {
    accountId: text("account_id").notNull(),
    network: text().notNull(),
    seen: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.accountId, table.network] })],
);

/** Written by the account API. `shard` is given at birth and never changed by hand. */
export const workspaces = sqliteTable(
  "workspaces",
  {
    id: text().primaryKey(),
    accountId: text("account_id").notNull(),
    name: text().notNull(),
    handle: text().notNull(),
    description: text().notNull(),
    shard: integer().notNull(),
    created: integer().notNull(),
    updated: integer().notNull(),
  },
  (table) => [uniqueIndex("workspaces_handle").on(table.accountId, table.handle)],
);

/** People and service accounts: whoever a key can stand for. */
export const actors = sqliteTable(
  "actors",
  {
    id: text().primaryKey(),
    accountId: text("account_id").notNull(),
    type: text({ enum: ["user", "service_account"] }).notNull(),
    name: text().notNull(),
    /** JSON list of account permissions. */
    permissions: text().notNull(),
    created: integer().notNull(),
    updated: integer().notNull(),
  },
  (table) => [index("actors_account").on(table.accountId)],
);

/** Which workspaces an actor reaches, and with which scopes (a JSON list; `["*"]` is all). */
export const workspaceAccess = sqliteTable(
  "workspace_access",
  {
    actorId: text("actor_id").notNull(),
    workspaceId: text("workspace_id").notNull(),
    scopes: text().notNull(),
  },
  (table) => [primaryKey({ columns: [table.actorId, table.workspaceId] })],
);

/** API keys. Only a hash of the secret is kept; the key itself is shown once. */
export const apiKeys = sqliteTable(
  "api_keys",
  {
    id: text().primaryKey(),
    actorId: text("actor_id").notNull(),
    /** The workspace that the key reaches under `/api` alone. */
    workspaceId: text("workspace_id").notNull(),
    name: text().notNull(),
    hash: text().notNull(),
    created: integer().notNull(),
    expires: integer(),
    revoked: integer(),
  },
  (table) => [index("api_keys_actor").on(table.actorId)],
);
