/**
 * Automations, as far as they are asked about: none can be made yet, so that there are none. The wire's client asks which ones
 * concern a deployment whenever it shows one, and takes away a deployment's own whenever it makes one.
 */
import { z } from "zod";
import { endpoint } from "./endpoint.ts";
import { AutomationFilter } from "./filters.ts";
import { ById, Limit, maybe, Name, Offset, otherwise, TimestampText } from "./wire.ts";

const SORTS = ["CREATED_DESC", "UPDATED_DESC", "NAME_ASC", "NAME_DESC"] as const;
const record = z.record(z.string(), z.unknown());
const AutomationOut = z.object({
  id: z.uuid(),
  created: TimestampText,
  updated: TimestampText,
  name: z.string(),
  description: z.string(),
  enabled: z.boolean(),
  tags: z.array(z.string()),
  trigger: record,
  actions: z.array(record),
  actions_on_trigger: z.array(record),
  actions_on_resolve: z.array(record),
});

/** A template that comes in alone, as JSON text. */
const TemplateIn = z.string().max(1_000_000).default("");

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
    result: z.array(AutomationOut),
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
    result: z.array(AutomationOut),
    summary: "Lists the automations that concern a resource.",
  }),
  read: endpoint({
    method: "GET",
    path: "/automations/{id}",
    scope: "see_automations",
    params: ById,
    status: 200,
    result: AutomationOut,
    summary: "Reads an automation.",
  }),
  removeOwned: endpoint({
    method: "DELETE",
    path: "/automations/owned-by/{resource_id}",
    // Whoever deploys takes away what the deployment had before.
    scope: "write_deployments",
    params: z.object({ resource_id: Name }),
    status: 202,
    result: z.null(),
    summary: "Deletes the automations that a resource owns.",
  }),
  validateTemplate: endpoint({
    method: "POST",
    path: "/templates/validate",
    scope: "any credential",
    body: TemplateIn,
    status: 204,
    summary: "Says whether text is a template: 204, or 422 with the line and the reason.",
  }),
  validateOldTemplate: endpoint({
    method: "POST",
    path: "/automations/templates/validate",
    scope: "any credential",
    body: TemplateIn,
    status: 204,
    summary: "The same, under its older path.",
  }),
};
