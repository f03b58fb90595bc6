import { flows, type WireFlow } from "@millrace/contract/flows.ts";
import type { JsonObject } from "@millrace/domain/json.ts";
import { formatInstant, instant } from "@millrace/domain/time.ts";
import { uuidv7 } from "uuidv7";
import { Remembered } from "../../durable-objects/kit/remembered.ts";
import type { Tenant } from "../auth/credential.ts";
import type { Env } from "../env.ts";
import { notFound } from "./refusal.ts";
import { type App, serve } from "./serve.ts";
import { count, select, shardOfTenant } from "./shard.ts";
import { aroundFlow } from "./sql-filter.ts";

interface FlowRow {
  id: string;
  name: string;
  tags: string;
  labels: string;
  created: number;
  updated: number;
}

const COLUMNS = "f.id, f.name, f.tags, f.labels, f.created, f.updated";
const ORDERS = {
  CREATED_DESC: "f.created DESC",
  UPDATED_DESC: "f.updated DESC",
  NAME_ASC: "f.name ASC",
  NAME_DESC: "f.name DESC",
} as const;

const flowsById = new Remembered<WireFlow>();

/** A flow of the tenant; null where there is none. On a run's way, so it is remembered. */
export const findFlow = (env: Env, tenant: Tenant, id: string): WireFlow | Promise<WireFlow | null> =>
  flowsById.get(`${tenant.workspace}/${id}`, () => readFlow(env, tenant, "id", id));

/** Flows. */
export function serveFlows(app: App): void {
  serve(app, flows.create, async ({ env, tenant, body }) => {
    const known = await readFlow(env, tenant, "name", body.name);
    if (known) return { status: 200, result: known };
    const [id, now] = [uuidv7(), Date.now() * 1000];
    const { meta } = await shardOfTenant(env, tenant)
      .prepare(
        `INSERT INTO flows (workspace_id, id, name, tags, labels, created, updated) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)
         ON CONFLICT (workspace_id, name) DO NOTHING`,
      )
      .bind(tenant.workspace, id, body.name, JSON.stringify(body.tags), JSON.stringify(body.labels ?? {}), now)
      .run();
    const flow = (await readFlow(env, tenant, "name", body.name)) ?? notFound("flow");
    return { status: meta.changes > 0 ? 201 : 200, result: flow };
  });
  serve(
    app,
    flows.read,
    async ({ env, tenant, params }) => (await readFlow(env, tenant, "id", params.id)) ?? notFound("flow"),
  );
  serve(
    app,
    flows.readByName,
    async ({ env, tenant, params }) => (await readFlow(env, tenant, "name", params.name)) ?? notFound("flow"),
  );
  serve(app, flows.filter, async ({ env, tenant, body }) => {
    const { sort, limit, offset } = body;
    const order = `${ORDERS[sort]}, f.id DESC`;
    const rows = await select<FlowRow>(env, tenant, {
      columns: COLUMNS,
      table: "flows",
      alias: "f",
      where: aroundFlow(body),
      order,
      limit,
      offset,
    });
    return rows.map(flowToWire);
  });
  serve(app, flows.count, ({ env, tenant, body }) =>
    count(env, tenant, { table: "flows", alias: "f", where: aroundFlow(body) }),
  );
}

async function readFlow(env: Env, tenant: Tenant, by: "id" | "name", value: string): Promise<WireFlow | null> {
  const row = await shardOfTenant(env, tenant)
    .prepare(`SELECT ${COLUMNS} FROM flows f WHERE f.workspace_id = ?1 AND f.${by} = ?2`)
    .bind(tenant.workspace, value)
    .first<FlowRow>();
  return row && flowToWire(row);
}

const flowToWire = ({ id, name, tags, labels, created, updated }: FlowRow): WireFlow => ({
  id,
  created: formatInstant(instant(created)),
  updated: formatInstant(instant(updated)),
  name,
  tags: JSON.parse(tags) as string[],
  labels: JSON.parse(labels) as JsonObject,
});
