import { error, redirect } from "@sveltejs/kit";
import { apiWith } from "$lib/api.ts";
import { loadOrExplain } from "$lib/load-errors.ts";
import { routeForPool } from "$lib/route-for.ts";
import type { PageServerLoad } from "./$types";

/** A queue is looked at on its pool's page. */
export const load: PageServerLoad = ({ fetch, params, url }) =>
  loadOrExplain(url, "work queue", async () => {
    const { work_pool_name: pool } = await apiWith(fetch)("GET /work_queues/{id}", { params });
    if (pool === null)
      error(404, { message: "This queue belongs to no work pool.", next: "Start from the work pools." });
    redirect(307, routeForPool(pool));
  });
