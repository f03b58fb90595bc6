import { createHash } from "node:crypto";
import { bundles } from "@millrace/contract/bundles.ts";
import type { Tenant } from "../auth/credential.ts";
import { notFound, Refusal } from "./refusal.ts";
import { type App, serve } from "./serve.ts";

/** Where a bundle lies: under its workspace, named by its hash. */
const keyOf = (tenant: Tenant, sha256: string): string => `${tenant.workspace}/bundles/${sha256}`;

/** Bundles: the code of deployments. */
export function serveBundles(app: App): void {
  serve(app, bundles.store, async ({ env, tenant, params, body }) => {
    const { sha256 } = params;
    if (createHash("sha256").update(body).digest("hex") !== sha256) {
      throw new Refusal({
        code: "invalid",
        field: "sha256",
        message: "The body has another hash than the path says: it was changed on its way, or the name is wrong.",
      });
    }
    const key = keyOf(tenant, sha256);
    const result = { sha256, size: body.byteLength };
    if (await env.BLOBS.head(key)) return { status: 200, result };
    await env.BLOBS.put(key, body);
    return { status: 201, result };
  });
  serve(app, bundles.fetch, async ({ env, tenant, params }) => {
    const object = (await env.BLOBS.get(keyOf(tenant, params.sha256))) ?? notFound("bundle", params.sha256);
    const headers = {
      "content-type": "application/octet-stream",
      "content-length": String(object.size),
      // It never changes, but only its own workspace may have it.
      "cache-control": "private, max-age=31536000, immutable",
      "x-content-type-options": "nosniff",
    };
    return new Response(object.body, { headers });
  });
}
