/**
 * The networks from which an account is reached.
 *
 * AU16 A change is seen everywhere within 30 seconds: requests and sockets of this Worker look it up with their credential
 *      (directory.ts), agents hang on the objects of their pools, which are told, and whoever changes it waits for that.
 * AU17 Nobody keeps themselves out: a change that would is refused, also where list and switch are changed by two at once.
 */
import { type AllowedNetwork, allowedBy, lets } from "@millrace/domain/access/allow-list.ts";
import { workPoolAt } from "../../durable-objects/addresses.ts";
import { shardOf } from "../../durable-objects/env.ts";
import type { Env } from "../env.ts";
import { forgetAll } from "./directory.ts";

export interface AllowList {
  entries: AllowedNetwork[];
  inForce: boolean;
}

interface Row {
  ip_allowlist: string;
  enforce_ip_allowlist: number;
}

/** What became of a change: it was made, it would have kept its maker out, or another one came between. */
export type Change = "made" | "locks out" | "overtaken";

const readRow = async (env: Env, account: string): Promise<Row> =>
  (await env.DIRECTORY.prepare("SELECT ip_allowlist, enforce_ip_allowlist FROM accounts WHERE id = ?1")
    .bind(account)
    .first<Row>()) ?? { ip_allowlist: "[]", enforce_ip_allowlist: 0 };

const listOf = ({ ip_allowlist, enforce_ip_allowlist }: Row): AllowList => ({
  entries: JSON.parse(ip_allowlist) as AllowedNetwork[],
  inForce: enforce_ip_allowlist !== 0,
});

export const readAllowList = async (env: Env, account: string): Promise<AllowList> =>
  listOf(await readRow(env, account));

/** Changes list or switch, or both, for somebody at an address. */
export async function changeAllowList(
  env: Env,
  account: string,
  change: Partial<AllowList>,
  address: string | null,
): Promise<Change> {
  const row = await readRow(env, account);
  const { entries, inForce } = { ...listOf(row), ...change };
  if (!lets(allowedBy(entries, inForce), address)) return "locks out";
  const { meta } = await env.DIRECTORY.prepare(
    `UPDATE accounts SET ip_allowlist = ?2, enforce_ip_allowlist = ?3
     WHERE id = ?1 AND ip_allowlist = ?4 AND enforce_ip_allowlist = ?5`,
  )
    .bind(account, JSON.stringify(entries), inForce ? 1 : 0, row.ip_allowlist, row.enforce_ip_allowlist)
    .run();
  if (meta.changes === 0) return "overtaken";
  forgetAll();
  await tellPools(env, account, inForce && entries.length > 0 ? entries : null);
  return "made";
}

/** Puts no list in force any more: what whoever holds the databases does for somebody whose own address has changed. */
export async function liftAllowLists(env: Env): Promise<void> {
  const { results } = await env.DIRECTORY.prepare(
    "UPDATE accounts SET enforce_ip_allowlist = 0 WHERE enforce_ip_allowlist <> 0 RETURNING id",
  ).all<{ id: string }>();
  forgetAll();
  for (const { id } of results) await tellPools(env, id, null);
}

/** When somebody last came from each network. */
export async function lastSeen(env: Env, account: string): Promise<ReadonlyMap<string, number>> {
  const { results } = await env.DIRECTORY.prepare("SELECT network, seen FROM networks_seen WHERE account_id = ?1")
    .bind(account)
    .all<{ network: string; seen: number }>();
  return new Map(results.map(({ network, seen }) => [network, seen]));
}

async function tellPools(env: Env, account: string, list: readonly AllowedNetwork[] | null): Promise<void> {
  const { results } = await env.DIRECTORY.prepare("SELECT id AS workspace, shard FROM workspaces WHERE account_id = ?1")
    .bind(account)
    .all<{ workspace: string; shard: number }>();
  await Promise.all(
    results.map(async (owner) => {
      const pools = await shardOf(env, owner.shard)
        .prepare("SELECT id FROM work_pools WHERE workspace_id = ?1")
        .bind(owner.workspace)
        .all<{ id: string }>();
      await Promise.all(pools.results.map(({ id }) => workPoolAt(env, owner.workspace, id).allow(owner, list)));
    }),
  );
}
