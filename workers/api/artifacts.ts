import { type ArtifactSort, artifacts, type WireArtifact } from "@millrace/contract/artifacts.ts";
import type { Json } from "@millrace/domain/json.ts";
import { formatInstant, instant } from "@millrace/domain/time.ts";
import { uuidv7 } from "uuidv7";
import type { Tenant } from "../auth/credential.ts";
import type { Env } from "../env.ts";
import { notFound } from "./refusal.ts";
import { type App, serve } from "./serve.ts";
import { count, select, shardOfTenant } from "./shard.ts";
import { aroundArtifact } from "./sql-filter.ts";

interface ArtifactRow {
  id: string;
  key: string | null;
  type: string | null;
  description: string | null;
  data: string;
  metadata: string | null;
  flow_run_id: string | null;
  task_run_id: string | null;
  created: number;
  updated: number;
}

const COLUMNS =
  "a.id, a.key, a.type, a.description, a.data, a.metadata, a.flow_run_id, a.task_run_id, a.created, a.updated";
const ORDERS: { readonly [Sort in ArtifactSort]: string } = {
  CREATED_DESC: "a.created DESC",
  UPDATED_DESC: "a.updated DESC",
  ID_DESC: "a.id DESC",
  KEY_DESC: "a.key DESC",
  KEY_ASC: "a.key ASC",
};

/** Artifacts. */
export function serveArtifacts(app: App): void {
  serve(app, artifacts.create, async ({ env, tenant, body }) => {
    const now = Date.now() * 1000;
    const row: ArtifactRow = {
      id: uuidv7(),
      key: body.key,
      type: body.type,
      description: body.description,
      data: JSON.stringify(body.data ?? null),
      metadata: body.metadata_ && JSON.stringify(body.metadata_),
      flow_run_id: body.flow_run_id,
      task_run_id: body.task_run_id,
      created: now,
      updated: now,
    };
    await shardOfTenant(env, tenant)
      .prepare(
        `INSERT INTO artifacts (workspace_id, id, key, type, description, data, metadata, flow_run_id, task_run_id, created, updated)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10)`,
      )
      .bind(
        tenant.workspace,
        row.id,
        row.key,
        row.type,
        row.description,
        row.data,
        row.metadata,
        row.flow_run_id,
        row.task_run_id,
        now,
      )
      .run();
    return artifactToWire(row);
  });

  serve(
    app,
    artifacts.read,
    async ({ env, tenant, params }) =>
      (await readOne(env, tenant, "a.id = ?2", params.id)) ?? notFound("artifact", params.id),
  );
  serve(app, artifacts.latest, async ({ env, tenant, params }) => {
    const latest = await readOne(env, tenant, "a.key = ?2", params.key);
    return latest ?? notFound("artifact", params.key);
  });

  serve(app, artifacts.update, async ({ env, tenant, params, body }) => {
    const changes = {
      ...("data" in body && { data: JSON.stringify(body.data ?? null) }),
      ...("description" in body && { description: body.description ?? null }),
      ...("metadata_" in body &&
        body.metadata_ !== undefined && { metadata: body.metadata_ && JSON.stringify(body.metadata_) }),
      updated: Date.now() * 1000,
    };
    const columns = Object.keys(changes);
    const { meta } = await shardOfTenant(env, tenant)
      .prepare(
        `UPDATE artifacts SET ${columns.map((column) => `${column} = ?`).join(", ")} WHERE workspace_id = ? AND id = ?`,
      )
      .bind(...Object.values(changes), tenant.workspace, params.id)
      .run();
    if (meta.changes === 0) notFound("artifact", params.id);
  });

  serve(app, artifacts.remove, async ({ env, tenant, params }) => {
    const { meta } = await shardOfTenant(env, tenant)
      .prepare("DELETE FROM artifacts WHERE workspace_id = ?1 AND id = ?2")
      .bind(tenant.workspace, params.id)
      .run();
    if (meta.changes === 0) notFound("artifact", params.id);
  });

  serve(app, artifacts.filter, async ({ env, tenant, body }) => {
    const { sort, limit, offset } = body;
    const order = `${ORDERS[sort]}, a.id DESC`;
    const where = aroundArtifact(body);
    const rows = await select<ArtifactRow>(env, tenant, {
      columns: COLUMNS,
      table: "artifacts",
      alias: "a",
      where,
      order,
      limit,
      offset,
    });
    return rows.map(artifactToWire);
  });
  serve(app, artifacts.count, ({ env, tenant, body }) =>
    count(env, tenant, { table: "artifacts", alias: "a", where: aroundArtifact(body) }),
  );
}

async function readOne(env: Env, tenant: Tenant, condition: string, value: string): Promise<WireArtifact | null> {
  const row = await shardOfTenant(env, tenant)
    .prepare(
      `SELECT ${COLUMNS} FROM artifacts a WHERE a.workspace_id = ?1 AND ${condition} ORDER BY a.created DESC, a.id DESC LIMIT 1`,
    )
    .bind(tenant.workspace, value)
    .first<ArtifactRow>();
  return row && artifactToWire(row);
}

const artifactToWire = (row: ArtifactRow): WireArtifact => ({
  id: row.id,
  created: formatInstant(instant(row.created)),
  updated: formatInstant(instant(row.updated)),
  key: row.key,
  type: row.type,
  description: row.description,
  data: JSON.parse(row.data) as Json,
  metadata_: row.metadata === null ? null : (JSON.parse(row.metadata) as Record<string, string>),
  flow_run_id: row.flow_run_id,
  task_run_id: row.task_run_id,
});
