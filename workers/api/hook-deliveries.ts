/** What came to webhooks: the newest of each are kept. */
import type { DeliveryVerdict, WireDelivery } from "@millrace/contract/webhooks.ts";
import { formatInstant, instant } from "@millrace/domain/time.ts";
import type { Tenant } from "../auth/credential.ts";
import type { Env } from "../env.ts";
import { shardOfTenant } from "./shard.ts";

/** Deliveries of a webhook that are kept. */
const KEPT = 100;

/** A delivery on record. */
export interface Delivery {
  id: string;
  /** Microseconds since 1970. */
  received: number;
  verdict: DeliveryVerdict;
  reason: string | null;
  delivery: string | null;
  seal: string | null;
  flow_run_id: string | null;
  status: number;
}

/** Writes a delivery down, and forgets what is more than the newest hundred. */
export async function recordDelivery(env: Env, tenant: Tenant, webhook: string, one: Delivery): Promise<void> {
  const shard = shardOfTenant(env, tenant);
  const at = [tenant.workspace, webhook];
  await shard.batch([
    shard
      .prepare("INSERT INTO webhook_deliveries VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)")
      .bind(
        ...[...at, one.id, one.received, one.verdict, one.reason, one.delivery, one.seal],
        ...[one.flow_run_id, one.status],
      ),
    shard
      .prepare(
        `DELETE FROM webhook_deliveries WHERE workspace_id = ?1 AND webhook_id = ?2 AND id <= (
           SELECT id FROM webhook_deliveries WHERE workspace_id = ?1 AND webhook_id = ?2 ORDER BY id DESC LIMIT 1 OFFSET ${KEPT})`,
      )
      .bind(...at),
  ]);
}

/** What the sender called the delivery that was taken under this seal; undefined where there was none. */
export async function nameUnder(
  env: Env,
  tenant: Tenant,
  webhook: string,
  seal: string,
): Promise<string | null | undefined> {
  const row = await shardOfTenant(env, tenant)
    .prepare(
      `SELECT delivery FROM webhook_deliveries
       WHERE workspace_id = ?1 AND webhook_id = ?2 AND seal = ?3 AND verdict IN ('ACCEPTED', 'DUPLICATE') LIMIT 1`,
    )
    .bind(tenant.workspace, webhook, seal)
    .first<{ delivery: string | null }>();
  return row?.delivery;
}

export async function listDeliveries(
  env: Env,
  tenant: Tenant,
  webhook: string,
  { verdict, limit, offset }: { verdict: DeliveryVerdict[] | null; limit: number; offset: number },
): Promise<WireDelivery[]> {
  const { results } = await shardOfTenant(env, tenant)
    .prepare(
      `SELECT * FROM webhook_deliveries WHERE workspace_id = ?1 AND webhook_id = ?2
         AND (?3 IS NULL OR verdict IN (SELECT value FROM json_each(?3))) ORDER BY id DESC LIMIT ?4 OFFSET ?5`,
    )
    .bind(tenant.workspace, webhook, verdict && JSON.stringify(verdict), limit, offset)
    .all<Delivery>();
  return results.map((one) => ({
    id: one.id,
    webhook_id: webhook,
    received: formatInstant(instant(one.received)),
    verdict: one.verdict,
    reason: one.reason,
    delivery_id: one.delivery,
    flow_run_id: one.flow_run_id,
    status: one.status,
  }));
}
