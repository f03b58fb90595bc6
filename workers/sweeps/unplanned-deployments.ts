/**
 * The sweep over deployments whose last change a crash kept from their objects.
 *
 * AP82 A change of a deployment that its object was not told of is told within two minutes.
 */
import { SHARD_COUNT, shardOf } from "../../durable-objects/env.ts";
import { type DeploymentRow, planDeployment, readRow } from "../api/deployment-records.ts";
import type { Env } from "../env.ts";

/** Microseconds for which whoever made a change is given time to tell it. */
const UNDER_WAY = 60_000_000;
/** Deployments that one sweep looks at, a shard. */
const MOST = 200;

interface Row {
  workspace_id: string;
  id: string;
}

/** Tells the objects of these deployments how they are now. */
export async function sweepUnplanned(env: Env, now = Date.now()): Promise<void> {
  for (let shard = 0; shard < SHARD_COUNT; shard++) {
    const { results } = await shardOf(env, shard)
      .prepare(
        `SELECT workspace_id, id FROM deployments WHERE planned < revision AND (schedules <> '[]' OR planned > 0) AND updated < ?1
         ORDER BY updated LIMIT ?2`,
      )
      .bind(now * 1000 - UNDER_WAY, MOST)
      .all<Row>();
    for (const { workspace_id: workspace, id } of results) {
      const tenant = { workspace, shard, account: "" };
      try {
        const row: DeploymentRow | null = await readRow(env, tenant, "d.id = ?2", id);
        if (row) await planDeployment(env, tenant, row);
      } catch (error) {
        console.error("A deployment could not be planned", error);
      }
    }
  }
}
