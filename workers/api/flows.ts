import type { RunFiltersInput } from "@millrace/contract/filters.ts";
import { flows, type WireFlow } from "@millrace/contract/flows.ts";
import type { JsonObject } from "@millrace/domain/json.ts";
import { instant } from "@millrace/domain/time.ts";
import { uuidv7 } from "uuidv7";
import { eventHubAt, flowRunAt } from "../../durable-objects/addresses.ts";
import { isProblem } from "../../durable-objects/flow-run/rpc.ts";
import { pack } from "../../durable-objects/kit/packed.ts";
import type { Tenant } from "../auth/credential.ts";
import type { Env } from "../env.ts";
import { askedOfRuns } from "./asked-of-task-runs.ts";
import { readRow } from "./deployment-records.ts";
import { removeDeployment } from "./deployment-removal.ts";
import { FLOW_COLUMNS, type FlowRow, flowToWire, forgetFlow, readFlow } from "./flow-records.ts";
import { announceLifecycle, type LifecycleAction } from "./lifecycle-events.ts";
import { offsetOf, pagesOf } from "./pages.ts";
import { notFound, Refusal } from "./refusal.ts";
import { type App, serve } from "./serve.ts";
import { count, select, shardOfTenant } from "./shard.ts";
import { aroundFlow, NO_FILTERS } from "./sql-filter.ts";

const ORDERS = {
  CREATED_DESC: "f.created DESC",
  UPDATED_DESC: "f.updated DESC",
  NAME_ASC: "f.name ASC",
  NAME_DESC: "f.name DESC",
} as const;

/** Flows. */
export function serveFlows(app: App): void {
  serve(app, flows.create, async ({ env, tenant, body, afterwards }) => {
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
    if (meta.changes > 0) afterwards(announceFlow(env, tenant, "created", flow));
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
      columns: FLOW_COLUMNS,
      table: "flows",
      alias: "f",
      where: aroundFlow(await asked(env, tenant, body)),
      order,
      limit,
      offset,
    });
    return rows.map(flowToWire);
  });
  serve(app, flows.paginate, async ({ env, tenant, body }) => {
    const { sort, limit, page } = body;
    const where = aroundFlow(await asked(env, tenant, body));
    const [rows, all] = await Promise.all([
      select<FlowRow>(env, tenant, {
        columns: FLOW_COLUMNS,
        table: "flows",
        alias: "f",
        where,
        order: `${ORDERS[sort]}, f.id DESC`,
        limit,
        offset: offsetOf(body),
      }),
      count(env, tenant, { table: "flows", alias: "f", where }),
    ]);
    return { results: rows.map(flowToWire), ...pagesOf(all, limit, page) };
  });
  serve(app, flows.update, async ({ env, tenant, params, body, afterwards }) => {
    const { meta } = await shardOfTenant(env, tenant)
      .prepare("UPDATE flows SET tags = coalesce(?3, tags), updated = ?4 WHERE workspace_id = ?1 AND id = ?2")
      .bind(tenant.workspace, params.id, body.tags ? JSON.stringify(body.tags) : null, Date.now() * 1000)
      .run();
    if (meta.changes === 0) notFound("flow", params.id);
    forgetFlow(tenant, params.id);
    const flow = await readFlow(env, tenant, "id", params.id);
    if (flow) afterwards(announceFlow(env, tenant, "updated", flow));
  });
  serve(app, flows.remove, async ({ env, tenant, params, afterwards }) => {
    const flow = (await readFlow(env, tenant, "id", params.id)) ?? notFound("flow", params.id);
    await removeFlow(env, tenant, flow.id);
    afterwards(announceFlow(env, tenant, "deleted", flow));
  });
  serve(app, flows.bulkDelete, async ({ env, tenant, body, afterwards }) => {
    const rows = await select<FlowRow>(env, tenant, {
      columns: FLOW_COLUMNS,
      table: "flows",
      alias: "f",
      where: aroundFlow({ ...NO_FILTERS, flows: body.flows }),
      order: `${ORDERS.NAME_ASC}, f.id DESC`,
      limit: body.limit,
      offset: 0,
    });
    for (const row of rows) {
      await removeFlow(env, tenant, row.id);
      afterwards(announceFlow(env, tenant, "deleted", flowToWire(row)));
    }
    return { deleted: rows.map(({ id }) => id) };
  });
  serve(app, flows.count, async ({ env, tenant, body }) =>
    count(env, tenant, { table: "flows", alias: "f", where: aroundFlow(await asked(env, tenant, body)) }),
  );
}

/** Tells what became of a flow. */
const announceFlow = (
  env: Env,
  tenant: Tenant,
  action: LifecycleAction,
  { id, name, tags, labels }: WireFlow,
): Promise<void> =>
  announceLifecycle(env, tenant, "flow", action, { id, name, payload: { name, tags, labels: labels as JsonObject } });

/** The deployments and pools that a filter names need not be those of the run. */
const asked = (env: Env, tenant: Tenant, filters: RunFiltersInput) =>
  askedOfRuns(env, tenant, filters, ["flows", "flow_runs"]);

/** Runs that are deleted at once with their flow, and those that one call deletes in all: each is an object. */
const AT_ONCE = 50;
const MOST_RUNS = 5_000;

/**
 * Deletes a flow with its runs and deployments. The flow goes last, so that a call that did not come to its end can be repeated.
 */
async function removeFlow(env: Env, tenant: Tenant, flow: string): Promise<void> {
  const shard = shardOfTenant(env, tenant);
  for (;;) {
    const deployment = await readRow(env, tenant, "d.flow_id = ?2 LIMIT 1", flow);
    if (!deployment) break;
    await removeDeployment(env, tenant, deployment);
  }
  for (let removed = 0; ; removed += AT_ONCE) {
    await eventHubAt(env, tenant.workspace).settle();
    const { results } = await shard
      .prepare("SELECT id, created FROM flow_runs WHERE workspace_id = ?1 AND flow_id = ?2 LIMIT ?3")
      .bind(tenant.workspace, flow, AT_ONCE)
      .all<{ id: string; created: number }>();
    if (results.length === 0) break;
    if (removed >= MOST_RUNS)
      throw new Refusal({ code: "unavailable", what: "rest of the flow's runs", retryAfter: 1 });
    await Promise.all(results.map((run) => forgetRun(env, tenant, run)));
  }
  await shard.prepare("DELETE FROM flows WHERE workspace_id = ?1 AND id = ?2").bind(tenant.workspace, flow).run();
  forgetFlow(tenant, flow);
}

/** Deletes a run; where only its row is left, the row. */
async function forgetRun(env: Env, tenant: Tenant, { id, created }: { id: string; created: number }): Promise<void> {
  const removed = await flowRunAt(env, tenant.workspace, id).remove(tenant, id);
  if (!isProblem(removed)) return;
  const { workspace, shard } = tenant;
  await eventHubAt(env, workspace).announce(
    { workspace, shard },
    pack([{ removed: { id, created: instant(created) }, events: [] }]),
    true,
  );
}
