/**
 * Which events a subscriber's filter means. Here an empty list asks for nothing, unlike in the filters of runs; only a
 * label without values matches nothing.
 */
import type { Instant } from "../time.ts";
import { type Condition, combine, part } from "./condition.ts";
import { matchesPattern } from "./glob.ts";
import { searched } from "./text-search.ts";

type Labels = { readonly [label: string]: string };
type List = readonly string[] | null;

/** As much of an event as filters ask about. */
export interface FilteredEvent {
  readonly id: string;
  readonly event: string;
  readonly resource: Labels;
  readonly related: readonly Labels[];
  readonly payload?: unknown;
}

export interface ResourceFilter {
  id?: List;
  id_prefix?: List;
  /** A pattern, or several of which one is enough: `*` is any text, `?` one letter, `!` in front anything else. */
  labels?: { readonly [label: string]: string | readonly string[] } | null;
  /** In lists: of the events of one resource the first alone. */
  distinct?: boolean;
}

export interface RelatedFilter {
  id?: List;
  role?: List;
  resources_in_roles?: readonly (readonly [id: string, role: string])[] | null;
  labels?: ResourceFilter["labels"];
}

export interface EventFilter {
  occurred?: { since?: Instant | undefined; until?: Instant | undefined } | null;
  event?: { prefix?: List; exclude_prefix?: List; name?: List; exclude_name?: List } | null;
  resource?: ResourceFilter | null;
  /** Of several each must hold. */
  related?: RelatedFilter | readonly RelatedFilter[] | null;
  /** The event's own resource or one that it relates to; of several each must hold. */
  any_resource?: ResourceFilter | readonly ResourceFilter[] | null;
  id?: { id?: List } | null;
  text?: { query: string } | null;
}

/** True if `filter` means this event, but for its time: live events are always recent enough. */
export function matchesEvent(filter: EventFilter, event: FilteredEvent): boolean {
  const involved = [event.resource, ...event.related];
  return combine("and_", [
    part(filter.event, (names) => matchesName(names, event.event)),
    part(filter.resource, (resource) => matchesResource(resource, event.resource)),
    ...listed(filter.related).map((related) => matchesRelated(related, event.related)),
    ...listed(filter.any_resource).map((any) => involved.some((one) => matchesResource(any, one))),
    some(filter.id?.id, (id) => id === event.id),
    ...(filter.text ? searched(filter.text.query, textOf(event)) : []),
  ]);
}

/** Whether an event is a flow run's own: it is of the run itself, or of one of its task runs. */
export function isOfRun({ resource, related }: Pick<FilteredEvent, "resource" | "related">, run: string): boolean {
  const id = `prefect.flow-run.${run}`;
  if (idOf(resource) === id) return true;
  if (!idOf(resource).startsWith("prefect.task-run.")) return false;
  return related.some((one) => idOf(one) === id && roleOf(one) === "flow-run");
}

/** One filter or several, as a list. */
export const listed = <T extends object>(filters: T | readonly T[] | null | undefined): readonly T[] =>
  Array.isArray(filters) ? filters : filters ? [filters as T] : [];

/** True of one in the list; no opinion where the list has none. */
const some = <T>(list: readonly T[] | null | undefined, holds: (one: T) => boolean): Condition =>
  list && list.length > 0 ? list.some(holds) : null;

const not = (condition: Condition): Condition => (condition === null ? null : !condition);

const matchesName = (filter: NonNullable<EventFilter["event"]>, name: string): boolean =>
  combine("and_", [
    some(filter.prefix, (prefix) => name.startsWith(prefix)),
    not(some(filter.exclude_prefix, (prefix) => name.startsWith(prefix))),
    some(filter.name, (one) => one === name),
    not(some(filter.exclude_name, (one) => one === name)),
  ]);

const idOf = (resource: Labels): string => resource["prefect.resource.id"] ?? "";
const roleOf = (resource: Labels): string => resource["prefect.resource.role"] ?? "";

const matchesResource = (filter: ResourceFilter, resource: Labels): boolean =>
  combine("and_", [
    some(filter.id, (id) => id === idOf(resource)),
    some(filter.id_prefix, (prefix) => idOf(resource).startsWith(prefix)),
    matchesLabels(filter.labels, resource),
  ]);

/** One related resource must answer to all that is asked of it; an event without any does where nothing is asked. */
function matchesRelated(filter: RelatedFilter, related: readonly Labels[]): Condition {
  const asked = (resource: Labels): Condition[] => [
    some(filter.id, (id) => id === idOf(resource)),
    some(filter.role, (role) => role === roleOf(resource)),
    some(filter.resources_in_roles, ([id, role]) => id === idOf(resource) && role === roleOf(resource)),
    matchesLabels(filter.labels, resource),
  ];
  if (asked({}).every((condition) => condition === null)) return null;
  return related.some((resource) => combine("and_", asked(resource)));
}

function matchesLabels(labels: ResourceFilter["labels"], resource: Labels): Condition {
  if (!labels || Object.keys(labels).length === 0) return null;
  return Object.entries(labels).every(([label, wanted]) => {
    const value = Object.hasOwn(resource, label) ? resource[label] : undefined;
    const patterns = typeof wanted === "string" ? [wanted] : wanted;
    return value !== undefined && patterns.some((pattern) => matchesPattern(pattern, value));
  });
}

/** What text search looks through: names and values, and all of the payload. */
const textOf = ({ event, resource, related, payload }: FilteredEvent): string =>
  [event, ...[resource, ...related].flatMap((one) => Object.values(one)), JSON.stringify(payload ?? {})].join(" ");
