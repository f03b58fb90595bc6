/** The load of a page that is a list: what its address asks for, or the sentence why not. */
import type { ServerLoadEvent } from "@sveltejs/kit";
import { apiWith, type Client } from "../api.ts";
import { loadOrExplain } from "../load-errors.ts";
import { type ListQuery, parseListQuery } from "./list-query.ts";

/** `what` is a row, in a word; `key`: what the load depends on. */
export const listLoad =
  <T>(what: string, key: `millrace:${string}`, load: (api: Client, query: ListQuery) => Promise<T>) =>
  async ({ fetch, url, depends }: Pick<ServerLoadEvent, "fetch" | "url" | "depends">): Promise<{ list: T }> => {
    depends(key);
    const query = parseListQuery(url.searchParams);
    return { list: await loadOrExplain(url, what, () => load(apiWith(fetch), query)) };
  };
