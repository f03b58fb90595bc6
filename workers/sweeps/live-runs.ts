/**
 * The sweep over index rows of runs that have not ended: what a crash left untold is told again.
 *
 * AP10 A run whose row is older than a minute is asked how it stands; the answer is its newest row. A row without a run is removed.
 *
 * A run that starts at once sets no alarm for its own safety, since that costs an fsync; this is its safety instead.
 */

import type { Instant } from "@millrace/domain/time.ts";
import { deploymentAt, eventHubAt, flowRunAt } from "../../durable-objects/addresses.ts";
import { PLANNED_VERSION } from "../../durable-objects/deployment/rpc.ts";
import { SHARD_COUNT, shardOf } from "../../durable-objects/env.ts";
import { pack } from "../../durable-objects/kit/packed.ts";
import type { Env } from "../env.ts";

/** Microseconds for which a row is taken for current. */
const CURRENT = 60_000_000;
/** Rows that one sweep looks at, a shard. */
const MOST = 500;
/** Runs that are asked at once. */
const AT_ONCE = 20;

/**
 * Looks at a part of the live rows: another part each minute, so that all are looked at however many there are. Runs that are
 * due later are left asleep.
 */
export async function sweepLiveRuns(env: Env, now = Date.now()): Promise<void> {
  for (let shard = 0; shard < SHARD_COUNT; shard++) {
    const rows = await liveRows(shardOf(env, shard), now);
    for (let at = 0; at < rows.length; at += AT_ONCE) {
      await Promise.all(rows.slice(at, at + AT_ONCE).map((row) => look(env, shard, row)));
    }
  }
}

interface Row {
  version: number;
  deployment_id: string | null;
  workspace_id: string;
  id: string;
  created: Instant;
}

const LIVE = `state_type IN ('SCHEDULED','PENDING','RUNNING','PAUSED','CANCELLING') AND updated < ?1
  AND (next_scheduled_start_time IS NULL OR next_scheduled_start_time < ?2)`;

async function liveRows(shard: D1Database, milliseconds: number): Promise<Row[]> {
  const now = milliseconds * 1000;
  const bounds = [now - CURRENT, now + CURRENT];
  const total = await shard
    .prepare(`SELECT count(*) AS count FROM flow_runs WHERE ${LIVE}`)
    .bind(...bounds)
    .first<{ count: number }>();
  const parts = Math.max(1, Math.ceil((total?.count ?? 0) / MOST));
  const part = Math.floor(milliseconds / 60_000) % parts;
  const { results } = await shard
    .prepare(
      `SELECT workspace_id, id, created, version, deployment_id FROM flow_runs WHERE ${LIVE} ORDER BY created LIMIT ?3 OFFSET ?4`,
    )
    .bind(...bounds, MOST, part * MOST)
    .all<Row>();
  return results;
}

async function look(env: Env, shard: number, row: Row): Promise<void> {
  const { workspace_id: workspace, id, created, version, deployment_id: deployment } = row;
  try {
    const owner = { workspace, shard };
    // A run that is only planned has no object of its own yet: its deployment knows of it.
    const planned = version === PLANNED_VERSION && deployment !== null;
    if (planned && (await deploymentAt(env, workspace, deployment).reconcile(owner, id))) return;
    if (!planned && (await flowRunAt(env, workspace, id).reconcile(owner))) return;
    await eventHubAt(env, workspace).announce(owner, pack([{ removed: { id, created }, events: [] }]), false);
  } catch (error) {
    console.error("A run could not be looked at", error);
  }
}
