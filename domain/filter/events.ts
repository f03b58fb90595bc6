/** Which events a subscriber's filter means. */
import type { Instant } from "../time.ts";
import { type Condition, combine, part } from "./condition.ts";

type Labels = { readonly [label: string]: string };

/** As much of an event as filters ask about. */
export interface FilteredEvent {
  readonly id: string;
  readonly event: string;
  readonly resource: Labels;
  readonly related: readonly Labels[];
}

export interface ResourceFilter {
  id?: readonly string[] | null;
  id_prefix?: readonly string[] | null;
  /** A value, or several of which one is enough; `x*` means a beginning, `!x` anything else. */
  labels?: { readonly [label: string]: string | readonly string[] } | null;
}

export interface RelatedFilter {
  id?: readonly string[] | null;
  role?: readonly string[] | null;
  resources_in_roles?: readonly (readonly [id: string, role: string])[] | null;
  labels?: ResourceFilter["labels"];
}

export interface EventFilter {
  occurred?: { since?: Instant | undefined; until?: Instant | undefined } | null;
  event?: {
    prefix?: readonly string[] | null;
    exclude_prefix?: readonly string[] | null;
    name?: readonly string[] | null;
    exclude_name?: readonly string[] | null;
  } | null;
  resource?: ResourceFilter | null;
  related?: RelatedFilter | null;
  /** The event's own resource or one that it relates to. */
  any_resource?: ResourceFilter | null;
  id?: { id?: readonly string[] | null } | null;
}

/** True if `filter` means this event, but for its time: live events are always recent enough. */
export function matchesEvent(filter: EventFilter, event: FilteredEvent): boolean {
  return combine("and_", [
    part(filter.event, (names) => matchesName(names, event.event)),
    part(filter.resource, (resource) => matchesResource(resource, event.resource)),
    part(filter.related, (related) => event.related.some((one) => matchesRelated(related, one))),
    part(filter.any_resource, (any) => [event.resource, ...event.related].some((one) => matchesResource(any, one))),
    part(filter.id?.id, (ids) => ids.includes(event.id)),
  ]);
}

function matchesName(filter: NonNullable<EventFilter["event"]>, name: string): boolean {
  const begins = (prefixes: readonly string[]): boolean => prefixes.some((prefix) => name.startsWith(prefix));
  return combine("and_", [
    part(filter.prefix, begins),
    part(filter.exclude_prefix, (prefixes) => !begins(prefixes)),
    part(filter.name, (names) => names.includes(name)),
    part(filter.exclude_name, (names) => !names.includes(name)),
  ]);
}

const idOf = (resource: Labels): string => resource["prefect.resource.id"] ?? "";

const matchesResource = (filter: ResourceFilter, resource: Labels): boolean =>
  combine("and_", [
    part(filter.id, (ids) => ids.includes(idOf(resource))),
    part(filter.id_prefix, (prefixes) => prefixes.some((prefix) => idOf(resource).startsWith(prefix))),
    matchesLabels(filter.labels, resource),
  ]);

const matchesRelated = (filter: RelatedFilter, resource: Labels): boolean =>
  combine("and_", [
    part(filter.id, (ids) => ids.includes(idOf(resource))),
    part(filter.role, (roles) => roles.includes(resource["prefect.resource.role"] ?? "")),
    part(filter.resources_in_roles, (pairs) =>
      pairs.some(([id, role]) => id === idOf(resource) && role === resource["prefect.resource.role"]),
    ),
    matchesLabels(filter.labels, resource),
  ]);

const matchesLabels = (labels: ResourceFilter["labels"], resource: Labels): Condition =>
  part(labels, (wanted) =>
    Object.entries(wanted).every(([label, values]) => {
      const value = resource[label];
      return (
        value !== undefined && (typeof values === "string" ? [values] : values).some((one) => matchesValue(one, value))
      );
    }),
  );

function matchesValue(wanted: string, value: string): boolean {
  if (wanted.startsWith("!")) return !matchesValue(wanted.slice(1), value);
  return wanted.endsWith("*") ? value.startsWith(wanted.slice(0, -1)) : value === wanted;
}
