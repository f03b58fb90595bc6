/** The OpenAPI document of the API, made of the endpoint table when somebody asks. */

import type { EndpointRow } from "@millrace/contract/endpoint.ts";
import { endpoints } from "@millrace/contract/endpoints.ts";
import { z } from "zod";
import { json } from "./refusal.ts";
import type { App } from "./serve.ts";

/** Serves the document at `/api/openapi.json`. */
export function serveOpenApi(app: App): void {
  let text: string | null = null;
  app.get("/api/openapi.json", () => {
    text ??= JSON.stringify(openApiDocument());
    return new Response(text, json(null));
  });
}

/** The document. */
export function openApiDocument(): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const row of endpoints) {
    const path = pathOf(row);
    paths[path] ??= {};
    paths[path][row.method.toLowerCase()] = operation(row, path);
  }
  return {
    openapi: "3.1.0",
    info: { title: "Millrace", version: "1", description: "Prefect's wire, with what Millrace adds to it." },
    paths,
    components: {
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer", description: "An API key, or a token that it was exchanged for." },
        basic: { type: "http", scheme: "basic", description: "An API key as `<id>:<secret>`." },
      },
    },
  };
}

function pathOf({ base = "workspace", path }: EndpointRow): string {
  switch (base) {
    case "root":
      return `/api${path}`;
    case "account":
      return `/api/accounts/{account_id}${path}`;
    default:
      return `/api/accounts/{account_id}/workspaces/{workspace_id}${path}`;
  }
}

function operation(row: EndpointRow, path: string): object {
  const statuses = typeof row.status === "number" ? [row.status] : row.status;
  const answer = row.result ? { content: { "application/json": { schema: schemaOf(row.result, "output") } } } : {};
  const body = row.bytes
    ? { "application/octet-stream": {} }
    : row.body && { "application/json": { schema: schemaOf(row.body, "input") } };
  return {
    summary: row.summary,
    ...(row.scope === "public" ? { security: [] } : { security: [{ bearer: [] }, { basic: [] }] }),
    ...(row.scope !== "public" && row.scope !== "any credential" && { "x-scope": row.scope }),
    parameters: [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
      name,
      in: "path",
      required: true,
      schema: { type: "string" },
    })),
    ...(body && { requestBody: { required: !row.optionalBody, content: body } }),
    responses: Object.fromEntries(statuses.map((status) => [status, { description: "", ...answer }])),
  };
}

function schemaOf(schema: z.ZodType, io: "input" | "output"): object {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  return rest;
}
