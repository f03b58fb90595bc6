/**
 * Webhooks that come in: the cloud's operations, and what is ours beside them: which deployment a delivery starts, how its signature
 * is checked, and what came.
 */
import { SIGNED_BY } from "@millrace/domain/hook/signature.ts";
import { z } from "zod";
import { endpoint } from "./endpoint.ts";
import { ById, Limit, maybe, Name, Offset, otherwise, TimestampText, Uuid } from "./wire.ts";

/** Bytes of a delivery that are taken. */
const BODY_LIMIT = 1024 * 1024;
/** Secrets that hold at once: the new one and the old, while one follows the other. */
const MOST_SECRETS = 5;

export const VERIFICATIONS = [...SIGNED_BY, "bearer"] as const;
export type VerificationType = (typeof VERIFICATIONS)[number];

const Secret = z
  .string()
  .max(1000)
  .refine((text) => text.trim() !== "", "A secret must not be empty");
const Verification = z.strictObject({
  type: z.enum(VERIFICATIONS),
  secrets: z.array(Secret).min(1, "A verification needs a secret").max(MOST_SECRETS),
});
export type VerificationInput = z.output<typeof Verification>;

const settings = {
  name: Name,
  description: Name.default(""),
  enabled: z.boolean().default(true),
  service_account_id: maybe(Uuid),
  template: z.string().max(30_000),
};
/** Ours. Absent from a change: as it was. */
const extension = { deployment_id: Uuid.nullish(), verification: Verification.nullish() };

export const WebhookOut = z.object({
  id: z.uuid(),
  created: TimestampText,
  updated: TimestampText,
  account: z.uuid(),
  workspace: z.uuid(),
  name: z.string(),
  description: z.string(),
  enabled: z.boolean(),
  service_account_id: z.uuid().nullable(),
  template: z.string(),
  slug: z.string(),
  deployment_id: z.uuid().nullable(),
  verification: z.object({ type: z.enum(VERIFICATIONS), secrets: z.array(z.string()) }).nullable(),
});
export type WireWebhook = z.output<typeof WebhookOut>;

const ServiceAccountOut = z.object({
  id: z.uuid(),
  created: TimestampText,
  updated: TimestampText,
  actor_id: z.uuid(),
  account_id: z.uuid(),
  name: z.string(),
  api_key: z.object({
    id: z.string(),
    created: TimestampText,
    updated: TimestampText,
    actor_id: z.uuid(),
    name: z.string(),
    expiration: TimestampText.nullable(),
    hash: z.string(),
    masked_key: z.string().nullable(),
  }),
});
export type WireServiceAccount = z.output<typeof ServiceAccountOut>;

const WebhookRead = WebhookOut.extend({ service_account: ServiceAccountOut.nullable() });

export const WEBHOOK_SORTS = [
  "CREATED_ASC",
  "CREATED_DESC",
  "UPDATED_ASC",
  "UPDATED_DESC",
  "NAME_ASC",
  "NAME_DESC",
  "KEY_EXPIRATION_ASC",
  "KEY_EXPIRATION_DESC",
] as const;
export type WebhookSort = (typeof WEBHOOK_SORTS)[number];

/**
 * What became of a delivery: it was taken; it was known and changed nothing; it did not show that it came from its sender; it could not
 * be made a run of; the service could not.
 */
export const DELIVERY_VERDICTS = ["ACCEPTED", "DUPLICATE", "REFUSED", "INVALID", "FAILED"] as const;
export type DeliveryVerdict = (typeof DELIVERY_VERDICTS)[number];

export const DeliveryOut = z.object({
  id: z.uuid(),
  webhook_id: z.uuid(),
  received: TimestampText,
  verdict: z.enum(DELIVERY_VERDICTS),
  /** Why, where it was not accepted. */
  reason: z.string().nullable(),
  /** What its sender calls it. */
  delivery_id: z.string().nullable(),
  flow_run_id: z.uuid().nullable(),
  /** What was answered. */
  status: z.int(),
});
export type WireDelivery = z.output<typeof DeliveryOut>;

export const webhooks = {
  create: endpoint({
    method: "POST",
    path: "/webhooks/",
    scope: "manage_webhooks",
    body: z.strictObject({ ...settings, ...extension }),
    status: 201,
    result: WebhookOut,
    summary: "Makes a webhook with an address that nobody guesses.",
  }),
  filter: endpoint({
    method: "POST",
    path: "/webhooks/filter",
    scope: "see_webhooks",
    body: z.object({ sort: otherwise(z.enum(WEBHOOK_SORTS), "NAME_ASC"), limit: Limit, offset: Offset }),
    optionalBody: true,
    status: 200,
    result: z.array(WebhookRead),
    summary: "Lists webhooks.",
  }),
  read: endpoint({
    method: "GET",
    path: "/webhooks/{id}",
    scope: "see_webhooks",
    params: ById,
    status: 200,
    result: WebhookRead,
    summary: "Reads a webhook.",
  }),
  update: endpoint({
    method: "PUT",
    path: "/webhooks/{id}",
    scope: "manage_webhooks",
    params: ById,
    body: z.strictObject({ ...settings, ...extension }),
    status: 204,
    summary: "Changes a webhook; what is ours stays where it is left out.",
  }),
  partialUpdate: endpoint({
    method: "PATCH",
    path: "/webhooks/{id}",
    scope: "manage_webhooks",
    params: ById,
    body: z.strictObject({ enabled: z.boolean().default(true) }),
    status: 204,
    summary: "Turns a webhook on or off.",
  }),
  remove: endpoint({
    method: "DELETE",
    path: "/webhooks/{id}",
    scope: "manage_webhooks",
    params: ById,
    status: 204,
    summary: "Deletes a webhook with what came to it.",
  }),
  rotate: endpoint({
    method: "POST",
    path: "/webhooks/{id}/rotate",
    scope: "manage_webhooks",
    params: ById,
    status: 200,
    result: WebhookOut,
    summary: "Gives a webhook another address; the old one is gone at once.",
  }),
  deliveries: endpoint({
    method: "POST",
    path: "/webhooks/{id}/deliveries/filter",
    scope: "see_webhooks",
    params: ById,
    body: z.object({ verdict: maybe(z.array(z.enum(DELIVERY_VERDICTS)).max(5)), limit: Limit, offset: Offset }),
    optionalBody: true,
    status: 200,
    result: z.array(DeliveryOut),
    summary: "Lists what came to a webhook, newest first.",
  }),
};

export const hooks = {
  receive: endpoint({
    method: "POST",
    path: "/hooks/{slug}",
    base: "root",
    scope: "public",
    params: z.object({ slug: z.string().max(100) }),
    bytes: true,
    limit: BODY_LIMIT,
    status: [201, 200],
    result: z.object({
      id: z.uuid(),
      verdict: z.enum(DELIVERY_VERDICTS),
      flow_run_id: z.uuid().nullable(),
    }),
    summary: "Takes a delivery: 201 where it began a run, 200 where it was known or begins none.",
  }),
};
