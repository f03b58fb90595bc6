import { apiWith } from "$lib/api.ts";
import { LIMITS_LOADED, loadLimit } from "$lib/limit/load-limits.ts";
import { loadOrExplain } from "$lib/load-errors.ts";
import type { PageServerLoad } from "./$types";

export const load: PageServerLoad = async ({ fetch, params, url, depends }) => {
  depends(LIMITS_LOADED);
  return { data: await loadOrExplain(url, "concurrency limit", () => loadLimit(apiWith(fetch), params.name)) };
};
