/** What the objects are given by the platform. */
import type { DispatchMessage } from "@millrace/contract/messages/dispatch.ts";
import type { ObjectNamespaces } from "./addresses.ts";
import type { SigningKeys } from "./kit/run-token.ts";

/** Databases by shard number. The code is written for any number of them; two are bound. */
export interface Shards {
  SHARD_0: D1Database;
  SHARD_1: D1Database;
}

export interface ObjectEnv extends ObjectNamespaces, Shards, SigningKeys {
  /** Secret under which the checks in run ids are made. */
  KEY_PEPPER: string;
  DISPATCH: Queue<DispatchMessage>;
  BLOBS: R2Bucket;
  /** Days after its end when a run is packed into the bucket (kit/cold-store.ts); absent or 0: never. */
  ARCHIVE_AFTER_DAYS?: string;
  /** "1": objects of ended runs are released early, as one machine needs it (kit/release.ts). */
  RELEASE_ENDED_RUNS?: string;
}

/** The number of shards that are bound. */
export const SHARD_COUNT = 2;

/** The database of a shard. */
export function shardOf(env: Shards, shard: number): D1Database {
  const database = [env.SHARD_0, env.SHARD_1][shard];
  if (!database) throw new RangeError(`There is no shard ${shard}.`);
  return database;
}
