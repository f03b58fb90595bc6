/**
 * The sweep over marks of deleted runs: they are of use while something that was told of the run may still arrive.
 *
 * AP39 The mark of a deleted run is forgotten after a day.
 */
import { SHARD_COUNT, shardOf } from "../../durable-objects/env.ts";
import type { Env } from "../env.ts";

/** Microseconds for which a deletion is remembered. Whoever tells of a run gives up after seconds. */
const KEPT = 86_400_000_000;

/** Forgets old marks, in all shards. */
export async function sweepRemovedRuns(env: Env, now = Date.now()): Promise<void> {
  for (let shard = 0; shard < SHARD_COUNT; shard++) {
    await shardOf(env, shard)
      .prepare("DELETE FROM removed_runs WHERE removed < ?1")
      .bind(now * 1000 - KEPT)
      .run();
  }
}
