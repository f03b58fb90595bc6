import { apiWith } from "$lib/api.ts";
import { parseListQuery } from "$lib/list/list-query.ts";
import { loadOrExplain } from "$lib/load-errors.ts";
import { loadPools, POOLS_LOADED } from "$lib/pool/load-pools.ts";
import type { PageServerLoad } from "./$types";

export const load: PageServerLoad = async ({ fetch, url, depends }) => {
  depends(POOLS_LOADED);
  const query = parseListQuery(url.searchParams);
  return { list: await loadOrExplain(url, "work pool", () => loadPools(apiWith(fetch), query)) };
};
