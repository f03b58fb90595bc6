import { apiWith } from "$lib/api.ts";
import { DEPLOYMENTS_LOADED, loadDeployment } from "$lib/deployment/load-deployments.ts";
import { loadOrExplain } from "$lib/load-errors.ts";
import { RUNS_LOADED } from "$lib/run/load-runs.ts";
import type { PageServerLoad } from "./$types";

export const load: PageServerLoad = async ({ fetch, params, url, depends }) => {
  depends(DEPLOYMENTS_LOADED, RUNS_LOADED);
  return { data: await loadOrExplain(url, "deployment", () => loadDeployment(apiWith(fetch), params.id, Date.now())) };
};
