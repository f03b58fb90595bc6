/**
 * The block types that every workspace has from its birth: those that Prefect's own package knows, with the fields that its classes have.
 *
 * A schema is kept under the checksum that Prefect 3.9.1 makes of its class, so that a block which was made here by hand is loaded by
 * that class without a word, and its program does not register the schema once more.
 */
import type { JsonObject } from "@millrace/domain/json.ts";
import { uuidv7 } from "uuidv7";
import { shardOf } from "../../durable-objects/env.ts";
import type { Tenant } from "../auth/credential.ts";
import type { Env } from "../env.ts";

/** The version of Prefect whose classes these are. */
const VERSION = "3.9.1";
const FILES = ["get-directory", "write-path", "put-directory", "read-path"];
const NOTIFIES = ["notify"];

interface SystemBlock {
  name: string;
  slug: string;
  /** The name of its class. */
  title: string;
  checksum: string;
  description: string;
  capabilities: readonly string[];
  required: readonly string[];
  secrets: readonly string[];
  fields: { readonly [name: string]: JsonObject };
}

const field = (title: string, description: string, schema: JsonObject): JsonObject => ({
  title,
  description,
  ...schema,
});
const TEXT: JsonObject = { type: "string" };
const HIDDEN: JsonObject = { type: "string", format: "password", writeOnly: true };
const TEXTS: JsonObject = { type: "array", items: TEXT };
const NAMED_TEXTS: JsonObject = { type: "object", additionalProperties: TEXT };
const NUMBER: JsonObject = { type: "integer" };
const or = (schema: JsonObject, fallback: string | number | null = null): JsonObject => ({
  anyOf: [schema, { type: "null" }],
  default: fallback,
});
const flag = (fallback: boolean): JsonObject => ({ type: "boolean", default: fallback });
const oneOf = (values: string[], fallback = values[0] as string): JsonObject => ({
  type: "string",
  enum: values,
  default: fallback,
});

const METHOD = field("Method", "How the address is called.", oneOf(["GET", "POST", "PUT", "PATCH", "DELETE"], "POST"));
const PRIVATE = field("Allow Private Urls", "Whether the address may lie in a private network.", flag(true));
const NOTIFY_TYPE = field(
  "Notify Type",
  "How the message is to look.",
  oneOf(["info", "success", "warning", "failure"]),
);
const image = (fallback: boolean): JsonObject =>
  field("Include Image", "Whether a picture goes with the message.", flag(fallback));
const REGION = field("Region Name", "The region of the account.", oneOf(["us", "eu"]));

const BLOCKS: readonly SystemBlock[] = [
  {
    ...{ name: "Secret", slug: "secret", title: "Secret", capabilities: [], required: ["value"], secrets: ["value"] },
    checksum: "c078ed9c1e813e224c0b353d7ad4564a11d51d3198d9ac0686478165a1911c78",
    description: "One value that is kept sealed, and shown to nobody who may not read secrets.",
    fields: {
      value: field("Value", "What is to be kept secret: text, or any JSON.", {
        anyOf: [HIDDEN, { title: "string", type: "string" }, { title: "JSON", $ref: "#/definitions/JsonValue" }],
        format: "password",
        writeOnly: true,
      }),
    },
  },
  {
    ...{ name: "Webhook", slug: "webhook", title: "Webhook", capabilities: [], required: ["url"] },
    checksum: "58bb03f0d84592252ad568ed9a8c899792ae5d0ad2dd4a2428e99674f9050cf1",
    description: "An address that flows call, with the headers that go along.",
    secrets: ["url", "headers.*"],
    fields: {
      method: METHOD,
      url: field("Webhook URL", "The address.", HIDDEN),
      headers: field("Webhook Headers", "Headers of each call.", { type: "object" }),
      allow_private_urls: PRIVATE,
      verify: field("Verify", "Whether the certificate of the address has to hold.", flag(true)),
    },
  },
  {
    ...{ name: "Local File System", slug: "local-file-system", title: "LocalFileSystem", capabilities: FILES },
    checksum: "0fc8b7f936f38f465715ef2df4a817ac9fe38b80bb01d5c6c9649a6da6ae6971",
    description: "A folder of the machine on which a flow runs.",
    ...{ required: [], secrets: [] },
    fields: { basepath: field("Basepath", "The folder in which files are written and read.", or(TEXT)) },
  },
  {
    ...{ name: "Remote File System", slug: "remote-file-system", title: "RemoteFileSystem", capabilities: FILES },
    checksum: "3bca63009aa57af6c7053fc17a2a336a1e1801bbb19ca2c5939b59afe435c531",
    description: "A store that fsspec reaches by the protocol of its address, such as s3://bucket/folder/.",
    ...{ required: ["basepath"], secrets: [] },
    fields: {
      basepath: field("Basepath", "Where files are written and read, with the protocol.", TEXT),
      settings: field("Settings", "What fsspec is told besides.", { type: "object" }),
    },
  },
  {
    ...{ name: "SMB", slug: "smb", title: "SMB", capabilities: FILES, required: ["share_path", "smb_host"] },
    checksum: "849cd014b777a64ee219f6b8b13c15b37c34ea4138d9224c4d45bf00ba2e4681",
    description: "A share of a Windows or Samba server.",
    secrets: ["smb_username", "smb_password"],
    fields: {
      share_path: field("Share Path", "The share, and the folder in it.", TEXT),
      smb_username: field("SMB Username", "Who signs in.", or(HIDDEN)),
      smb_password: field("SMB Password", "The password of whoever signs in.", or(HIDDEN)),
      smb_host: field("SMB server/hostname", "The server.", TEXT),
      smb_port: field("SMB port", "The server's port; 445 where none is given.", or(NUMBER)),
    },
  },
  {
    ...{ name: "Slack Webhook", slug: "slack-webhook", title: "SlackWebhook", capabilities: NOTIFIES },
    checksum: "415bae7e5906d98e387f8848ccdfd3f3b9cdf01624f08ca228709e1193ac005f",
    description: "Messages to a channel of Slack, by an incoming webhook.",
    ...{ required: ["url"], secrets: ["url"] },
    fields: {
      notify_type: NOTIFY_TYPE,
      url: field("Webhook URL", "The address that Slack gave the webhook.", HIDDEN),
      allow_private_urls: PRIVATE,
    },
  },
  {
    ...{ name: "Microsoft Teams Webhook", slug: "ms-teams-webhook", title: "MicrosoftTeamsWebhook" },
    checksum: "213ff858fcad8ecddb90a120636c5461fc8ad6fb2877188c9e79f07e6c390c7c",
    description: "Messages to a channel of Teams, by a workflow of Power Automate.",
    ...{ capabilities: NOTIFIES, required: ["url"], secrets: ["url"] },
    fields: {
      notify_type: NOTIFY_TYPE,
      url: field("Webhook URL", "The address of the workflow.", HIDDEN),
      allow_private_urls: PRIVATE,
      include_image: image(true),
      wrap: field("Wrap", "Whether long lines of the message are broken.", flag(true)),
    },
  },
  {
    ...{ name: "Discord Webhook", slug: "discord-webhook", title: "DiscordWebhook", capabilities: NOTIFIES },
    checksum: "b3ea94c0ce1573b22c0e7bf2457f5f52a210327e0f7be05c74970a246304b1e2",
    description: "Messages to a channel of Discord.",
    ...{ required: ["webhook_id", "webhook_token"], secrets: ["webhook_id", "webhook_token"] },
    fields: {
      notify_type: NOTIFY_TYPE,
      webhook_id: field("Webhook Id", "The first part of the webhook's address.", HIDDEN),
      webhook_token: field("Webhook Token", "The second part of the webhook's address.", HIDDEN),
      botname: field("Bot name", "Under which name the message comes.", or(TEXT)),
      tts: field("Tts", "Whether the message is read aloud.", flag(false)),
      include_image: image(false),
      avatar: field("Avatar", "Whether the sender has a picture of its own.", flag(false)),
      avatar_url: field("Avatar URL", "Where that picture is.", or(TEXT)),
    },
  },
  {
    ...{ name: "Mattermost Webhook", slug: "mattermost-webhook", title: "MattermostWebhook", capabilities: NOTIFIES },
    checksum: "34daad1160b59fb6d5c8fc59d09abb2cbf9c2283b7b9f6a76cbaad827002d14c",
    description: "Messages to channels of a Mattermost server.",
    ...{ required: ["hostname", "token"], secrets: ["token"] },
    fields: {
      notify_type: NOTIFY_TYPE,
      hostname: field("Hostname", "The server.", TEXT),
      secure: field("Secure", "Whether it is called over HTTPS.", flag(false)),
      token: field("Token", "The token of the webhook.", HIDDEN),
      botname: field("Bot name", "Under which name the message comes.", or(TEXT)),
      channels: field("Channels", "The channels that get the message.", or(TEXTS)),
      include_image: image(false),
      path: field("Path", "What comes between the server and the webhook in the address.", or(TEXT)),
      port: field("Port", "The server's port.", { type: "integer", default: 8065 }),
    },
  },
  {
    ...{ name: "Pager Duty Webhook", slug: "pager-duty-webhook", title: "PagerDutyWebHook", capabilities: NOTIFIES },
    checksum: "78ccfd9313655493e834f59f515865f3160bd395b6003d6e664fefd1a6f49c86",
    description: "Incidents of PagerDuty.",
    ...{ required: ["integration_key", "api_key"], secrets: ["integration_key", "api_key"] },
    fields: {
      notify_type: NOTIFY_TYPE,
      integration_key: field("Integration Key", "The key of the integration with the Events API, version 2.", HIDDEN),
      api_key: field("API Key", "A key of PagerDuty's API.", HIDDEN),
      source: field("Source", "What the incident says that it comes from.", or(TEXT, "Prefect")),
      component: field("Component", "The part that the incident is about.", {
        type: "string",
        default: "Notification",
      }),
      group: field("Group", "The group of parts that it belongs to.", or(TEXT)),
      class_id: field("Class ID", "The kind of the incident.", or(TEXT)),
      region_name: REGION,
      clickable_url: field("Clickable URL", "An address to go on from.", or({ type: "string", format: "uri" })),
      include_image: image(true),
      custom_details: field("Custom Details", "What else the incident says.", or(NAMED_TEXTS)),
    },
  },
  {
    ...{ name: "Opsgenie Webhook", slug: "opsgenie-webhook", title: "OpsgenieWebhook", capabilities: NOTIFIES },
    checksum: "c9d307a75b69d82460134069d071804fefde0ec2c2b9aed67c90201fee041755",
    description: "Alerts of Opsgenie.",
    ...{ required: ["apikey"], secrets: ["apikey"] },
    fields: {
      notify_type: NOTIFY_TYPE,
      apikey: field("API Key", "A key of Opsgenie's API.", HIDDEN),
      target_user: field("Target User", "Users that are told.", or(TEXTS)),
      target_team: field("Target Team", "Teams that are told.", or(TEXTS)),
      target_schedule: field("Target Schedule", "Schedules whose people are told.", or(TEXTS)),
      target_escalation: field("Target Escalation", "Escalations that begin.", or(TEXTS)),
      region_name: REGION,
      batch: field("Batch", "Whether all are told in one call.", flag(false)),
      tags: field("Tags", "Tags of the alert.", or(TEXTS)),
      priority: field("Priority", "From 1, low, to 5, an emergency.", or(NUMBER, 3)),
      alias: field("Alias", "By which the alert is known to other tools.", or(TEXT)),
      entity: field("Entity", "What the alert is about.", or(TEXT)),
      details: field("Details", "What else the alert says.", or(NAMED_TEXTS)),
    },
  },
  {
    ...{ name: "Twilio SMS", slug: "twilio-sms", title: "TwilioSMS", capabilities: NOTIFIES, secrets: ["auth_token"] },
    checksum: "2ab73fedd20ff1c25ffcc47f5b4a7a86c70c307321af1262f9d03defba5c8cc6",
    description: "Text messages to telephones, by Twilio.",
    required: ["account_sid", "auth_token", "from_phone_number", "to_phone_numbers"],
    fields: {
      notify_type: NOTIFY_TYPE,
      account_sid: field("Account Sid", "The account at Twilio.", TEXT),
      auth_token: field("Auth Token", "The account's token.", HIDDEN),
      from_phone_number: field("From Phone Number", "The number from which messages come.", TEXT),
      to_phone_numbers: field("To Phone Numbers", "The numbers that get them.", TEXTS),
    },
  },
  {
    ...{ name: "Sendgrid Email", slug: "sendgrid-email", title: "SendgridEmail", capabilities: NOTIFIES },
    checksum: "b67583d3b7ce215cd84a58ba42bb8936294cc1417ff3fe54d0fb08447932c6f2",
    description: "Mail, sent by SendGrid.",
    ...{ required: ["api_key", "sender_email", "to_emails"], secrets: ["api_key"] },
    fields: {
      notify_type: NOTIFY_TYPE,
      api_key: field("API Key", "A key of SendGrid's API.", HIDDEN),
      sender_email: field("Sender email id", "From which address mail comes.", TEXT),
      to_emails: field("Recipient emails", "The addresses that get it.", TEXTS),
    },
  },
  {
    ...{ name: "Custom Webhook", slug: "custom-webhook", title: "CustomWebhookNotificationBlock" },
    checksum: "69076241f2b9959ae97554957a22ec428886b46f6ed4732af160e117d487c0cf",
    description:
      "Messages to any address. In texts {{subject}}, {{body}}, {{name}} and the names of secrets are replaced.",
    ...{ capabilities: NOTIFIES, required: ["name", "url"], secrets: ["secrets.*"] },
    fields: {
      name: field("Name", "What the webhook is called.", TEXT),
      url: field("Webhook URL", "The address.", TEXT),
      method: METHOD,
      params: field("Query Params", "What follows the address behind a question mark.", or(NAMED_TEXTS)),
      json_data: field("JSON Data", "What is sent, as JSON.", or({ type: "object", additionalProperties: true })),
      form_data: field("Form Data", "What is sent, as a form; not beside JSON.", {
        anyOf: [NAMED_TEXTS, TEXT, { type: "null" }],
        default: null,
      }),
      headers: field("Headers", "Headers of the call.", or(NAMED_TEXTS)),
      cookies: field("Cookies", "Cookies of the call.", or(NAMED_TEXTS)),
      timeout: field("Timeout", "Seconds after which the call is given up.", { type: "number", default: 10 }),
      allow_private_urls: PRIVATE,
      secrets: field("Custom Secret Values", "Values that texts may name, kept sealed.", { type: "object" }),
    },
  },
];

const PROTECTED: ReadonlySet<string> = new Set(["secret", "webhook", "local-file-system"]);

/** Whether programs rely on a type, so that nobody may delete it. */
export const isProtected = (slug: string): boolean => PROTECTED.has(slug);

/** Workspaces that were seen to have them. */
const complete = new Set<string>();
/** Most workspaces that are remembered. */
const MOST = 10_000;

/**
 * Gives a workspace that was made before there were these blocks those that it lacks. Asked before blocks are looked up; once it was
 * seen to be complete, it costs nothing.
 *
 * AP146 Only types that nobody can delete are looked for: another one that is missing was deleted by somebody.
 */
export async function ensureSystemBlocks(env: Env, tenant: Pick<Tenant, "workspace" | "shard">): Promise<void> {
  if (complete.has(tenant.workspace)) return;
  const { results } = await shardOf(env, tenant.shard)
    .prepare("SELECT slug FROM block_types WHERE workspace_id = ?1 AND slug IN (SELECT value FROM json_each(?2))")
    .bind(tenant.workspace, JSON.stringify([...PROTECTED]))
    .all();
  if (results.length < PROTECTED.size) await installSystemBlocks(env, tenant);
  if (complete.size >= MOST) complete.clear();
  complete.add(tenant.workspace);
}

/** A block's schema as the wire has it. */
function schemaOf({ slug, title, description, fields, required, secrets }: SystemBlock): JsonObject {
  return {
    block_type_slug: slug,
    title,
    description,
    type: "object",
    properties: Object.fromEntries(Object.entries(fields).map(([name, one], position) => [name, { ...one, position }])),
    ...(required.length > 0 && { required: [...required] }),
    secret_fields: [...secrets],
    block_schema_references: {},
    ...(slug === "secret" && { definitions: { JsonValue: {} } }),
  };
}

/** Gives a workspace those of these types that it lacks. */
export async function installSystemBlocks(env: Env, tenant: Pick<Tenant, "workspace" | "shard">): Promise<void> {
  const shard = shardOf(env, tenant.shard);
  const now = Date.now() * 1000;
  const rows = BLOCKS.map((block) => ({
    ...{ id: uuidv7(), schema: uuidv7(), name: block.name, slug: block.slug, description: block.description },
    checksum: `sha256:${block.checksum}`,
    fields: JSON.stringify(schemaOf(block)),
    capabilities: JSON.stringify(block.capabilities),
  }));
  const given = JSON.stringify(rows);
  await shard.batch([
    shard
      .prepare(
        `INSERT INTO block_types (workspace_id, id, name, slug, description, created, updated)
         SELECT ?1, b.value ->> 'id', b.value ->> 'name', b.value ->> 'slug', b.value ->> 'description', ?3, ?3 FROM json_each(?2) b
         WHERE 1 ON CONFLICT (workspace_id, slug) DO NOTHING`,
      )
      .bind(tenant.workspace, given, now),
    shard
      .prepare(
        `INSERT INTO block_schemas (workspace_id, id, block_type_id, checksum, version, fields, capabilities, created, updated)
         SELECT ?1, b.value ->> 'schema', t.id, b.value ->> 'checksum', ?4, b.value ->> 'fields', b.value ->> 'capabilities', ?3, ?3
         FROM json_each(?2) b JOIN block_types t ON t.workspace_id = ?1 AND t.slug = b.value ->> 'slug'
         WHERE 1 ON CONFLICT (workspace_id, checksum, version) DO NOTHING`,
      )
      .bind(tenant.workspace, given, now, VERSION),
  ]);
}
