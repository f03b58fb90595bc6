/**
 * Where a replay goes: a workspace of its own on the running service, or, to see what a peer would answer, the server at
 * CONFORMANCE_TARGET (an API base such as http://127.0.0.1:4200/api, without credentials).
 */
import { startServer } from "../support/server.ts";
import { makeTenant, type Tenant } from "../support/tenant.ts";

export interface Target {
  /** Base of the API; recorded paths follow it without their `/api`. */
  base: string;
  /** The key; null where the target wants none. */
  key: string | null;
  close(): Promise<void>;
}

export async function openTarget(): Promise<Target> {
  const peer = process.env.CONFORMANCE_TARGET;
  if (peer !== undefined) return { base: peer, key: null, close: async () => {} };
  const server = await startServer();
  const tenant: Tenant = await makeTenant(server.local, "replay");
  return { base: tenant.apiUrl, key: tenant.key, close: () => server.stop() };
}
