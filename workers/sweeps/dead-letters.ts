/**
 * The sweep over dead letters that were replayed or dropped: who did it is shown for a while.
 *
 * AP111 A resolved dead letter is forgotten after thirty days, one that waits never.
 */
import { SHARD_COUNT, shardOf } from "../../durable-objects/env.ts";
import type { Env } from "../env.ts";

/** Microseconds for which a resolved letter is kept. The event of it is kept as long as events are. */
const KEPT = 30 * 86_400_000_000;

/** Forgets old ones, in all shards. */
export async function sweepDeadLetters(env: Env, now = Date.now()): Promise<void> {
  for (let shard = 0; shard < SHARD_COUNT; shard++) {
    await shardOf(env, shard)
      .prepare("DELETE FROM dead_letters WHERE resolved < ?1")
      .bind(now * 1000 - KEPT)
      .run();
  }
}
