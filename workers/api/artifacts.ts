import {
  type ArtifactSort,
  artifacts,
  type WireArtifact,
  type WireArtifactCollection,
} from "@millrace/contract/artifacts.ts";
import type { QueryOf } from "@millrace/contract/endpoint.ts";
import type { ArtifactCollectionFilter, ArtifactFilterInput } from "@millrace/contract/filters.ts";
import type { Json } from "@millrace/domain/json.ts";
import { formatInstant, instant } from "@millrace/domain/time.ts";
import { uuidv7 } from "uuidv7";
import type { z } from "zod";
import { eventHubAt } from "../../durable-objects/addresses.ts";
import type { Tenant } from "../auth/credential.ts";
import type { Env } from "../env.ts";
import { askedOfArtifacts } from "./asked-of-task-runs.ts";
import { announceLifecycle } from "./lifecycle-events.ts";
import { notFound } from "./refusal.ts";
import { runAt } from "./run-at.ts";
import { type App, serve } from "./serve.ts";
import { count, select, shardOfTenant } from "./shard.ts";
import { aroundArtifact, type Condition, combine } from "./sql-filter.ts";
import { readTaskRun } from "./task-runs.ts";

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

/** As columns of an artifact that is the newest of its key: the list of that key begins with the oldest that is still there. */
const COLLECTION_COLUMNS = `a.id AS latest_id, a.key, a.type, a.description, a.data, a.metadata, a.flow_run_id, a.task_run_id, a.updated,
  (SELECT min(k.id) FROM artifacts k WHERE k.workspace_id = a.workspace_id AND k.key = a.key) AS id,
  (SELECT min(k.created) FROM artifacts k WHERE k.workspace_id = a.workspace_id AND k.key = a.key) AS created`;
const NEWEST = `a.key IS NOT NULL AND NOT EXISTS (SELECT 1 FROM artifacts n WHERE n.workspace_id = a.workspace_id AND n.key = a.key
  AND (n.created, n.id) > (a.created, a.id))`;
const COLLECTION_ORDERS: { readonly [Sort in ArtifactSort]: string } = {
  ...ORDERS,
  CREATED_DESC: "created DESC",
  ID_DESC: "id DESC",
};
/** Generations of subflows whose artifacts one answer shows, and artifacts in it. */
const DEEPEST = 20;
const MOST_OF_RUN = 1_000;

/** Artifacts. */
export function serveArtifacts(app: App): void {
  serve(app, artifacts.create, async ({ env, tenant, body, afterwards }) => {
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
    if (row.key !== null) afterwards(announceNewest(env, tenant, { ...row, key: row.key }));
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
    const where = aroundArtifact(await askedOfArtifacts(env, tenant, body));
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
  serve(app, artifacts.count, async ({ env, tenant, body }) => {
    const where = aroundArtifact(await askedOfArtifacts(env, tenant, body));
    return count(env, tenant, { table: "artifacts", alias: "a", where });
  });

  serve(app, artifacts.latestFilter, async ({ env, tenant, body }) => {
    const rows = await select<ArtifactRow & { key: string; latest_id: string }>(env, tenant, {
      columns: COLLECTION_COLUMNS,
      table: "artifacts",
      alias: "a",
      where: newestOf(await askedOfArtifacts(env, tenant, body)),
      order: `${COLLECTION_ORDERS[body.sort]}, latest_id DESC`,
      limit: body.limit,
      offset: body.offset,
    });
    return rows.map(
      (row): WireArtifactCollection => ({ ...artifactToWire(row), key: row.key, latest_id: row.latest_id }),
    );
  });
  serve(app, artifacts.latestCount, async ({ env, tenant, body }) => {
    const where = newestOf(await askedOfArtifacts(env, tenant, body));
    return count(env, tenant, { table: "artifacts", alias: "a", where });
  });

  serve(app, artifacts.ofFlowRun, async ({ env, tenant, params, query }) => {
    if (!(await runAt(env, tenant, params.id).read(tenant))) notFound("flow run", params.id);
    await eventHubAt(env, tenant.workspace).settle();
    const runs = `WITH RECURSIVE runs (id, depth) AS (
      SELECT ?2, 0 UNION SELECT r.id, runs.depth + 1 FROM runs JOIN flow_runs r ON r.workspace_id = ?1 AND r.parent_flow_run_id = runs.id
      WHERE runs.depth < ?5)`;
    return ofRun(env, tenant, `${runs} SELECT`, "a.flow_run_id IN (SELECT id FROM runs)", params.id, query);
  });
  serve(app, artifacts.ofTaskRun, async ({ env, tenant, params, query }) => {
    if (!(await readTaskRun(env, tenant, params.id))) notFound("task run", params.id);
    return ofRun(env, tenant, "SELECT", "a.task_run_id = ?2 AND ?5 >= 0", params.id, query);
  });
}

/** Characters of data above which an event does not repeat them. */
const MOST_TOLD = 10_000;

/** Tells that a key has a new artifact; the first one of a key makes it. */
async function announceNewest(env: Env, tenant: Tenant, row: ArtifactRow & { key: string }): Promise<void> {
  const first = await shardOfTenant(env, tenant)
    .prepare("SELECT min(id) AS id FROM artifacts WHERE workspace_id = ?1 AND key = ?2")
    .bind(tenant.workspace, row.key)
    .first<{ id: string | null }>();
  const id = first?.id ?? row.id;
  const related = (kind: string, of: string | null, role = kind) =>
    of === null ? [] : [{ "prefect.resource.id": `prefect.${kind}.${of}`, "prefect.resource.role": role }];
  await announceLifecycle(env, tenant, "artifact-collection", id === row.id ? "created" : "updated", {
    id,
    name: row.key,
    payload: {
      key: row.key,
      type: row.type,
      data: row.data.length > MOST_TOLD ? null : (JSON.parse(row.data) as Json),
      description: row.description,
    },
    related: [
      ...related("artifact", row.id, "latest"),
      ...related("flow-run", row.flow_run_id),
      ...related("task-run", row.task_run_id),
    ],
  });
}

const newestOf = ({ artifacts: asked, ...around }: NewestFilters): Condition => {
  const { latest_id: id = null, ...others } = asked ?? {};
  const filter = asked && ({ ...others, id } as ArtifactFilterInput);
  return combine("and_", [{ sql: NEWEST, values: [] }, aroundArtifact({ ...around, artifacts: filter })]);
};
type NewestFilters = Omit<Parameters<typeof aroundArtifact>[0], "artifacts"> & {
  artifacts: z.output<typeof ArtifactCollectionFilter> | null;
};

async function ofRun(
  env: Env,
  tenant: Tenant,
  select: string,
  condition: string,
  run: string,
  { depth, since, until, sort }: QueryOf<typeof artifacts.ofFlowRun>,
): Promise<WireArtifact[]> {
  const { results } = await shardOfTenant(env, tenant)
    .prepare(
      `${select} ${COLUMNS} FROM artifacts a WHERE a.workspace_id = ?1 AND ${condition} AND a.created BETWEEN ?3 AND ?4
       ORDER BY a.created ${sort}, a.id ${sort} LIMIT ${MOST_OF_RUN}`,
    )
    .bind(tenant.workspace, run, since ?? 0, until ?? Number.MAX_SAFE_INTEGER, Math.min(depth ?? DEEPEST, DEEPEST))
    .all<ArtifactRow>();
  return results.map(artifactToWire);
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
