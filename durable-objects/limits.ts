/**
 * Limits by their names, as the shard knows them. Every task with tags asks for some, so what the shard answered is used for a
 * while, also that a name has no limit.
 */
import type { Instant } from "@millrace/domain/time.ts";
import type { Limit } from "./concurrency-limit/rpc.ts";
import { type Shards, shardOf } from "./env.ts";
import type { Owner } from "./flow-run/rpc.ts";
import { withDeadline } from "./kit/deadline.ts";
import { Remembered } from "./kit/remembered.ts";

export interface LimitRow {
  id: string;
  name: string;
  limit: number;
  active: number;
  decay: number;
  created: number;
  updated: number;
}

export const LIMIT_COLUMNS = 'l.id, l.name, l."limit", l.active, l.decay, l.created, l.updated';

export const limitOf = ({ active, created, updated, ...row }: LimitRow): Limit => ({
  ...row,
  active: active === 1,
  created: created as Instant,
  updated: updated as Instant,
});

/** The limit of a name, or that it has none. */
const byName = new Remembered<{ limit: Limit | null }>();

const keyOf = ({ workspace }: Owner, name: string): string => `${workspace}/${name}`;

/** The limits that have these names, each once, in the order of the names. Answers may be five seconds old. */
export async function limitsNamed(env: Shards, owner: Owner, names: readonly string[]): Promise<Limit[]> {
  const wanted = [...new Set(names)];
  let asked: Promise<Map<string, Limit>> | null = null;
  const found = await Promise.all(
    wanted.map((name) =>
      byName.get(keyOf(owner, name), async () => {
        asked ??= read(env, owner, wanted);
        return { limit: (await asked).get(name) ?? null };
      }),
    ),
  );
  return found.flatMap((answer) => answer?.limit ?? []);
}

/** To be called with every name under which a limit was made, changed or deleted. */
export const forgetLimit = (owner: Owner, name: string): void => byName.forget(keyOf(owner, name));

/** Milliseconds for which the shard is waited for: an object that gives slots back must not wait for ever, or it does nothing else. */
const DEADLINE = 10_000;

/** Names go as one parameter, however many they are. */
async function read(env: Shards, { workspace, shard }: Owner, names: readonly string[]): Promise<Map<string, Limit>> {
  const asked = shardOf(env, shard)
    .prepare(
      `SELECT ${LIMIT_COLUMNS} FROM concurrency_limits l WHERE l.workspace_id = ?1 AND l.name IN (SELECT value FROM json_each(?2))`,
    )
    .bind(workspace, JSON.stringify(names))
    .all<LimitRow>();
  const { results } = await withDeadline(asked, DEADLINE, "The shard");
  return new Map(results.map((row) => [row.name, limitOf(row)]));
}
