/** The Worker's own bindings, as vitest.config.ts gives them to tests inside the Workers runtime. */
import type { D1Migration } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { Env } from "../../workers/env.ts";

export const testEnv = env as unknown as Env & {
  DIRECTORY_MIGRATIONS: D1Migration[];
  SHARD_MIGRATIONS: D1Migration[];
};
