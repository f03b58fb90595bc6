/**
 * Lists and counts of events.
 *
 * AP120 The shard keeps events in batches, a row for what was gathered in a moment; a list reads the batches of its span of time that can
 *      hold what it looks for, some megabytes at a time, and its filter is the one that subscribers have.
 */
import { EventFilter, type EventFilterInput, events, type WireEvent } from "@millrace/contract/events.ts";
import {
  COUNTABLES,
  type Count,
  type Countable,
  CountByName,
  CountByTime,
  type Span,
  stepOf,
  stepProblem,
} from "@millrace/domain/event/counts.ts";
import { PageOfEvents, type Place } from "@millrace/domain/event/page.ts";
import { listed, matchesEvent } from "@millrace/domain/filter/events.ts";
import type { Json } from "@millrace/domain/json.ts";
import { formatInstant, fromMilliseconds, type Instant, instant, parseInstant, SECOND } from "@millrace/domain/time.ts";
import { z } from "zod";
import { eventHubAt } from "../../durable-objects/addresses.ts";
import type { Tenant } from "../auth/credential.ts";
import type { Env } from "../env.ts";
import { invalidResponse, json, Refusal } from "./refusal.ts";
import { type App, serve } from "./serve.ts";
import { shardOfTenant } from "./shard.ts";

const DAY = 86_400 * SECOND;
/** How far back a list looks that does not say. */
const USUAL_DAYS = 180;
/** Characters of batches that are read at once: a Worker has 128 MB. */
const READ_AT_ONCE = 4_000_000;
/** Batches that are read at once. */
const MOST_BATCHES = 500;

/** Lists and counts of events. */
export function serveEventLists(app: App): void {
  serve(app, events.filter, ({ env, tenant, body, text, request }) => {
    const filter = body.filter ?? EventFilter.parse({});
    const given = ((text === "" ? null : JSON.parse(text)) as { filter?: Json } | null)?.filter ?? {};
    const { since, until } = spanOf(filter);
    const occurred = { since: formatInstant(since), until: formatInstant(until) };
    return pageOf(env, tenant, request, {
      filter,
      token: { filter: { ...(given as object), occurred }, limit: body.limit, total: null, after: null },
    });
  });

  serve(app, events.nextPage, ({ env, tenant, query, request }) => {
    const token = tokenIn(query["page-token"]);
    if (!token) throw new Refusal({ code: "refused", message: "This page token is not one that was given out here." });
    return pageOf(env, tenant, request, { filter: EventFilter.parse(token.filter), token });
  });

  serve(app, events.countBy, async ({ env, tenant, params, body }) => {
    if (!isCountable(params.countable))
      return invalidResponse([
        {
          loc: ["path", "countable"],
          msg: `Input should be ${COUNTABLES.map((one) => `'${one}'`).join(", ")}`,
          type: "enum",
        },
      ]);
    const { filter, time_unit, time_interval } = body;
    const span = spanOf(filter);
    const [unit, interval] = params.countable === "day" ? (["day", 1] as const) : [time_unit, time_interval];
    // Prefect's server looks at the steps that were asked for, whatever is counted.
    const problem = stepProblem(span, stepOf(time_unit, time_interval)) ?? stepProblem(span, stepOf(unit, interval));
    if (problem) return json({ detail: problem }, 422);
    const counter =
      params.countable === "event" || params.countable === "resource"
        ? new CountByName(params.countable)
        : new CountByTime(span, { unit, interval, now: fromMilliseconds(Date.now()) });
    const met = new Set<string>();
    for await (const { event, at } of eventsOf(env, tenant, filter, span)) {
      if (met.has(event.id)) continue;
      met.add(event.id);
      counter.add({ event: event.event, resource: event.resource, at });
    }
    return counter.counts().map(countToWire);
  });
}

const isCountable = (text: string): text is Countable => (COUNTABLES as readonly string[]).includes(text);

const countToWire = ({ start, end, ...count }: Count) => ({
  ...count,
  start_time: formatInstant(start),
  end_time: formatInstant(end),
});

/** The span of time that a filter means. */
function spanOf({ occurred }: EventFilterInput): Span {
  const now = fromMilliseconds(Date.now());
  const usual = instant(now - (((now % DAY) + DAY) % DAY) - USUAL_DAYS * DAY);
  return { since: occurred?.since ?? usual, until: occurred?.until ?? now };
}

/** What the address of a next page carries: the list, how long it was, and where the page begins. */
const Token = z.object({
  filter: z.unknown().refine((filter) => EventFilter.safeParse(filter).success),
  limit: z.int().min(0).max(50),
  total: z.int().nullable(),
  after: z.tuple([z.int(), z.string()]).nullable(),
});
interface PageToken {
  filter: unknown;
  limit: number;
  total: number | null;
  after: [at: number, id: string] | null;
}

async function pageOf(
  env: Env,
  tenant: Tenant,
  request: Request,
  { filter, token }: { filter: EventFilterInput; token: PageToken },
): Promise<{ events: WireEvent[]; total: number; next_page: string | null }> {
  const page = new PageOfEvents<WireEvent>({
    limit: token.limit,
    after: token.after && { at: instant(token.after[0]), id: token.after[1] },
    descending: filter.order === "DESC",
    distinct: filter.resource?.distinct ?? false,
  });
  for await (const { event, at } of eventsOf(env, tenant, filter, spanOf(filter))) page.add(event, at);
  const { events: found, total, next } = page.end();
  return {
    events: found,
    // The number that the first page told: what is told meanwhile of the same span does not change it.
    total: token.total ?? total,
    next_page: next && addressOf(request, { ...token, total: token.total ?? total }, next),
  };
}

function addressOf(request: Request, token: PageToken, next: Place): string {
  const url = new URL(request.url);
  url.pathname = url.pathname.replace(/\/filter(?:\/next)?$/, "/filter/next");
  url.search = `?page-token=${encodeURIComponent(base64(JSON.stringify({ ...token, after: [next.at, next.id] })))}`;
  return url.href;
}

const base64 = (text: string): string => btoa(String.fromCharCode(...new TextEncoder().encode(text)));

function tokenIn(text: string): PageToken | null {
  try {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const token: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return Token.safeParse(token).success ? (token as PageToken) : null;
  } catch {
    return null;
  }
}

/** Events that a filter means, in no order; one that was told twice may come twice. */
async function* eventsOf(
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
