/** Events: what happened to which resource. The frames of the sockets are in channels/. */

import { TIME_UNITS } from "@millrace/domain/event/counts.ts";
import type { JsonObject } from "@millrace/domain/json.ts";
import type { Instant } from "@millrace/domain/time.ts";
import { z } from "zod";
import { endpoint } from "./endpoint.ts";
import { Fields, maybe, Name, otherwise, recordOf, Timestamp, TimestampText, Uuid } from "./wire.ts";

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

const Names = maybe(z.array(z.string()).max(500));
const LabelPatterns = maybe(recordOf(z.union([z.string(), z.array(z.string()).max(500)])));
const AnyResource = z.strictObject({ id: Names, id_prefix: Names, labels: LabelPatterns });
const RelatedFilter = z.strictObject({
  id: Names,
  role: Names,
  resources_in_roles: maybe(z.array(z.tuple([z.string(), z.string()])).max(500)),
  labels: LabelPatterns,
});
/** One filter, or several that must all hold. */
const oneOrMore = <T extends z.ZodType>(filter: T) => maybe(z.union([z.array(filter).max(100), filter]));

/** Which events are wanted. */
export const EventFilter = z.strictObject({
  occurred: maybe(z.strictObject({ since: Timestamp.optional(), until: Timestamp.optional() })),
  event: maybe(z.strictObject({ prefix: Names, exclude_prefix: Names, name: Names, exclude_name: Names })),
  resource: maybe(AnyResource.extend({ distinct: z.boolean().default(false) })),
  related: oneOrMore(RelatedFilter),
  any_resource: oneOrMore(AnyResource),
  id: maybe(z.strictObject({ id: maybe(z.array(Uuid).max(500)) })),
  text: maybe(z.strictObject({ query: z.string().max(200) })),
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

/** Most events of one page. */
const PAGE = 50;

const EventPage = z.object({ events: z.array(EventOut), total: z.int(), next_page: z.string().nullable() });

export const events = {
  create: endpoint({
    method: "POST",
    path: "/events",
    scope: "run_flows",
    body: z.array(EventIn).max(1000),
    status: 204,
    summary: "Takes events, many in one call; those of task runs are recorded when this answers.",
  }),
  filter: endpoint({
    method: "POST",
    path: "/events/filter",
    scope: "see_events",
    body: z.object({ filter: maybe(EventFilter), limit: otherwise(z.int().min(0).max(PAGE), PAGE) }),
    optionalBody: true,
    status: 200,
    result: EventPage,
    summary: "Lists events, the newest first unless the filter says otherwise, with the address of the next page.",
  }),
  nextPage: endpoint({
    method: "GET",
    path: "/events/filter/next",
    scope: "see_events",
    query: z.object({ "page-token": z.string().min(1).max(100_000) }),
    status: 200,
    result: EventPage,
    summary: "The next page of a list of events.",
  }),
  countBy: endpoint({
    method: "POST",
    path: "/events/count-by/{countable}",
    scope: "see_events",
    params: z.object({ countable: Name }),
    body: z.object({
      filter: EventFilter,
      time_unit: otherwise(z.enum(TIME_UNITS), "day"),
      time_interval: otherwise(z.number().min(0.01), 1),
    }),
    status: 200,
    result: z.array(
      z.object({
        value: z.string(),
        label: z.string(),
        count: z.int(),
        start_time: TimestampText,
        end_time: TimestampText,
      }),
    ),
    summary: "Counts events by `day`, `time`, `event` or `resource`.",
  }),
};
