import { redirect } from "@sveltejs/kit";
import { routeForPool } from "$lib/route-for.ts";
import type { PageServerLoad } from "./$types";

/** A worker is looked at on its pool's page. */
export const load: PageServerLoad = ({ params }) => redirect(307, routeForPool(params.name));
