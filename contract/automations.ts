/**
 * Automations, as far as they are asked about: none can be made yet, so that there are none. The wire's client asks which ones
 * concern a deployment whenever it shows one.
 */
import { z } from "zod";
import { endpoint } from "./endpoint.ts";
import { AutomationFilter } from "./filters.ts";
import { Limit, maybe, Name, Offset, otherwise } from "./wire.ts";

const SORTS = ["CREATED_DESC", "UPDATED_DESC", "NAME_ASC", "NAME_DESC"] as const;
/** What a list of automations holds: nothing. */
const None = z.array(z.never());

export const automations = {
  filter: endpoint({
    method: "POST",
    path: "/automations/filter",
    scope: "see_automations",
    body: z.object({
      automations: maybe(AutomationFilter),
      sort: otherwise(z.enum(SORTS), "NAME_ASC"),
      limit: Limit,
      offset: Offset,
    }),
    optionalBody: true,
    status: 200,
    result: None,
    summary: "Lists automations.",
  }),
  count: endpoint({
    method: "POST",
    path: "/automations/count",
    scope: "see_automations",
    body: z.object({ automations: maybe(AutomationFilter) }),
    optionalBody: true,
    status: 200,
    result: z.int(),
    summary: "Counts automations.",
  }),
  relatedTo: endpoint({
    method: "GET",
    path: "/automations/related-to/{resource_id}",
    scope: "see_automations",
    params: z.object({ resource_id: Name }),
    status: 200,
    result: None,
    summary: "Lists the automations that concern a resource.",
  }),
};
