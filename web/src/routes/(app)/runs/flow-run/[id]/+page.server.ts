import { apiWith } from "$lib/api.ts";
import { loadOrExplain } from "$lib/load-errors.ts";
import { parseLogQuery } from "$lib/log/log-query.ts";
import { RUN_TABS } from "$lib/route-for.ts";
import { loadRun, RUN_LOADED } from "$lib/run/load-run.ts";
import type { PageServerLoad } from "./$types";

export const load: PageServerLoad = async ({ fetch, params, url, depends }) => {
  depends(RUN_LOADED);
  // Only what is read here makes the page load again: the timeline's view does not.
  const tab = RUN_TABS.find((name) => name === url.searchParams.get("tab")) ?? "logs";
  const query = parseLogQuery(url.searchParams);
  const data = await loadOrExplain(url, "run", () => loadRun(apiWith(fetch), params.id, tab, query));
  return { data, tab, query };
};
