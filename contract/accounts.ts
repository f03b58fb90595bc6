/** Accounts, workspaces, and the keys of service accounts. */
import { z } from "zod";
import { endpoint } from "./endpoint.ts";
import { WORKSPACE_SCOPES } from "./scopes.ts";
import { maybe, Name, Timestamp, TimestampText, Uuid } from "./wire.ts";

const ByAccount = z.object({ account_id: Uuid });

export const WorkspaceOut = z.object({
  id: z.uuid(),
  created: TimestampText,
  updated: TimestampText,
  account_id: z.uuid(),
  name: z.string(),
  description: z.string(),
  handle: z.string(),
});
export type WireWorkspace = z.output<typeof WorkspaceOut>;

const ApiKeyOut = z.object({
  id: z.string(),
  created: TimestampText,
  name: z.string(),
  expiration: TimestampText.nullable(),
  /** The key itself; shown once. */
  key: z.string(),
});

export const BotOut = z.object({
  id: z.uuid(),
  created: TimestampText,
  updated: TimestampText,
  account_id: z.uuid(),
  name: z.string(),
  workspace_id: z.uuid(),
  scopes: z.array(z.string()),
  api_key: ApiKeyOut,
});
export type WireBot = z.output<typeof BotOut>;

export const accounts = {
  createWorkspace: endpoint({
    method: "POST",
    path: "/workspaces/",
    base: "account",
    scope: "create:workspace",
    params: ByAccount,
    body: z.strictObject({
      name: Name.min(1),
      handle: z
        .string()
        .max(100)
        .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, "Handles hold lowercase letters, digits and single dashes"),
      description: z.string().max(5000).nullish(),
    }),
    status: 201,
    result: WorkspaceOut,
    summary: "Makes a workspace.",
  }),
  createBot: endpoint({
    method: "POST",
    path: "/bots/",
    base: "account",
    scope: "create:bot",
    params: ByAccount,
    body: z.strictObject({
      name: Name.min(1),
      api_key_expiration: maybe(Timestamp),
      account_role_id: maybe(Uuid),
      workspace_id: maybe(Uuid),
      scopes: maybe(z.array(z.enum(WORKSPACE_SCOPES)).max(200)),
    }),
    status: 201,
    result: BotOut,
    summary: "Makes a service account with a key, which is shown once.",
  }),
  revokeBotKey: endpoint({
    method: "DELETE",
    path: "/bots/{bot_id}/delete_bot_api_key/{key_id}",
    base: "account",
    scope: "update:bot",
    params: z.object({ account_id: Uuid, bot_id: Uuid, key_id: Name }),
    status: 204,
    summary: "Revokes a key; it stops working everywhere within 30 seconds.",
  }),
};

export const me = {
  read: endpoint({
    method: "GET",
    path: "/me/",
    base: "root",
    scope: "any credential",
    status: 200,
    result: z.object({
      id: z.uuid(),
      actor_type: z.enum(["user", "service_account", "run"]),
      name: z.string(),
      handle: z.string(),
      email: z.string().nullable(),
    }),
    summary: "Who the credential stands for.",
  }),
  workspaces: endpoint({
    method: "GET",
    path: "/me/workspaces",
    base: "root",
    scope: "any credential",
    status: 200,
    result: z.array(
      z.object({
        account_id: z.uuid(),
        account_name: z.string(),
        account_handle: z.string(),
        workspace_id: z.uuid(),
        workspace_name: z.string(),
        workspace_description: z.string(),
        workspace_handle: z.string(),
      }),
    ),
    summary: "The workspaces that the credential reaches.",
  }),
  socketTicket: endpoint({
    method: "POST",
    path: "/me/ws-ticket",
    scope: "any credential",
    status: 201,
    result: z.object({ ticket: z.string(), expires_in: z.int() }),
    summary: "A token for the first frame of a browser's websocket: one minute, one workspace.",
  }),
};
