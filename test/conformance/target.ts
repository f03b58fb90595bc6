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
}

/** A server to replay on. */
export interface Targets {
  /** A workspace of its own; a peer has only one. */
  workspace(): Promise<Target>;
  close(): Promise<void>;
}

export async function openTargets(): Promise<Targets> {
  const peer = process.env.CONFORMANCE_TARGET;
  if (peer !== undefined) return { workspace: async () => ({ base: peer, key: null }), close: async () => {} };
  const server = await startServer();
  const workspace = async (): Promise<Target> => {
    const tenant: Tenant = await makeTenant(server.local, "replay");
    // What was recorded is the self-hosted server's wire.
    return { base: tenant.shortUrl, key: tenant.key };
  };
  return { workspace, close: () => server.stop() };
}
