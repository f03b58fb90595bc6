/**
 * Carries the index rows of runs that begin to their workspace's hub, before their creates are answered: those of the requests of one
 * isolate that come together go in one call.
 *
 * Only requests of the Worker wait for one another here: the platform lets one request end another's promise, but not one object
 * another's. What an object has to tell it tells by itself.
 */

import { eventHubAt } from "../../durable-objects/addresses.ts";
import type { FlowRunRow } from "../../durable-objects/event-hub/rpc.ts";
import { withDeadline } from "../../durable-objects/kit/deadline.ts";
import { Pace } from "../../durable-objects/kit/pace.ts";
import { pack } from "../../durable-objects/kit/packed.ts";
import type { Tenant } from "../auth/credential.ts";
import type { Env } from "../env.ts";

/** Milliseconds after which the hub counts as away: a create must not wait for it for ever. */
const DEADLINE = 3_000;

/** Rows that leave together, and the promise of the call that takes them. */
interface Turn {
  rows: FlowRunRow[];
  heard: Promise<void>;
}

const turns = new Map<string, Turn>();
const paces = new Map<string, Pace>();

/**
 * Resolves when lists show the run. A hub that is away is no reason to refuse it: the run tells of itself until it is heard.
 * `afterwards` keeps the call alive for the others if this request is given up.
 */
export async function announceBirth(
  env: Env,
  tenant: Tenant,
  row: FlowRunRow,
  afterwards: (work: Promise<unknown>) => void,
): Promise<void> {
  const pace = paces.get(tenant.workspace) ?? new Pace();
  paces.set(tenant.workspace, pace);
  const wait = pace.wait(Date.now());
  const known = turns.get(tenant.workspace);
  if (known) {
    known.rows.push(row);
    return known.heard;
  }
  const rows = [row];
  const heard = leave(env, tenant, rows, wait).catch((error: unknown) =>
    console.error("The hub was not told of runs that began", error),
  );
  turns.set(tenant.workspace, { rows, heard });
  afterwards(heard);
  return heard;
}

async function leave(env: Env, { workspace, shard }: Tenant, rows: FlowRunRow[], wait: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, wait));
  turns.delete(workspace);
  const announcements = pack(rows.map((run) => ({ run, events: [] })));
  await withDeadline(
    eventHubAt(env, workspace).announce({ workspace, shard }, announcements, true),
    DEADLINE,
    "The event hub",
  );
}
