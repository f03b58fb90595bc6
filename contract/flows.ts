/** Flows: a name that runs and deployments hang on. */
import { z } from "zod";
import { endpoint } from "./endpoint.ts";
import { FlowFilter, RunFilters } from "./filters.ts";
import { BulkLimit } from "./flow-run-bulk.ts";
import {
  ById,
  Labels,
  Limit,
  maybe,
  Name,
  Offset,
  otherwise,
  Page,
  PathName,
  pageOf,
  Tags,
  TimestampText,
} from "./wire.ts";

export const FlowOut = z.object({
  id: z.uuid(),
  created: TimestampText,
  updated: TimestampText,
  name: z.string(),
  tags: z.array(z.string()),
  labels: z.record(z.string(), z.unknown()),
});
export type WireFlow = z.output<typeof FlowOut>;

export const FLOW_SORTS = ["CREATED_DESC", "UPDATED_DESC", "NAME_ASC", "NAME_DESC"] as const;

const FlowCreate = z.strictObject({
  name: PathName,
  tags: Tags.default([]),
  labels: maybe(Labels),
});

export const flows = {
  create: endpoint({
    method: "POST",
    path: "/flows/",
    scope: "run_flows",
    body: FlowCreate,
    status: [201, 200],
    result: FlowOut,
    summary: "Creates a flow, or answers the one that has the name.",
  }),
  read: endpoint({
    method: "GET",
    path: "/flows/{id}",
    scope: "see_flows",
    params: ById,
    status: 200,
    result: FlowOut,
    summary: "Reads a flow.",
  }),
  readByName: endpoint({
    method: "GET",
    path: "/flows/name/{name}",
    scope: "see_flows",
    params: z.object({ name: Name }),
    status: 200,
    result: FlowOut,
    summary: "Reads a flow by its name.",
  }),
  filter: endpoint({
    method: "POST",
    path: "/flows/filter",
    scope: "see_flows",
    body: RunFilters.extend({
      flows: maybe(FlowFilter),
      sort: otherwise(z.enum(FLOW_SORTS), "NAME_ASC"),
      limit: Limit,
      offset: Offset,
    }),
    optionalBody: true,
    status: 200,
    result: z.array(FlowOut),
    summary: "Lists flows.",
  }),
  update: endpoint({
    method: "PATCH",
    path: "/flows/{id}",
    scope: "run_flows",
    params: ById,
    body: z.strictObject({ tags: Tags.optional() }),
    status: 204,
    summary: "Changes a flow's tags.",
  }),
  remove: endpoint({
    method: "DELETE",
    path: "/flows/{id}",
    scope: "manage_flows",
    params: ById,
    status: 204,
    summary: "Deletes a flow with its deployments and runs.",
  }),
  bulkDelete: endpoint({
    method: "POST",
    path: "/flows/bulk_delete",
    scope: "manage_flows",
    body: z.object({ flows: maybe(FlowFilter), limit: BulkLimit }),
    optionalBody: true,
    status: 200,
    result: z.object({ deleted: z.array(z.uuid()) }),
    summary: "Deletes the flows that a filter means, with their deployments and runs.",
  }),
  paginate: endpoint({
    method: "POST",
    path: "/flows/paginate",
    scope: "see_flows",
    body: RunFilters.extend({ sort: otherwise(z.enum(FLOW_SORTS), "NAME_ASC"), limit: Limit, page: Page }),
    optionalBody: true,
    status: 200,
    result: pageOf(FlowOut),
    summary: "Lists flows by pages.",
  }),
  count: endpoint({
    method: "POST",
    path: "/flows/count",
    scope: "see_flows",
    body: RunFilters,
    optionalBody: true,
    status: 200,
    result: z.int(),
    summary: "Counts flows.",
  }),
};
