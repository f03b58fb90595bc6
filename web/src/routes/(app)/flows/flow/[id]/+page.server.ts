import { redirect } from "@sveltejs/kit";
import { routeForRunsOfFlow } from "$lib/route-for.ts";
import type { PageServerLoad } from "./$types";

/** Where Prefect's client points for a flow: its runs. */
export const load: PageServerLoad = ({ params }) => redirect(307, routeForRunsOfFlow(params.id));
