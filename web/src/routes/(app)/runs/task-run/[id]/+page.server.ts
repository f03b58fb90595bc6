import { error, redirect } from "@sveltejs/kit";
import { apiWith } from "$lib/api.ts";
import { loadOrExplain } from "$lib/load-errors.ts";
import { routeForRun } from "$lib/route-for.ts";
import type { PageServerLoad } from "./$types";

/** A task run is looked at on its run's page, with its logs beside it. */
export const load: PageServerLoad = ({ fetch, params, url }) =>
  loadOrExplain(url, "task run", async () => {
    const task = await apiWith(fetch)("GET /task_runs/{id}", { params });
    if (!task.flow_run_id)
      error(404, { message: "This task run belongs to no flow run.", next: "Start from the runs." });
    redirect(307, routeForRun(task.flow_run_id, { task: task.id }));
  });
