import { redirect } from "@sveltejs/kit";
import { routeForRuns, routeForSignIn } from "$lib/route-for.ts";
import { callAuth } from "$lib/sign-in.ts";
import type { Actions, PageServerLoad } from "./$types";

/** Signing out is an action, never a link that a page could make somebody follow. */
export const load: PageServerLoad = () => redirect(307, routeForRuns());

export const actions: Actions = {
  default: async (event) => {
    await callAuth(event, "DELETE", "session");
    redirect(303, routeForSignIn());
  },
};
