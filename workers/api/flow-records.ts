/** Flows as the shard keeps them, on their way to the wire. */
import type { WireFlow } from "@millrace/contract/flows.ts";
import type { JsonObject } from "@millrace/domain/json.ts";
import { formatInstant, instant } from "@millrace/domain/time.ts";
import { Remembered } from "../../durable-objects/kit/remembered.ts";
import type { Tenant } from "../auth/credential.ts";
import type { Env } from "../env.ts";
import { shardOfTenant } from "./shard.ts";

export interface FlowRow {
  id: string;
  name: string;
  tags: string;
  labels: string;
  created: number;
  updated: number;
}

export const FLOW_COLUMNS = "f.id, f.name, f.tags, f.labels, f.created, f.updated";

const flowsById = new Remembered<WireFlow>();

/** A flow of the tenant; null where there is none. On a run's way, so it is remembered. */
export const findFlow = (env: Env, tenant: Tenant, id: string): WireFlow | Promise<WireFlow | null> =>
  flowsById.get(`${tenant.workspace}/${id}`, () => readFlow(env, tenant, "id", id));

/** Forgets what is remembered of a flow. */
export const forgetFlow = (tenant: Tenant, id: string): void => flowsById.forget(`${tenant.workspace}/${id}`);

/** A flow of the tenant as it is now; null where there is none. */
export async function readFlow(env: Env, tenant: Tenant, by: "id" | "name", value: string): Promise<WireFlow | null> {
  const row = await shardOfTenant(env, tenant)
    .prepare(`SELECT ${FLOW_COLUMNS} FROM flows f WHERE f.workspace_id = ?1 AND f.${by} = ?2`)
    .bind(tenant.workspace, value)
    .first<FlowRow>();
  return row && flowToWire(row);
}

export const flowToWire = ({ id, name, tags, labels, created, updated }: FlowRow): WireFlow => ({
  id,
  created: formatInstant(instant(created)),
  updated: formatInstant(instant(updated)),
  name,
  tags: JSON.parse(tags) as string[],
  labels: JSON.parse(labels) as JsonObject,
});
