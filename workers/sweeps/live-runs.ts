/**
 * The sweep over index rows of runs that have not ended: what a crash left untold is told again.
 *
 * AP10 A run whose row is older than a minute is asked how it stands; the answer is its newest row. A row without a run is removed.
 *
 * A run that starts at once sets no alarm for its own safety, since that costs an fsync; this is its safety instead.
 */
import { eventHubAt, flowRunAt } from "../../durable-objects/addresses.ts";
import { SHARD_COUNT, shardOf } from "../../durable-objects/env.ts";
import { pack } from "../../durable-objects/kit/packed.ts";
import type { Env } from "../env.ts";

/** Microseconds for which a row is taken for current. */
const CURRENT = 60_000_000;
/** Rows that one sweep looks at, a shard. */
const MOST = 500;
/** Runs that are asked at once. */
const AT_ONCE = 20;

/** Looks at live rows, those that were looked at longest ago first. */
export async function sweepLiveRuns(env: Env): Promise<void> {
  for (let shard = 0; shard < SHARD_COUNT; shard++) {
    const { results } = await shardOf(env, shard)
      .prepare(
        `SELECT workspace_id, id FROM flow_runs
         WHERE state_type IN ('SCHEDULED','PENDING','RUNNING','PAUSED','CANCELLING') AND updated < ?1 ORDER BY created LIMIT ?2`,
      )
      .bind(Date.now() * 1000 - CURRENT, MOST)
      .all<{ workspace_id: string; id: string }>();
    for (let at = 0; at < results.length; at += AT_ONCE) {
      await Promise.all(results.slice(at, at + AT_ONCE).map((row) => look(env, shard, row)));
    }
  }
}

async function look(
  env: Env,
  shard: number,
  { workspace_id: workspace, id }: { workspace_id: string; id: string },
): Promise<void> {
  try {
    const owner = { workspace, shard };
    if (await flowRunAt(env, workspace, id).reconcile(owner)) return;
    await eventHubAt(env, workspace).announce(owner, pack([{ removed: id, events: [] }]), false);
  } catch (error) {
    console.error("A run could not be looked at", error);
  }
}
