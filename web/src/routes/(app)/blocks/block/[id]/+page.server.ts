import { apiWith } from "$lib/api.ts";
import { BLOCKS_LOADED, loadBlock } from "$lib/block/load-blocks.ts";
import { loadOrExplain } from "$lib/load-errors.ts";
import type { PageServerLoad } from "./$types";

export const load: PageServerLoad = async ({ fetch, params, url, depends }) => {
  depends(BLOCKS_LOADED);
  return { data: await loadOrExplain(url, "block", () => loadBlock(apiWith(fetch), params.id)) };
};
