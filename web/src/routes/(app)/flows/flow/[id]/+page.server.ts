import { apiWith } from "$lib/api.ts";
import { FLOWS_LOADED, loadFlow } from "$lib/flow/load-flows.ts";
import { loadOrExplain } from "$lib/load-errors.ts";
import { RUNS_LOADED } from "$lib/run/load-runs.ts";
import type { PageServerLoad } from "./$types";

export const load: PageServerLoad = async ({ fetch, params, url, depends }) => {
  depends(FLOWS_LOADED, RUNS_LOADED);
  return { data: await loadOrExplain(url, "flow", () => loadFlow(apiWith(fetch), params.id, Date.now())) };
};
