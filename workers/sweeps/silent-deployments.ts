/**
 * The sweep over deployments whose runs nobody has asked for lately.
 *
 * AP123 Whether a deployment is ready is told when the last of those who may start its runs has gone.
 */
import { deploymentEvent } from "@millrace/domain/dispatch/events.ts";
import { noteReadiness, READY_BY } from "../../durable-objects/deployments-told.ts";
import { SHARD_COUNT, shardOf } from "../../durable-objects/env.ts";
import { READY_SECONDS } from "../api/deployment-records.ts";
import { announce, moment } from "../api/pools.ts";
import type { Env } from "../env.ts";

/** Seconds by which the stored time of the last poll may be older than that poll (`workers/api/deployment-runs.ts`). */
const STORED_LATE = 30;
/** Deployments that one sweep looks at, a shard. */
const MOST = 1_000;

/** Tells of deployments that were ready and are not any more. */
export async function sweepSilent(env: Env, now = Date.now()): Promise<void> {
  const since = (now - (READY_SECONDS + STORED_LATE) * 1000) * 1000;
  for (let shard = 0; shard < SHARD_COUNT; shard++) {
    const database = shardOf(env, shard);
    const { results } = await database
      .prepare(
        `SELECT workspace_id, id FROM deployments WHERE ready IN (1, 3) AND last_polled < ?1 ORDER BY last_polled LIMIT ${MOST}`,
      )
      .bind(since)
      .all<{ workspace_id: string; id: string }>();
    for (const [workspace, rows] of Map.groupBy(results, ({ workspace_id }) => workspace_id)) {
      const ids = JSON.stringify(rows.map(({ id }) => id));
      const which = { sql: "d.last_polled < ?2 AND d.id IN (SELECT value FROM json_each(?3))", values: [since, ids] };
      const gone = await noteReadiness(database, workspace, { by: READY_BY.asking, is: false, which });
      const events = gone.map((deployment) => deploymentEvent("not-ready", deployment, moment()));
      await announce(env, { workspace, shard, account: "" }, events);
    }
  }
}
