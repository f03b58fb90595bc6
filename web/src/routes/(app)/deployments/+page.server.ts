import { apiWith } from "$lib/api.ts";
import { DEPLOYMENTS_LOADED, loadDeployments } from "$lib/deployment/load-deployments.ts";
import { parseListQuery } from "$lib/list/list-query.ts";
import { loadOrExplain } from "$lib/load-errors.ts";
import type { PageServerLoad } from "./$types";

export const load: PageServerLoad = async ({ fetch, url, depends }) => {
  depends(DEPLOYMENTS_LOADED);
  const query = parseListQuery(url.searchParams);
  return { list: await loadOrExplain(url, "deployment", () => loadDeployments(apiWith(fetch), query)) };
};
