import { savedSearches, type WireSavedSearch } from "@millrace/contract/saved-searches.ts";
import { formatInstant, instant } from "@millrace/domain/time.ts";
import { uuidv7 } from "uuidv7";
import { notFound } from "./refusal.ts";
import { type App, serve } from "./serve.ts";
import { select, shardOfTenant } from "./shard.ts";
import { combine } from "./sql-filter.ts";

interface Row {
  id: string;
  name: string;
  filters: string;
  created: number;
  updated: number;
}

const COLUMNS = "s.id, s.name, s.filters, s.created, s.updated";

/** Saved searches. */
export function serveSavedSearches(app: App): void {
  serve(app, savedSearches.save, async ({ env, tenant, body }) => {
    const id = uuidv7();
    const row = await shardOfTenant(env, tenant)
      .prepare(
        `INSERT INTO saved_searches AS s (workspace_id, id, name, filters, created, updated) VALUES (?1, ?2, ?3, ?4, ?5, ?5)
         ON CONFLICT (workspace_id, name) DO UPDATE SET filters = excluded.filters, updated = excluded.updated
         RETURNING id, name, filters, created, updated`,
      )
      .bind(tenant.workspace, id, body.name, JSON.stringify(body.filters), Date.now() * 1000)
      .first<Row>();
    if (!row) throw new Error("A search that was stored is not there.");
    return { status: row.id === id ? 201 : 200, result: toWire(row) };
  });

  serve(app, savedSearches.read, async ({ env, tenant, params }) => {
    const row = await shardOfTenant(env, tenant)
      .prepare(`SELECT ${COLUMNS} FROM saved_searches s WHERE s.workspace_id = ?1 AND s.id = ?2`)
      .bind(tenant.workspace, params.id)
      .first<Row>();
    return row ? toWire(row) : notFound("saved search", params.id);
  });

  serve(app, savedSearches.remove, async ({ env, tenant, params }) => {
    const { meta } = await shardOfTenant(env, tenant)
      .prepare("DELETE FROM saved_searches WHERE workspace_id = ?1 AND id = ?2")
      .bind(tenant.workspace, params.id)
      .run();
    if (meta.changes === 0) notFound("saved search", params.id);
  });

  serve(app, savedSearches.filter, async ({ env, tenant, body }) => {
    const rows = await select<Row>(env, tenant, {
      columns: COLUMNS,
      table: "saved_searches",
      alias: "s",
      where: combine("and_", []),
      order: "s.name ASC",
      ...body,
    });
    return rows.map(toWire);
  });
}

const toWire = ({ created, updated, filters, ...row }: Row): WireSavedSearch => ({
  ...row,
  created: formatInstant(instant(created)),
  updated: formatInstant(instant(updated)),
  filters: JSON.parse(filters) as WireSavedSearch["filters"],
});
