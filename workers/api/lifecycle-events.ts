/** Events that the server tells of things that people make, change and delete: `prefect.<kind>.<created|updated|deleted>`. */
import type { WireEvent } from "@millrace/contract/events.ts";
import type { JsonObject } from "@millrace/domain/json.ts";
import { formatInstant, fromMilliseconds } from "@millrace/domain/time.ts";
import { uuidv7 } from "uuidv7";
import { eventHubAt } from "../../durable-objects/addresses.ts";
import { pack } from "../../durable-objects/kit/packed.ts";
import type { Tenant } from "../auth/credential.ts";
import type { Env } from "../env.ts";

export type LifecycleAction = "created" | "updated" | "deleted";

/** Tells the workspace what became of a thing. Resolves when the event is stored. */
export function announceLifecycle(
  env: Env,
  { workspace, shard }: Tenant,
  kind: string,
  action: LifecycleAction,
  thing: { id: string; name: string; payload: JsonObject; related?: WireEvent["related"] },
): Promise<void> {
  const now = formatInstant(fromMilliseconds(Date.now()));
  const event: WireEvent = {
    occurred: now,
    event: `prefect.${kind}.${action}`,
    resource: { "prefect.resource.id": `prefect.${kind}.${thing.id}`, "prefect.resource.name": thing.name },
    related: thing.related ?? [],
    payload: thing.payload,
    id: uuidv7(),
    follows: null,
    received: now,
  };
  return eventHubAt(env, workspace).announce({ workspace, shard }, pack([{ events: [event] }]), false);
}
