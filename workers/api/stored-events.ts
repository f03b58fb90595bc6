/**
 * Events as the shard keeps them.
 *
 * AP130 The shard keeps events in batches, a row for what was gathered in a moment. A reader is given the batches of its span of time
 *      that can hold what it looks for, some megabytes at a time, and its filter is the one that subscribers have.
 */
import type { EventFilterInput, WireEvent } from "@millrace/contract/events.ts";
import type { Span } from "@millrace/domain/event/counts.ts";
import { listed, matchesEvent } from "@millrace/domain/filter/events.ts";
import { fromMilliseconds, type Instant, instant, parseInstant, SECOND } from "@millrace/domain/time.ts";
import { eventHubAt } from "../../durable-objects/addresses.ts";
import type { Tenant } from "../auth/credential.ts";
import type { Env } from "../env.ts";
import { shardOfTenant } from "./shard.ts";

const DAY = 86_400 * SECOND;
/** How far back a list looks that does not say. */
const USUAL_DAYS = 180;
/** Characters of batches that are read at once: a Worker has 128 MB. */
const READ_AT_ONCE = 4_000_000;
/** Batches that are read at once. */
const MOST_BATCHES = 500;

/** The span of time that a filter means. */
export function spanOf({ occurred }: EventFilterInput): Span {
  const now = fromMilliseconds(Date.now());
  const usual = instant(now - (((now % DAY) + DAY) % DAY) - USUAL_DAYS * DAY);
  return { since: occurred?.since ?? usual, until: occurred?.until ?? now };
}

/** Events that a filter means, in no order; one that was told twice may come twice. */
export async function* eventsOf(
  env: Env,
  tenant: Tenant,
  filter: EventFilterInput,
  { since, until }: Span,
): AsyncGenerator<{ event: WireEvent; at: Instant }> {
  if (until < since) return;
  await eventHubAt(env, tenant.workspace).settle();
  const hints = hintsOf(filter);
  const sql = `
    SELECT received, id, body FROM (
      SELECT received, id, body, sum(length(body)) OVER (ORDER BY received, id) AS read, row_number() OVER (ORDER BY received, id) AS at
      FROM (
        SELECT received, id, body FROM event_batches
        WHERE workspace_id = ?1 AND (received, id) > (?2, ?3) AND latest >= ?4 AND earliest <= ?5
          ${hints.map((_, at) => `AND EXISTS (SELECT 1 FROM json_each(?${at + 6}) WHERE instr(body, value) > 0)`).join(" ")}
        ORDER BY received, id LIMIT ${MOST_BATCHES}
      )
    ) WHERE at = 1 OR read <= ${READ_AT_ONCE} ORDER BY received, id`;
  let [received, id] = [-1, ""];
  for (;;) {
    const { results } = await shardOfTenant(env, tenant)
      .prepare(sql)
      .bind(tenant.workspace, received, id, since, until, ...hints.map((some) => JSON.stringify(some)))
      .all<{ received: number; id: string; body: string }>();
    for (const { body } of results) {
      for (const event of JSON.parse(body) as WireEvent[]) {
        const at = parseInstant(event.occurred);
        if (at !== null && at >= since && at <= until && matchesEvent(filter, event)) yield { event, at };
      }
    }
    const last = results.at(-1);
    if (!last) return;
    ({ received, id } = last);
  }
}

/** Texts of which a batch holds one of each list if any of its events is meant: what lies there as JSON is looked for as JSON. */
function hintsOf(filter: EventFilterInput): string[][] {
  const is = (field: string) => (value: string) => `"${field}":${JSON.stringify(value)}`;
  const begins = (field: string) => (value: string) => is(field)(value).slice(0, -1);
  const resourceIs = is("prefect.resource.id");
  const resources = [...(filter.resource ? [filter.resource] : []), ...listed(filter.any_resource)].flatMap(
    ({ id, id_prefix }) => [id?.map(resourceIs), id_prefix?.map(begins("prefect.resource.id"))],
  );
  const related = listed(filter.related).map(({ id }) => id?.map(resourceIs));
  const lists = [
    filter.event?.name?.map(is("event")),
    filter.event?.prefix?.map(begins("event")),
    filter.id?.id?.map(is("id")),
    ...resources,
    ...related,
  ];
  return lists.filter((list) => list !== undefined && list.length > 0).slice(0, MOST_HINTS) as string[][];
}

/** Hints of one query: D1 takes a hundred parameters, and the first few say most. */
const MOST_HINTS = 10;
