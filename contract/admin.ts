/** What clients ask before they begin: versions, health, CSRF, result storage, and an empty set of tag limits. */
import { z } from "zod";
import { endpoint } from "./endpoint.ts";
import { maybe, Name, Uuid } from "./wire.ts";

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
    summary: "The block in which results are stored by default; none is set.",
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

export const concurrencyLimits = {
  incrementWithLease: endpoint({
    method: "POST",
    path: "/v2/concurrency_limits/increment-with-lease",
    scope: "manage_concurrency_limits",
    body: z.strictObject({
      names: z.array(Name).min(1).max(1000),
      slots: z.int().min(1),
      mode: z.enum(["concurrency", "rate_limit"]).default("concurrency"),
      lease_duration: z.number().min(60).max(86_400).default(300),
      holder: maybe(z.object({ type: z.enum(["flow_run", "task_run", "deployment"]), id: Uuid })),
    }),
    status: 200,
    result: z.object({ lease_id: z.uuid(), limits: z.array(z.unknown()) }),
    summary: "Takes slots of the limits that have these names; names without a limit take none.",
  }),
};
