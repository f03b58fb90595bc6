/** What holds for a whole account, and the networks from which it is reached: the cloud's shapes, as `prefect cloud ip-allowlist` asks. */
import { MOST_NETWORKS } from "@millrace/domain/access/allow-list.ts";
import { formatNetwork, parseNetwork } from "@millrace/domain/access/network.ts";
import { z } from "zod";
import { endpoint } from "./endpoint.ts";
import { Name, Uuid } from "./wire.ts";

const ByAccount = z.object({ account_id: Uuid });

const Settings = z.object({
  allow_public_workspaces: z.boolean(),
  ai_log_summaries: z.boolean(),
  managed_execution: z.boolean(),
  enforce_ip_allowlist: z.boolean(),
  enforce_webhook_authentication: z.boolean(),
  self_healing_enabled: z.boolean(),
  enabled_feature_flags: z.array(z.string()),
  default_result_storage: z.null(),
});
export type WireAccountSettings = z.output<typeof Settings>;

/** A switch of the cloud's that has nothing behind it here: it is off, and stays so. */
const Off = z.literal(false, "This server does not have it: it can only be off").nullish();

const Network = z.string().transform((text, context): string => {
  const network = parseNetwork(text);
  if (typeof network !== "string") return formatNetwork(network);
  context.addIssue({ code: "custom", message: network });
  return z.NEVER;
});

const Entry = z.object({
  ip_network: Network,
  enabled: z.boolean().default(true),
  description: Name.nullish().transform((description) => description ?? null),
});

const Entries = z
  .array(Entry)
  .max(MOST_NETWORKS)
  .superRefine((entries, context) => {
    for (const [at, { ip_network }] of entries.entries())
      if (entries.findIndex((entry) => entry.ip_network === ip_network) < at)
        context.addIssue({ code: "custom", path: [at, "ip_network"], message: `${ip_network} is on the list already` });
  });

export const accountSettings = {
  read: endpoint({
    method: "GET",
    path: "/settings",
    base: "account",
    scope: "any credential",
    params: ByAccount,
    status: 200,
    result: Settings,
    summary: "The settings of the account.",
  }),
  update: endpoint({
    method: "PATCH",
    path: "/settings",
    base: "account",
    scope: "update:account",
    params: ByAccount,
    body: z.strictObject({
      allow_public_workspaces: Off,
      ai_log_summaries: Off,
      managed_execution: Off,
      enforce_ip_allowlist: z.boolean().nullish(),
      enforce_webhook_authentication: Off,
      self_healing_enabled: Off,
      default_result_storage: z.null().optional(),
    }),
    status: 204,
    summary: "Changes settings of the account, among them whether its allow list is in force.",
  }),
  readAllowList: endpoint({
    method: "GET",
    path: "/ip_allowlist",
    base: "account",
    scope: "read:ip_allowlist",
    params: ByAccount,
    status: 200,
    result: z.object({
      entries: z.array(
        z.object({
          ip_network: z.string(),
          enabled: z.boolean(),
          description: z.string().nullable(),
          last_seen: z.string().nullable(),
        }),
      ),
    }),
    summary: "The networks from which the account is reached, where the list is in force.",
  }),
  replaceAllowList: endpoint({
    method: "PUT",
    path: "/ip_allowlist",
    base: "account",
    scope: "update:ip_allowlist",
    params: ByAccount,
    body: z.object({ entries: Entries }),
    status: 204,
    summary: "Replaces the networks from which the account is reached.",
  }),
  myAccess: endpoint({
    method: "GET",
    path: "/ip_allowlist/my_access",
    base: "account",
    scope: "any credential",
    params: ByAccount,
    status: 200,
    result: z.object({ allowed: z.boolean(), detail: z.string() }),
    summary: "Whether the caller would be let in if the allow list were in force.",
  }),
};
