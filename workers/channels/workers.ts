/** `/work_pools/{name}/workers/connect`: the channel of Prefect's workers to their pool (contract/channels/worker.ts). */
import {
  WORKER_CHANNEL_VERSION,
  WORKER_CLOSE,
  WORKER_PROTOCOL,
  type WorkerCloseReason,
  WorkerHello,
} from "@millrace/contract/channels/worker.ts";
import { isReserved } from "@millrace/contract/work-pools.ts";
import { templateProblem } from "@millrace/domain/dispatch/job-template.ts";
import { workPoolAt } from "../../durable-objects/addresses.ts";
import { readPool, tellPool, type WorkPool } from "../api/pools.ts";
import { announceBirth, createPool, updatePool } from "../api/work-pools.ts";
import { allows } from "../auth/credential.ts";
import type { Env } from "../env.ts";
import { bridge, upgradeRequest } from "./bridge.ts";
import { type Channel, type Client, HANDSHAKE } from "./handshake.ts";
import { closeQuietly } from "./inbox.ts";

/**
 * The channel to the pool of a name. A worker may bring its pool along: it is made, where it is not there and the worker wants it, and
 * gets the worker's template where it has none.
 */
export const workers = (name: string): Channel => ({
  protocol: WORKER_PROTOCOL,
  scope: "write_workers",
  refusal: { code: WORKER_CLOSE.authentication_failed, reason: "authentication_failed" },
  async open(client, env) {
    const end = (reason: WorkerCloseReason): void => closeQuietly(client.socket, WORKER_CLOSE[reason], reason);
    const frame = await client.inbox.next(HANDSHAKE);
    const read = WorkerHello.safeParse(frame);
    if (!read.success) return end("protocol_error");
    if (!read.data.payload.supported_channel_versions.includes(WORKER_CHANNEL_VERSION))
      return end("unsupported_version");
    try {
      const pool = await poolFor(client, env, name, read.data.payload);
      if (!pool) return end("authorization_failed");
      const tenant = JSON.stringify(client.tenant);
      const object = workPoolAt(env, client.tenant.workspace, pool.id);
      await bridge(client, object, upgradeRequest("/worker", { "x-millrace-tenant": tenant }), [JSON.stringify(frame)]);
    } catch (error) {
      console.error("A worker could not be connected to its pool", error);
      end("transient_server_error");
    }
  },
});

/** The worker's pool, as its object knows it; null where there is none, and none is to be made. */
async function poolFor(
  { tenant, credential }: Client,
  env: Env,
  name: string,
  hello: WorkerHello["payload"],
): Promise<WorkPool | null> {
  const template = hello.default_base_job_template;
  const reach = credential.reach.get(tenant.workspace);
  const mayWrite = reach !== undefined && allows(credential, reach, "write_work_pools");
  const known = await readPool(env, tenant, "name", name);
  if (known) {
    const bare = Object.keys(known.base_job_template).length === 0 && Object.keys(template).length > 0;
    if (bare && mayWrite && templateProblem(template) === null)
      return updatePool(env, tenant, known, { base_job_template: JSON.stringify(template) });
    const { revision } = await workPoolAt(env, tenant.workspace, known.id).standing(tenant);
    if (revision < known.revision) await tellPool(env, tenant, known.id);
    return known;
  }
  if (!hello.create_pool_if_not_found || !mayWrite || isReserved(name) || templateProblem(template) !== null)
    return null;
  const made = await createPool(env, tenant, { name, type: hello.worker_type, base_job_template: template });
  if (made) await announceBirth(env, tenant, made);
  // Another worker may have made it at the same time.
  return made ?? readPool(env, tenant, "name", name);
}
