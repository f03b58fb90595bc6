/** Webhooks as they are kept: their rows, and what a delivery needs of them. */
import type { VerificationInput, VerificationType, WireWebhook } from "@millrace/contract/webhooks.ts";
import { STARS } from "@millrace/domain/block/secrets.ts";
import { formatInstant, instant } from "@millrace/domain/time.ts";
import { shardOf } from "../../durable-objects/env.ts";
import { Remembered } from "../../durable-objects/kit/remembered.ts";
import type { Tenant } from "../auth/credential.ts";
import type { Verification } from "../auth/hook-signatures.ts";
import { shardOfSlug } from "../auth/keys.ts";
import type { Env } from "../env.ts";
import { open, seal } from "../secrets/vault.ts";
import { notFound } from "./refusal.ts";
import { shardOfTenant } from "./shard.ts";

export interface WebhookRow {
  workspace_id: string;
  account_id: string;
  id: string;
  name: string;
  description: string;
  enabled: number;
  service_account_id: string | null;
  template: string;
  slug: string;
  deployment_id: string | null;
  verification: VerificationType | null;
  secrets: string | null;
  created: number;
  updated: number;
}

export const WEBHOOK_COLUMNS = `w.workspace_id, w.account_id, w.id, w.name, w.description, w.enabled, w.service_account_id, w.template,
  w.slug, w.deployment_id, w.verification, w.secrets, w.created, w.updated`;

/** A webhook of the tenant's. */
export async function readWebhook(env: Env, tenant: Tenant, id: string): Promise<WebhookRow> {
  const row = await shardOfTenant(env, tenant)
    .prepare(`SELECT ${WEBHOOK_COLUMNS} FROM webhooks w WHERE w.workspace_id = ?1 AND w.id = ?2`)
    .bind(tenant.workspace, id)
    .first<WebhookRow>();
  return row ?? notFound("webhook", id);
}

export const webhookToWire = async (env: Env, tenant: Tenant, row: WebhookRow): Promise<WireWebhook> => ({
  id: row.id,
  created: formatInstant(instant(row.created)),
  updated: formatInstant(instant(row.updated)),
  account: row.account_id,
  workspace: row.workspace_id,
  name: row.name,
  description: row.description,
  enabled: row.enabled === 1,
  service_account_id: row.service_account_id,
  template: row.template,
  slug: row.slug,
  deployment_id: row.deployment_id,
  verification: row.verification && {
    type: row.verification,
    secrets: (await secretsOf(env, tenant, row)).map(() => STARS),
  },
});

/** Secrets as they are kept. */
export const sealSecrets = (env: Env, tenant: Tenant, id: string, { secrets }: VerificationInput): Promise<string> =>
  seal(env, tenant, `webhook/${id}`, JSON.stringify(secrets));

/** A webhook's secrets, opened. */
export const secretsOf = async (env: Env, tenant: Tenant, { id, secrets }: WebhookRow): Promise<string[]> =>
  secrets === null ? [] : (JSON.parse(await open(env, tenant, `webhook/${id}`, secrets)) as string[]);

/** A webhook that a delivery came to. */
export interface Hook {
  row: WebhookRow;
  tenant: Tenant;
  verification: Verification | null;
}

const hooksBySlug = new Remembered<Hook>();

/** The webhook of an address; null where there is none. An address that was not made here asks no database. */
export async function hookAt(env: Env, slug: string): Promise<Hook | null> {
  const shard = shardOfSlug(env.KEY_PEPPER, slug);
  return shard === null ? null : hooksBySlug.get(slug, () => readHook(env, shard, slug));
}

/** Has the next delivery to an address look anew. */
export const forgetHook = (slug: string): void => hooksBySlug.forget(slug);

async function readHook(env: Env, shard: number, slug: string): Promise<Hook | null> {
  const row = await shardOf(env, shard)
    .prepare(`SELECT ${WEBHOOK_COLUMNS} FROM webhooks w WHERE w.slug = ?1`)
    .bind(slug)
    .first<WebhookRow>();
  if (!row) return null;
  const tenant = { workspace: row.workspace_id, account: row.account_id, shard };
  const verification = row.verification && { type: row.verification, secrets: await secretsOf(env, tenant, row) };
  return { row, tenant, verification };
}
