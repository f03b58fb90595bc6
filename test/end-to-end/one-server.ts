/**
 * One service for all browser tests: the one that MILLRACE_TEST_LOCAL_JSON names, or a fresh one. Each file works in a workspace of
 * its own, so they do not see one another.
 */
import { join } from "node:path";
import { startServer } from "../support/server.ts";

export const LOCAL_JSON = "MILLRACE_TEST_LOCAL_JSON";

export default async function oneServer(): Promise<(() => Promise<void>) | undefined> {
  if (process.env[LOCAL_JSON]) return undefined;
  const server = await startServer({ tmpfs: true });
  process.env[LOCAL_JSON] = join(server.state, "local.json");
  return async () => {
    delete process.env[LOCAL_JSON];
    await server.stop();
  };
}
