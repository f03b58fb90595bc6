import { apiWith } from "$lib/api.ts";
import { FLOWS_LOADED, loadFlows } from "$lib/flow/load-flows.ts";
import { parseListQuery } from "$lib/list/list-query.ts";
import { loadOrExplain } from "$lib/load-errors.ts";
import type { PageServerLoad } from "./$types";

export const load: PageServerLoad = async ({ fetch, url, depends }) => {
  depends(FLOWS_LOADED);
  const query = parseListQuery(url.searchParams);
  return { list: await loadOrExplain(url, "flow", () => loadFlows(apiWith(fetch), query)) };
};
