/**
 * Carries announcements from the objects of one isolate to their workspace's hub: those of one turn go in one call.
 *
 * A call between objects costs as much as the write it asks for. Where many runs live in one isolate, as they always do on one
 * machine, gathering them halves the price of a change; where a run is alone, its announcement leaves in the same turn all the same.
 *
 * The call is made by the object that came first. Should that one be gone before it called, the next to come calls instead, and
 * whoever waited longer than it likes announces again.
 */
import { eventHubAt, type ObjectNamespaces } from "./addresses.ts";
import type { Announcement } from "./event-hub/rpc.ts";
import { withDeadline } from "./kit/deadline.ts";
import { pack } from "./kit/packed.ts";

interface Tenant {
  workspace: string;
  shard: number;
}

interface Item {
  announcement: Announcement;
  urgent: boolean;
  resolve: () => void;
  reject: (error: unknown) => void;
}

/** Milliseconds after which a call that was to be made at once counts as forgotten. */
const FORGOTTEN = 50;
/** Milliseconds after which the hub counts as away. A create must not wait for it for ever. */
const DEADLINE = 3_000;

const turns = new Map<string, { since: number; items: Item[] }>();

/** Announces to the tenant's hub; resolves when the hub has stored it. */
export function announce(
  env: ObjectNamespaces,
  tenant: Tenant,
  announcement: Announcement,
  urgent: boolean,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const item = { announcement, urgent, resolve, reject };
    const turn = turns.get(tenant.workspace);
    if (turn) turn.items.push(item);
    const items = turn?.items ?? [item];
    if (turn && Date.now() - turn.since < FORGOTTEN) return;
    turns.set(tenant.workspace, { since: Date.now(), items });
    setTimeout(() => send(env, tenant), 0);
  });
}

function send(env: ObjectNamespaces, { workspace, shard }: Tenant): void {
  const items = turns.get(workspace)?.items ?? [];
  turns.delete(workspace);
  if (items.length === 0) return;
  const urgent = items.some((item) => item.urgent);
  const call = eventHubAt(env, workspace).announce(
    { workspace, shard },
    pack(items.map(({ announcement }) => announcement)),
    urgent,
  );
  // One deadline for all that go together: a timer for each would cost more than the call.
  withDeadline(call, DEADLINE, "The event hub").then(
    () => {
      for (const { resolve } of items) resolve();
    },
    (error: unknown) => {
      for (const { reject } of items) reject(error);
    },
  );
}
