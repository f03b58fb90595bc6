/** Lists and counts of events, and of the states that they tell of. */
import { EventFilter, type EventFilterInput, events, type WireEvent } from "@millrace/contract/events.ts";
import { observedStates } from "@millrace/contract/observed-states.ts";
import {
  COUNTABLES,
  type Count,
  type Countable,
  CountByName,
  CountByTime,
  stepOf,
  stepProblem,
} from "@millrace/domain/event/counts.ts";
import { ObservedStates, STATE_EVENTS } from "@millrace/domain/event/observed-states.ts";
import { PageOfEvents, type Place } from "@millrace/domain/event/page.ts";
import type { Json } from "@millrace/domain/json.ts";
import { formatInstant, fromMilliseconds, instant } from "@millrace/domain/time.ts";
import { z } from "zod";
import type { Tenant } from "../auth/credential.ts";
import type { Env } from "../env.ts";
import { invalidResponse, json, Refusal } from "./refusal.ts";
import { type App, serve } from "./serve.ts";
import { eventsOf, spanOf } from "./stored-events.ts";

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

  serve(app, observedStates.read, async ({ env, tenant, query }) => {
    const filter = EventFilter.parse({ event: { prefix: STATE_EVENTS } });
    const states = new ObservedStates();
    for await (const { event, at } of eventsOf(env, tenant, filter, spanOf(filter))) states.add(event.resource, at);
    const { query: text = "", order_by, limit } = query;
    return states.list({ query: text, newestFirst: order_by === "LAST_SEEN_DESC", limit }).map((state) => ({
      state_type: state.type,
      state_name: state.name,
      first_seen: formatInstant(state.first),
      last_seen: formatInstant(state.last),
    }));
  });
}

const isCountable = (text: string): text is Countable => (COUNTABLES as readonly string[]).includes(text);

const countToWire = ({ start, end, ...count }: Count) => ({
  ...count,
  start_time: formatInstant(start),
  end_time: formatInstant(end),
});

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
