/** Filters of lists that people keep under a name. */
import { z } from "zod";
import { endpoint } from "./endpoint.ts";
import { AnyJson, ById, Limit, Name, Offset, TimestampText } from "./wire.ts";

const SavedFilter = z.object({ object: Name, property: Name, type: Name, operation: Name, value: AnyJson });

export const SavedSearchOut = z.object({
  id: z.uuid(),
  created: TimestampText,
  updated: TimestampText,
  name: z.string(),
  filters: z.array(
    z.object({
      object: z.string(),
      property: z.string(),
      type: z.string(),
      operation: z.string(),
      value: z.unknown(),
    }),
  ),
});
export type WireSavedSearch = z.output<typeof SavedSearchOut>;

export const savedSearches = {
  save: endpoint({
    method: "PUT",
    path: "/saved_searches/",
    scope: "manage_saved_search",
    body: z.strictObject({ name: Name, filters: z.array(SavedFilter).max(1_000).default([]) }),
    status: [200, 201],
    result: SavedSearchOut,
    summary: "Keeps filters under a name, in place of those that were kept under it.",
  }),
  read: endpoint({
    method: "GET",
    path: "/saved_searches/{id}",
    scope: "see_flows",
    params: ById,
    status: 200,
    result: SavedSearchOut,
    summary: "Reads a saved search.",
  }),
  remove: endpoint({
    method: "DELETE",
    path: "/saved_searches/{id}",
    scope: "manage_saved_search",
    params: ById,
    status: 204,
    summary: "Deletes a saved search.",
  }),
  filter: endpoint({
    method: "POST",
    path: "/saved_searches/filter",
    scope: "see_flows",
    body: z.object({ limit: Limit, offset: Offset }),
    optionalBody: true,
    status: 200,
    result: z.array(SavedSearchOut),
    summary: "Lists saved searches by their names.",
  }),
};
