import { redirect } from "@sveltejs/kit";
import { routeForRunsOfDeployment } from "$lib/route-for.ts";
import type { PageServerLoad } from "./$types";

/** Where Prefect's client points for a deployment: its runs. */
export const load: PageServerLoad = ({ params }) => redirect(307, routeForRunsOfDeployment(params.id));
