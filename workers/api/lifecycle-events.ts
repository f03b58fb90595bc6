/** Events that the server tells of things that people make, change and delete: `prefect.<kind>.<created|updated|deleted>`. */
import type { WireEvent } from "@millrace/contract/events.ts";
import type { JsonObject } from "@millrace/domain/json.ts";
import { formatInstant, fromMilliseconds } from "@millrace/domain/time.ts";
import { uuidv7 } from "uuidv7";
import { eventHubAt } from "../../durable-objects/addresses.ts";
import { pack } from "../../durable-objects/kit/packed.ts";
import type { Credential, Tenant } from "../auth/credential.ts";
import type { Env } from "../env.ts";

export type LifecycleAction = "created" | "updated" | "deleted";

/** Tells the workspace what became of a thing. Resolves when the event is stored. */
export function announceLifecycle(
  env: Env,
  place: Place,
  kind: string,
  action: LifecycleAction,
  {
    id,
    name,
    payload,
    related = [],
  }: { id: string; name: string; payload: JsonObject; related?: WireEvent["related"] },
): Promise<void> {
  const resource = { "prefect.resource.id": `prefect.${kind}.${id}`, "prefect.resource.name": name };
  return announce(env, place, [{ event: `prefect.${kind}.${action}`, resource, related, payload }]);
}

/** Where an event belongs. */
export type Place = Pick<Tenant, "workspace" | "shard">;

/** What happened, as the server itself tells it. */
export type Happening = Pick<WireEvent, "event" | "resource" | "related" | "payload">;

/** Tells the workspace what happened just now. Resolves when it is stored: with what is gathered in a second or so, or `urgent`ly at once. */
export function announce(
  env: Env,
  { workspace, shard }: Place,
  happenings: readonly Happening[],
  { urgent = false } = {},
): Promise<void> {
  const now = formatInstant(fromMilliseconds(Date.now()));
  const events: WireEvent[] = happenings.map((one) => ({
    ...{ occurred: now, ...one },
    ...{ id: uuidv7(), follows: null, received: now },
  }));
  return eventHubAt(env, workspace).announce({ workspace, shard }, pack([{ events }]), urgent);
}

/** Who did it, among an event's related resources. */
export const actorOf = ({ actor }: Credential): WireEvent["related"][number] => ({
  "prefect.resource.id": `prefect-cloud.actor.${actor.id}`,
  "prefect.resource.name": actor.name,
  "prefect.resource.role": "actor",
});
