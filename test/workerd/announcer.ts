/**
 * Stands in for durable-objects/announcer.ts in tests inside the Workers runtime: each object calls its hub by itself.
 *
 * The runtime of those tests is started with `no_handle_cross_request_promise_resolution`, so a promise that one object makes and
 * another one ends never ends. Gathering rests on just that; tests of the whole service have it as it is.
 */
import { eventHubAt, type ObjectNamespaces } from "../../durable-objects/addresses.ts";
import type { Announcement } from "../../durable-objects/event-hub/rpc.ts";
import { withDeadline } from "../../durable-objects/kit/deadline.ts";
import { pack } from "../../durable-objects/kit/packed.ts";

const DEADLINE = 3_000;

export const announce = (
  env: ObjectNamespaces,
  tenant: { workspace: string; shard: number },
  announcement: Announcement,
  urgent: boolean,
): Promise<void> =>
  withDeadline(
    eventHubAt(env, tenant.workspace).announce(tenant, pack([announcement]), urgent),
    DEADLINE,
    "The event hub",
  );

/** Announcements leave in the turn in which they are made. */
export const departed = async (): Promise<void> => {};
