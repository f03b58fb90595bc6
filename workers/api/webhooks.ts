/**
 * Webhooks that come in, as people manage them. What comes to them is received in hooks.ts.
 *
 * AP112 Webhooks are what the cloud's are; an address is not guessed, and one that was rotated, turned off or deleted takes nothing.
 * AP113 Secrets lie sealed and are shown to nobody; stars that come back stand for what they hid, and an empty one is refused. Whoever
 *       ties a webhook to a deployment may run it.
 */
import {
  type VerificationInput,
  type WebhookSort,
  type WireDelivery,
  type WireServiceAccount,
  webhooks,
} from "@millrace/contract/webhooks.ts";
import { STARS } from "@millrace/domain/block/secrets.ts";
import { parseTemplate, TemplateFault } from "@millrace/domain/hook/template.ts";
import { uuidv7 } from "uuidv7";
import { allows, type Credential, type Tenant } from "../auth/credential.ts";
import { standardSecret } from "../auth/hook-signatures.ts";
import { makeSlug } from "../auth/keys.ts";
import { type ServiceAccountRow, serviceAccounts, serviceAccountToWire } from "../auth/service-accounts.ts";
import type { Env } from "../env.ts";
import { findDeployment } from "./deployment-records.ts";
import { listDeliveries } from "./hook-deliveries.ts";
import { Refusal } from "./refusal.ts";
import { type App, serve } from "./serve.ts";
import { shardOfTenant } from "./shard.ts";
import {
  forgetHook,
  readWebhook,
  sealSecrets,
  secretsOf,
  WEBHOOK_COLUMNS,
  type WebhookRow,
  webhookToWire,
} from "./webhook-records.ts";

const ORDERS: { readonly [Sort in WebhookSort]: string } = {
  CREATED_ASC: "w.created ASC",
  CREATED_DESC: "w.created DESC",
  UPDATED_ASC: "w.updated ASC",
  UPDATED_DESC: "w.updated DESC",
  NAME_ASC: "w.name ASC",
  NAME_DESC: "w.name DESC",
  KEY_EXPIRATION_ASC: "w.id ASC",
  KEY_EXPIRATION_DESC: "w.id ASC",
};
/** Webhooks of a workspace. */
const MOST_WEBHOOKS = 1_000;

/** Webhooks. */
export function serveWebhooks(app: App): void {
  serve(app, webhooks.create, async ({ env, tenant, body, credential }) => {
    const now = Date.now() * 1000;
    const id = uuidv7();
    const verification = body.verification ?? null;
    await mustHold(env, tenant, credential, { ...body, verification, deployment_id: body.deployment_id ?? null });
    const row: WebhookRow = {
      ...{ workspace_id: tenant.workspace, account_id: tenant.account, id },
      ...{ name: body.name, description: body.description, enabled: body.enabled ? 1 : 0 },
      ...{ service_account_id: body.service_account_id, template: body.template },
      ...{ slug: makeSlug(env.KEY_PEPPER, tenant.shard), deployment_id: body.deployment_id ?? null },
      verification: verification?.type ?? null,
      secrets: verification && (await sealSecrets(env, tenant, id, verification)),
      ...{ created: now, updated: now },
    };
    const { meta } = await shardOfTenant(env, tenant)
      .prepare(
        `INSERT INTO webhooks (workspace_id, account_id, id, name, description, enabled, service_account_id, template, slug,
           deployment_id, verification, secrets, created, updated)
         SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?13
         WHERE (SELECT count(*) FROM webhooks WHERE workspace_id = ?1) < ${MOST_WEBHOOKS}`,
      )
      .bind(...Object.values(row).slice(0, 13))
      .run();
    if (meta.changes === 0)
      throw new Refusal({
        code: "conflict",
        what: "list of webhooks",
        is: "full",
        must: "Delete one that is not used.",
      });
    return webhookToWire(env, tenant, row);
  });

  serve(app, webhooks.read, async ({ env, tenant, params }) => {
    const [read] = await withAccounts(env, tenant, [await readWebhook(env, tenant, params.id)]);
    return read as Read;
  });

  serve(app, webhooks.filter, async ({ env, tenant, body: { sort, limit, offset } }) => {
    const byKey = sort.startsWith("KEY_EXPIRATION");
    const { results } = await shardOfTenant(env, tenant)
      .prepare(
        `SELECT ${WEBHOOK_COLUMNS} FROM webhooks w WHERE w.workspace_id = ?1 ORDER BY ${ORDERS[sort]}, w.id LIMIT ?2 OFFSET ?3`,
      )
      .bind(tenant.workspace, ...(byKey ? [MOST_WEBHOOKS, 0] : [limit, offset]))
      .all<WebhookRow>();
    const read = await withAccounts(env, tenant, results);
    if (!byKey) return read;
    const direction = sort.endsWith("ASC") ? 1 : -1;
    return read.sort((a, b) => direction * expiryOf(a).localeCompare(expiryOf(b))).slice(offset, offset + limit);
  });

  serve(app, webhooks.update, async ({ env, tenant, params, body, credential }) => {
    const known = await readWebhook(env, tenant, params.id);
    const deployment = body.deployment_id === undefined ? known.deployment_id : body.deployment_id;
    const verification =
      body.verification === undefined
        ? await verificationOf(env, tenant, known)
        : body.verification && (await unstarred(env, tenant, known, body.verification));
    await mustHold(env, tenant, credential, { ...body, verification, deployment_id: deployment });
    await shardOfTenant(env, tenant)
      .prepare(
        `UPDATE webhooks SET name = ?3, description = ?4, enabled = ?5, service_account_id = ?6, template = ?7, deployment_id = ?8,
           verification = ?9, secrets = ?10, updated = ?11 WHERE workspace_id = ?1 AND id = ?2`,
      )
      .bind(
        ...[tenant.workspace, known.id, body.name, body.description, body.enabled ? 1 : 0, body.service_account_id],
        ...[body.template, deployment, verification?.type ?? null],
        verification && (await sealSecrets(env, tenant, known.id, verification)),
        Date.now() * 1000,
      )
      .run();
    forgetHook(known.slug);
  });

  serve(app, webhooks.partialUpdate, async ({ env, tenant, params, body }) => {
    const { slug } = await readWebhook(env, tenant, params.id);
    await shardOfTenant(env, tenant)
      .prepare("UPDATE webhooks SET enabled = ?3, updated = ?4 WHERE workspace_id = ?1 AND id = ?2")
      .bind(tenant.workspace, params.id, body.enabled ? 1 : 0, Date.now() * 1000)
      .run();
    forgetHook(slug);
  });

  serve(app, webhooks.remove, async ({ env, tenant, params }) => {
    const { slug } = await readWebhook(env, tenant, params.id);
    const shard = shardOfTenant(env, tenant);
    const at = [tenant.workspace, params.id];
    await shard.batch([
      shard.prepare("DELETE FROM webhooks WHERE workspace_id = ?1 AND id = ?2").bind(...at),
      shard.prepare("DELETE FROM webhook_deliveries WHERE workspace_id = ?1 AND webhook_id = ?2").bind(...at),
    ]);
    forgetHook(slug);
  });

  serve(app, webhooks.rotate, async ({ env, tenant, params }) => {
    const known = await readWebhook(env, tenant, params.id);
    const slug = makeSlug(env.KEY_PEPPER, tenant.shard);
    await shardOfTenant(env, tenant)
      .prepare("UPDATE webhooks SET slug = ?3, updated = ?4 WHERE workspace_id = ?1 AND id = ?2")
      .bind(tenant.workspace, known.id, slug, Date.now() * 1000)
      .run();
    forgetHook(known.slug);
    return webhookToWire(env, tenant, await readWebhook(env, tenant, params.id));
  });

  serve(app, webhooks.deliveries, async ({ env, tenant, params, body }): Promise<WireDelivery[]> => {
    await readWebhook(env, tenant, params.id);
    return listDeliveries(env, tenant, params.id, body);
  });
}

type Read = Awaited<ReturnType<typeof webhookToWire>> & { service_account: WireServiceAccount | null };

async function withAccounts(env: Env, tenant: Tenant, rows: readonly WebhookRow[]): Promise<Read[]> {
  const wanted = rows.flatMap(({ service_account_id: id }) => id ?? []);
  const found = wanted.length > 0 ? await serviceAccounts(env, tenant, wanted) : new Map<string, ServiceAccountRow>();
  return Promise.all(
    rows.map(async (row) => {
      const account = row.service_account_id === null ? undefined : found.get(row.service_account_id);
      const shown = await webhookToWire(env, tenant, row);
      return { ...shown, service_account: account ? serviceAccountToWire(account) : null };
    }),
  );
}

/** Keys that do not end come last. */
const expiryOf = ({ service_account: account }: Read): string => account?.api_key.expiration ?? "~";

interface Wanted {
  template: string;
  service_account_id: string | null;
  deployment_id: string | null;
  verification: VerificationInput | null;
}

/** Refuses settings that cannot work, or that the caller may not make. */
async function mustHold(env: Env, tenant: Tenant, credential: Credential, wanted: Wanted): Promise<void> {
  const { verification, deployment_id: deployment, service_account_id: account } = wanted;
  const invalid = (field: string, message: string): never => {
    throw new Refusal({ code: "invalid", field, message });
  };
  if (account !== null && !(await serviceAccounts(env, tenant, [account])).has(account))
    invalid("service_account_id", "There is no such service account that reaches this workspace.");
  if (account !== null && verification?.type === "bearer")
    invalid("verification", "A service account's key and a bearer secret come in the same header: choose one.");
  if (verification?.type === "standard" && verification.secrets.some((secret) => standardSecret(secret) === null))
    invalid("verification.secrets", "A secret of Standard Webhooks is base64, with or without whsec_ before it.");
  if (deployment === null) return;
  const reach = credential.reach.get(tenant.workspace);
  if (!reach || !allows(credential, reach, "run_deployments"))
    throw new Refusal({ code: "forbidden", scope: "run_deployments" });
  if (!(await findDeployment(env, tenant, deployment))) invalid("deployment_id", "There is no such deployment.");
  try {
    parseTemplate(wanted.template);
  } catch (error) {
    if (!(error instanceof TemplateFault)) throw error;
    invalid("template", error.message);
  }
}

async function verificationOf(env: Env, tenant: Tenant, row: WebhookRow): Promise<VerificationInput | null> {
  return row.verification && { type: row.verification, secrets: await secretsOf(env, tenant, row) };
}

/** Stars stand for the secret that they hid, in its place. */
async function unstarred(
  env: Env,
  tenant: Tenant,
  row: WebhookRow,
  { type, secrets }: VerificationInput,
): Promise<VerificationInput> {
  if (!secrets.includes(STARS)) return { type, secrets };
  const known = await secretsOf(env, tenant, row);
  return { type, secrets: secrets.map((secret, at) => (secret === STARS ? (known[at] ?? secret) : secret)) };
}
