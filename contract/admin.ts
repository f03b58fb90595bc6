/** What clients ask before they begin: versions, health, CSRF, result storage. */
import { z } from "zod";
import { endpoint } from "./endpoint.ts";
import { SettingsOut } from "./server-settings.ts";
import { Uuid } from "./wire.ts";

/** The Prefect version whose wire this is. Clients compare its major number with their own. */
export const PREFECT_VERSION = "3.9.1";

export const admin = {
  health: endpoint({
    method: "GET",
    path: "/health",
    base: "root",
    scope: "public",
    status: 200,
    result: z.literal(true),
    summary: "True while the service answers.",
  }),
  ready: endpoint({
    method: "GET",
    path: "/ready",
    base: "root",
    scope: "public",
    status: 200,
    result: z.object({ message: z.literal("OK") }),
    summary: "Says OK when the databases answer too.",
  }),
  version: endpoint({
    method: "GET",
    path: "/admin/version",
    scope: "any credential",
    status: 200,
    result: z.string(),
    summary: "The version of Prefect's API that is spoken here.",
  }),
  serverVersion: endpoint({
    method: "GET",
    path: "/version",
    scope: "any credential",
    status: 200,
    result: z.string(),
    summary: "The version of Prefect's API that is spoken here.",
  }),
  storage: endpoint({
    method: "GET",
    path: "/admin/storage",
    scope: "any credential",
    status: 200,
    result: z.object({ default_result_storage_block_id: z.uuid().nullable() }),
    summary: "The block in which results are stored by default, where one is set.",
  }),
  setStorage: endpoint({
    method: "PUT",
    path: "/admin/storage",
    scope: "manage_blocks",
    body: z.strictObject({ default_result_storage_block_id: Uuid }),
    status: 200,
    result: z.object({ default_result_storage_block_id: z.uuid().nullable() }),
    summary: "Sets the block in which results are stored by default: one of a type that can be written to.",
  }),
  clearStorage: endpoint({
    method: "DELETE",
    path: "/admin/storage",
    scope: "manage_blocks",
    status: 204,
    summary: "Sets that results are stored where the client stores them.",
  }),
  settings: endpoint({
    method: "GET",
    path: "/admin/settings",
    scope: "any credential",
    status: 200,
    result: SettingsOut,
    summary: "The settings that hold here, by Prefect's names.",
  }),
  hello: endpoint({
    method: "GET",
    path: "/hello",
    scope: "any credential",
    status: 200,
    result: z.string(),
    summary: "Says hello.",
  }),
  csrfToken: endpoint({
    method: "GET",
    path: "/csrf-token",
    scope: "any credential",
    query: z.object({ client: z.string().max(1000) }),
    status: 422,
    result: z.object({ detail: z.string() }),
    summary: "Answers that no CSRF token is needed: keys and tokens are not sent by browsers of their own accord.",
  }),
};
