/** Service accounts as others name them: who they are, and the key that they hold. */
import type { WireServiceAccount } from "@millrace/contract/webhooks.ts";
import { STARS } from "@millrace/domain/block/secrets.ts";
import { formatInstant, instant } from "@millrace/domain/time.ts";
import type { Env } from "../env.ts";
import type { Tenant } from "./credential.ts";

export interface ServiceAccountRow {
  id: string;
  account_id: string;
  name: string;
  created: number;
  updated: number;
  key_id: string;
  key_name: string;
  key_created: number;
  expires: number | null;
}

/** Those of the ids that are service accounts which reach the workspace, each with its newest key. */
export async function serviceAccounts(
  env: Env,
  { account, workspace }: Tenant,
  ids: readonly string[],
): Promise<Map<string, ServiceAccountRow>> {
  const { results } = await env.DIRECTORY.prepare(
    `SELECT a.id, a.account_id, a.name, a.created, a.updated, k.id AS key_id, k.name AS key_name, k.created AS key_created, k.expires
     FROM actors a JOIN workspace_access x ON x.actor_id = a.id AND x.workspace_id = ?2
       JOIN api_keys k ON k.actor_id = a.id
     WHERE a.account_id = ?1 AND a.type = 'service_account' AND a.id IN (SELECT value FROM json_each(?3))
     ORDER BY k.created`,
  )
    .bind(account, workspace, JSON.stringify(ids))
    .all<ServiceAccountRow>();
  return new Map(results.map((row) => [row.id, row]));
}

/** As the wire shows it; of its key nothing that could be used. */
export function serviceAccountToWire(row: ServiceAccountRow): WireServiceAccount {
  const time = (at: number): string => formatInstant(instant(at));
  return {
    id: row.id,
    created: time(row.created),
    updated: time(row.updated),
    actor_id: row.id,
    account_id: row.account_id,
    name: row.name,
    api_key: {
      id: row.key_id,
      created: time(row.key_created),
      updated: time(row.key_created),
      actor_id: row.id,
      name: row.key_name,
      expiration: row.expires === null ? null : time(row.expires),
      hash: STARS,
      masked_key: `mrl_${row.key_id}_${STARS}`,
    },
  };
}
