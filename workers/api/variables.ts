import { type VariableSort, variables, type WireVariable } from "@millrace/contract/variables.ts";
import type { Json, JsonObject } from "@millrace/domain/json.ts";
import { formatInstant, instant } from "@millrace/domain/time.ts";
import { uuidv7 } from "uuidv7";
import type { Tenant } from "../auth/credential.ts";
import type { Env } from "../env.ts";
import { announceLifecycle, type LifecycleAction } from "./lifecycle-events.ts";
import { notFound, Refusal } from "./refusal.ts";
import { type App, serve } from "./serve.ts";
import { count, select, shardOfTenant } from "./shard.ts";
import { combine, variableCondition } from "./sql-filter.ts";

interface VariableRow {
  id: string;
  name: string;
  value: string;
  tags: string;
  created: number;
  updated: number;
}

const COLUMNS = "v.id, v.name, v.value, v.tags, v.created, v.updated";
const ORDERS: { readonly [Sort in VariableSort]: string } = {
  CREATED_DESC: "v.created DESC",
  UPDATED_DESC: "v.updated DESC",
  NAME_DESC: "v.name DESC",
  NAME_ASC: "v.name ASC",
};

/** How a path names a variable. */
type By = { id: string } | { name: string };
type Change = { name: string | null; value?: Json | undefined; tags: string[] | null };

/** Variables. */
export function serveVariables(app: App): void {
  serve(app, variables.create, async ({ env, tenant, body, afterwards }) => {
    const now = Date.now() * 1000;
    const { name, value = null, tags } = body;
    const row = {
      id: uuidv7(),
      name,
      value: JSON.stringify(value),
      tags: JSON.stringify(tags),
      created: now,
      updated: now,
    };
    const { meta } = await shardOfTenant(env, tenant)
      .prepare(
        `INSERT INTO variables (workspace_id, id, name, value, tags, created, updated) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)
         ON CONFLICT (workspace_id, name) DO NOTHING`,
      )
      .bind(tenant.workspace, row.id, name, row.value, row.tags, now)
      .run();
    if (meta.changes === 0) throw new Refusal({ code: "already_exists", what: "variable", name });
    const made = variableToWire(row);
    afterwards(announce(env, tenant, "created", made));
    return made;
  });
  serve(app, variables.readByName, ({ env, tenant, params }) => readOne(env, tenant, { name: params.name }));
  serve(app, variables.read, ({ env, tenant, params }) => readOne(env, tenant, { id: params.id }));

  const change = async (env: Env, tenant: Tenant, by: By, to: Change): Promise<WireVariable> => {
    const known = await readOne(env, tenant, by);
    const row = await shardOfTenant(env, tenant)
      .prepare(
        `UPDATE variables AS v SET name = coalesce(?3, name), value = coalesce(?4, value), tags = coalesce(?5, tags), updated = ?6
         WHERE workspace_id = ?1 AND id = ?2
           AND NOT EXISTS (SELECT 1 FROM variables o WHERE o.workspace_id = ?1 AND o.name = ?3 AND o.id <> ?2)
         RETURNING ${COLUMNS.replaceAll("v.", "")}`,
      )
      .bind(
        tenant.workspace,
        known.id,
        to.name,
        to.value === undefined ? null : JSON.stringify(to.value),
        to.tags && JSON.stringify(to.tags),
        Date.now() * 1000,
      )
      .first<VariableRow>();
    if (!row) throw new Refusal({ code: "already_exists", what: "variable", name: to.name ?? known.name });
    return variableToWire(row);
  };
  serve(app, variables.updateByName, async ({ env, tenant, params, body, afterwards }) =>
    afterwards(announce(env, tenant, "updated", await change(env, tenant, { name: params.name }, body))),
  );
  serve(app, variables.update, async ({ env, tenant, params, body, afterwards }) =>
    afterwards(announce(env, tenant, "updated", await change(env, tenant, { id: params.id }, body))),
  );

  const remove = async (env: Env, tenant: Tenant, by: By): Promise<WireVariable> => {
    const known = await readOne(env, tenant, by);
    await shardOfTenant(env, tenant)
      .prepare("DELETE FROM variables WHERE workspace_id = ?1 AND id = ?2")
      .bind(tenant.workspace, known.id)
      .run();
    return known;
  };
  serve(app, variables.removeByName, async ({ env, tenant, params, afterwards }) =>
    afterwards(announce(env, tenant, "deleted", await remove(env, tenant, { name: params.name }))),
  );
  serve(app, variables.remove, async ({ env, tenant, params, afterwards }) =>
    afterwards(announce(env, tenant, "deleted", await remove(env, tenant, { id: params.id }))),
  );

  serve(app, variables.filter, async ({ env, tenant, body: { variables: filter, sort, limit, offset } }) => {
    const rows = await select<VariableRow>(env, tenant, {
      columns: COLUMNS,
      table: "variables",
      alias: "v",
      where: combine("and_", [filter && variableCondition(filter)]),
      order: `${ORDERS[sort]}, v.id DESC`,
      limit,
      offset,
    });
    return rows.map(variableToWire);
  });
  serve(app, variables.count, ({ env, tenant, body: { variables: filter } }) =>
    count(env, tenant, {
      table: "variables",
      alias: "v",
      where: combine("and_", [filter && variableCondition(filter)]),
    }),
  );
}

async function readOne(env: Env, tenant: Tenant, by: By): Promise<WireVariable> {
  const [column, value] = "id" in by ? ["id", by.id] : ["name", by.name];
  const row = await shardOfTenant(env, tenant)
    .prepare(`SELECT ${COLUMNS} FROM variables v WHERE v.workspace_id = ?1 AND v.${column} = ?2`)
    .bind(tenant.workspace, value)
    .first<VariableRow>();
  return row ? variableToWire(row) : notFound("variable", value);
}

const announce = (env: Env, tenant: Tenant, action: LifecycleAction, variable: WireVariable): Promise<void> =>
  announceLifecycle(env, tenant, "variable", action, {
    id: variable.id,
    name: variable.name,
    payload: { name: variable.name, value: variable.value, tags: variable.tags } as JsonObject,
  });

const variableToWire = (row: VariableRow): WireVariable => ({
  id: row.id,
  created: formatInstant(instant(row.created)),
  updated: formatInstant(instant(row.updated)),
  name: row.name,
  value: JSON.parse(row.value) as Json,
  tags: JSON.parse(row.tags) as string[],
});
