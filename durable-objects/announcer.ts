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
import { Pace } from "./kit/pace.ts";
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

interface Turn {
  since: number;
  items: Item[];
  /** Resolves when the call has been made. */
  left: PromiseWithResolvers<void>;
}

const turns = new Map<string, Turn>();
const paces = new Map<string, Pace>();

/** Announces to the tenant's hub; resolves when the hub has stored it. */
export function announce(
  env: ObjectNamespaces,
  tenant: Tenant,
  announcement: Announcement,
  urgent: boolean,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const wait = paceOf(tenant.workspace).wait(Date.now());
    const item = { announcement, urgent, resolve, reject };
    const turn = turns.get(tenant.workspace);
    if (turn) turn.items.push(item);
    if (turn && Date.now() - turn.since < FORGOTTEN) return;
    const { items, left } = turn ?? { items: [item], left: Promise.withResolvers<void>() };
    turns.set(tenant.workspace, { since: Date.now(), items, left });
    setTimeout(() => send(env, tenant), wait);
  });
}

function paceOf(workspace: string): Pace {
  const known = paces.get(workspace) ?? new Pace();
  paces.set(workspace, known);
  return known;
}

/** Resolves when all that was announced so far is on its way: a list that is asked for later will show it. */
export const departed = async (workspace: string): Promise<void> => turns.get(workspace)?.left.promise;

function send(env: ObjectNamespaces, { workspace, shard }: Tenant): void {
  const turn = turns.get(workspace);
  const items = turn?.items ?? [];
  turns.delete(workspace);
  if (items.length === 0) return;
  const urgent = items.some((item) => item.urgent);
  const call = eventHubAt(env, workspace).announce(
    { workspace, shard },
    pack(items.map(({ announcement }) => announcement)),
    urgent,
  );
  turn?.left.resolve();
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
