import { apiWith } from "$lib/api.ts";
import { ARTIFACTS_LOADED, loadArtifact } from "$lib/artifact/load-artifacts.ts";
import { loadOrExplain } from "$lib/load-errors.ts";
import type { PageServerLoad } from "./$types";

export const load: PageServerLoad = async ({ fetch, params, url, depends }) => {
  depends(ARTIFACTS_LOADED);
  return { data: await loadOrExplain(url, "artifact", () => loadArtifact(apiWith(fetch), params.id)) };
};
