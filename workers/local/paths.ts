/** Where things lie in the repository. */
import { join } from "node:path";

export const ROOT = join(import.meta.dirname, "../..");

export const WRANGLER = join(ROOT, "wrangler.toml");
export const WEB_WRANGLER = join(ROOT, "web/wrangler.toml");

/** What the builds leave. */
export const DIST = join(ROOT, "dist");
export const WORKER_BUNDLE = join(DIST, "worker/main.mjs");
export const WEB_BUNDLE = join(DIST, "web/main.mjs");
export const WEB_ASSETS = join(DIST, "web/assets");
export const AGENT_CLI = join(ROOT, "agent/dist/cli/main.js");

/** The flow that a new server has to show. */
export const SAMPLE_FLOW = join(ROOT, "examples/hello/hello.ts");
