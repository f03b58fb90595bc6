import { redirect } from "@sveltejs/kit";
import { routeForRuns } from "$lib/route-for.ts";

export const load = () => redirect(307, routeForRuns());
