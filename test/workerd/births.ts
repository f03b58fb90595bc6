/**
 * Stands in for workers/api/births.ts in tests inside the Workers runtime: each create tells the hub by itself.
 *
 * The runtime of those tests is started with `no_handle_cross_request_promise_resolution`, so a promise that one request makes and
 * another one ends never ends. Gathering rests on just that; tests of the whole service have it as it is.
 */
import { eventHubAt } from "../../durable-objects/addresses.ts";
import type { FlowRunRow } from "../../durable-objects/event-hub/rpc.ts";
import { withDeadline } from "../../durable-objects/kit/deadline.ts";
import { pack } from "../../durable-objects/kit/packed.ts";
import type { Tenant } from "../../workers/auth/credential.ts";
import type { Env } from "../../workers/env.ts";

const DEADLINE = 3_000;

export async function announceBirth(env: Env, { workspace, shard }: Tenant, run: FlowRunRow): Promise<void> {
  const told = eventHubAt(env, workspace).announce({ workspace, shard }, pack([{ run, events: [] }]), true);
  await withDeadline(told, DEADLINE, "The event hub").catch(() => {});
}
