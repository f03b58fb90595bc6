import { apiWith } from "$lib/api.ts";
import { loadOrExplain } from "$lib/load-errors.ts";
import { loadRuns, RUNS_LOADED } from "$lib/run/load-runs.ts";
import { parseRunFilter } from "$lib/run/run-filter.ts";
import type { PageServerLoad } from "./$types";

export const load: PageServerLoad = async ({ fetch, url, depends }) => {
  depends(RUNS_LOADED);
  const filter = parseRunFilter(url.searchParams);
  return { list: await loadOrExplain(url, "run", () => loadRuns(apiWith(fetch), filter, Date.now())) };
};
