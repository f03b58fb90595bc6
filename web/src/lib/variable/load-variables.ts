/** What the page of variables needs. */
import type { Json } from "@millrace/domain/json.ts";
import { type Client, type Part, part } from "../api.ts";
import { cut, type ListQuery, named } from "../list/list-query.ts";
import { milliseconds } from "../time/tell.ts";

export const VARIABLES_LOADED = "millrace:variables";

export interface VariableRow {
  id: string;
  name: string;
  value: Json;
  tags: string[];
  updated: number | null;
}

export interface VariableList {
  query: ListQuery;
  rows: VariableRow[];
  count: Part<number>;
}

export async function loadVariables(api: Client, query: ListQuery): Promise<VariableList> {
  const variables = query.q ? { name: named(query) } : null;
  const [found, count] = await Promise.all([
    api("POST /variables/filter", { body: { variables, ...cut(query) } }),
    part(api("POST /variables/count", { body: { variables } })),
  ]);
  const rows = found.map(({ id, name, value, tags, updated }) => ({
    ...{ id, name, value: value as Json, tags },
    updated: milliseconds(updated),
  }));
  return { query, rows, count };
}
