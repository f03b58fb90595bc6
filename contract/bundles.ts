/** Bundles: the code of deployments, named by its own hash. */
import { z } from "zod";
import { endpoint } from "./endpoint.ts";

const ByHash = z.object({
  sha256: z.string().regex(/^[0-9a-f]{64}$/, "A bundle is named by the SHA-256 of its bytes, in lowercase hex"),
});

/** Largest bundle, in bytes. */
export const BUNDLE_LIMIT = 25 * 1024 * 1024;

export const bundles = {
  store: endpoint({
    method: "PUT",
    path: "/bundles/{sha256}",
    scope: "write_deployments",
    params: ByHash,
    bytes: true,
    limit: BUNDLE_LIMIT,
    status: [201, 200],
    result: z.object({ sha256: z.string(), size: z.int() }),
    summary: "Stores a bundle after checking its hash.",
  }),
  fetch: endpoint({
    method: "GET",
    path: "/bundles/{sha256}",
    scope: "see_deployments",
    params: ByHash,
    status: 200,
    summary: "The bytes of a bundle.",
  }),
};
