import { apiWith } from "$lib/api.ts";
import { loadOrExplain } from "$lib/load-errors.ts";
import type { LayoutServerLoad } from "./$types";

export const load: LayoutServerLoad = async ({ fetch, request }) => {
  // The whole address is needed only to come back after signing in; `request` does not make the load depend on it.
  const url = new URL(request.url);
  const session = await loadOrExplain(url, "session", () => apiWith(fetch)("GET /auth/session"));
  return { session };
};
