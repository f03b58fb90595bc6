/** `/agents/connect?pool=<name>`: an agent's channel to its pool (contract/channels/agent.ts). */
import { AGENT_PROTOCOL } from "@millrace/contract/channels/agent.ts";
import { workPoolAt } from "../../durable-objects/addresses.ts";
import { problemResponse } from "../api/refusal.ts";
import { reachable, rejected, workspaceInPath } from "../api/serve.ts";
import { findWorkPool } from "../api/work-pools.ts";
import { authenticate } from "../auth/authenticate.ts";
import { callerAddress } from "../auth/caller-address.ts";
import { allows, type Credential, type Tenant } from "../auth/credential.ts";
import type { Env } from "../env.ts";
import { bridge, upgradeRequest } from "./bridge.ts";
import { type Channel, POLICY_VIOLATION } from "./handshake.ts";
import { closeQuietly } from "./inbox.ts";

const SCOPE = "write_workers";
const TENANT = "x-millrace-tenant";
const REFUSED =
  "This credential was revoked a moment ago, or your address has just left the allow list of this account.";

const CROWDED = "Too many agents of this API key are connected to this pool: give others a key of their own.";

/** What the pool is told of a line: whose it is, and how long its credential holds. */
const lineOf = (tenant: Tenant, { keyId, expires }: Credential, address: string | null): Request => {
  const bearer = { address, key: keyId, expires: expires === null ? null : Math.floor(expires * 1e6) };
  return upgradeRequest("/agent", { [TENANT]: JSON.stringify({ ...tenant, ...bearer }) });
};

/** An agent whose credential comes in its first frame: the Worker stays between it and the pool. */
export const agents: Channel = {
  protocol: AGENT_PROTOCOL,
  scope: SCOPE,
  async open(client, env, request) {
    const pool = await poolOf(env, client.tenant, request);
    if (!pool)
      return closeQuietly(client.socket, POLICY_VIOLATION, "There is no such work pool: make it, or see --pool");
    const object = workPoolAt(env, client.tenant.workspace, pool);
    await bridge(client, object, lineOf(client.tenant, client.credential, callerAddress(request, env)));
  },
};

/**
 * An agent whose credential comes with the upgrade: its socket hangs on the pool's object itself, which sleeps while nothing
 * happens. Null where the request shows no credential of its own.
 */
export async function connectDirectly(request: Request, env: Env): Promise<Response | null> {
  if (!request.headers.has("authorization")) return null;
  const credential = await authenticate(request, env);
  if (typeof credential === "string") return problemResponse(rejected(credential).problem);
  const { workspace, account, shard, ...reach } = reachable(credential, workspaceInPath(request.url));
  if (!allows(credential, { workspace, account, shard, ...reach }, SCOPE)) {
    return Response.json({ detail: `Your credential lacks the scope ${SCOPE}.` }, { status: 403 });
  }
  const tenant: Tenant = { workspace, account, shard };
  const pool = await poolOf(env, tenant, request);
  if (!pool) return Response.json({ detail: "Work pool not found" }, { status: 404 });
  const answer = await workPoolAt(env, workspace, pool).fetch(lineOf(tenant, credential, callerAddress(request, env)));
  if (!answer.webSocket)
    return Response.json({ detail: answer.status === 429 ? CROWDED : REFUSED }, { status: answer.status });
  return new Response(null, {
    status: answer.status,
    webSocket: answer.webSocket,
    headers: { "sec-websocket-protocol": AGENT_PROTOCOL },
  });
}

async function poolOf(env: Env, tenant: Tenant, request: Request): Promise<string | null> {
  const name = new URL(request.url).searchParams.get("pool");
  const pool = name === null ? null : await findWorkPool(env, tenant, name);
  return pool?.id ?? null;
}
