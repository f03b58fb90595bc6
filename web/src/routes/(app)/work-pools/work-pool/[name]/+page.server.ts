import { apiWith } from "$lib/api.ts";
import { loadOrExplain } from "$lib/load-errors.ts";
import { loadPool, POOLS_LOADED } from "$lib/pool/load-pools.ts";
import type { PageServerLoad } from "./$types";

export const load: PageServerLoad = async ({ fetch, params, url, depends }) => {
  depends(POOLS_LOADED);
  return { data: await loadOrExplain(url, "work pool", () => loadPool(apiWith(fetch), params.name)) };
};
