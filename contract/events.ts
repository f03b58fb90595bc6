/** Events: what happened to which resource. The frames of the sockets are in channels/. */

import type { JsonObject } from "@millrace/domain/json.ts";
import type { Instant } from "@millrace/domain/time.ts";
import { z } from "zod";
import { endpoint } from "./endpoint.ts";
import { Fields, maybe, recordOf, Timestamp, TimestampText, Uuid } from "./wire.ts";

/** How many resources an event may relate to, and how large its payload's text may be: Prefect's own limits. */
const MOST_RELATED = 100;

const Resource = recordOf(z.string());
/** A resource that has a label: one of Prefect's own messages where it lacks it. */
const labelled = (resource: typeof Resource, kind: string, label: string) =>
  resource.refine((labels) => Boolean(labels[label]), { message: `${kind} must include the ${label} label` });

/** An event as a client sends it. */
export const EventIn = z.object({
  occurred: Timestamp,
  event: z.string().min(1).max(1024),
  resource: labelled(Resource, "Resources", "prefect.resource.id"),
  related: z
    .array(
      labelled(labelled(Resource, "Resources", "prefect.resource.id"), "Related Resources", "prefect.resource.role"),
    )
    .max(MOST_RELATED)
    .default([]),
  payload: Fields.default({}),
  id: Uuid,
  follows: maybe(Uuid),
});
export type EventInput = z.output<typeof EventIn>;

/** An event once the server has it: what is stored, sent on and shown. */
export const EventOut = z.object({
  occurred: TimestampText,
  event: z.string(),
  resource: Resource,
  related: z.array(Resource),
  payload: z.record(z.string(), z.unknown()),
  id: z.uuid(),
  follows: z.uuid().nullable(),
  account: z.uuid().optional(),
  workspace: z.uuid().optional(),
  received: TimestampText,
});
export interface WireEvent {
  occurred: string;
  event: string;
  resource: { [label: string]: string };
  related: { [label: string]: string }[];
  payload: JsonObject;
  id: string;
  follows: string | null;
  received: string;
}

/** Which events a subscriber wants. */
export const EventFilter = z.object({
  occurred: maybe(z.object({ since: Timestamp.optional(), until: Timestamp.optional() })),
  event: maybe(
    z.object({
      prefix: maybe(z.array(z.string()).max(500)),
      exclude_prefix: maybe(z.array(z.string()).max(500)),
      name: maybe(z.array(z.string()).max(500)),
      exclude_name: maybe(z.array(z.string()).max(500)),
    }),
  ),
  resource: maybe(
    z.object({
      id: maybe(z.array(z.string()).max(500)),
      id_prefix: maybe(z.array(z.string()).max(500)),
      labels: maybe(z.record(z.string(), z.union([z.string(), z.array(z.string())]))),
    }),
  ),
  related: maybe(
    z.object({
      id: maybe(z.array(z.string()).max(500)),
      role: maybe(z.array(z.string()).max(500)),
      resources_in_roles: maybe(z.array(z.tuple([z.string(), z.string()])).max(500)),
      labels: maybe(z.record(z.string(), z.union([z.string(), z.array(z.string())]))),
    }),
  ),
  any_resource: maybe(
    z.object({
      id: maybe(z.array(z.string()).max(500)),
      id_prefix: maybe(z.array(z.string()).max(500)),
      labels: maybe(z.record(z.string(), z.union([z.string(), z.array(z.string())]))),
    }),
  ),
  id: maybe(z.object({ id: maybe(z.array(Uuid).max(500)) })),
  text: maybe(z.object({ query: z.string().max(200) })),
  order: z.enum(["ASC", "DESC"]).default("DESC"),
});
export type EventFilterInput = z.output<typeof EventFilter>;

/** An event that came in, in the shape that goes out. */
export function eventToWire(event: EventInput, received: Instant, format: (at: Instant) => string): WireEvent {
  return {
    occurred: format(event.occurred),
    event: event.event,
    resource: event.resource,
    related: event.related,
    payload: event.payload,
    id: event.id,
    follows: event.follows,
    received: format(received),
  };
}

export const events = {
  create: endpoint({
    method: "POST",
    path: "/events",
    scope: "run_flows",
    body: z.array(EventIn).max(1000),
    status: 204,
    summary: "Takes events, many in one call; those of task runs are recorded when this answers.",
  }),
};
