import { error, redirect } from "@sveltejs/kit";
import type { PageServerLoad } from "./$types";

/** The addresses that Prefect's client prints for a workspace of the cloud: the same page, when that workspace is the session's. */
export const load: PageServerLoad = async ({ params, parent, url }) => {
  const { session } = await parent();
  if (session.account.id !== params.account || session.workspace.id !== params.workspace) {
    error(404, {
      message: "This link is for another workspace than the one you are signed in to.",
      next: "Sign out, and sign in with a key of that workspace.",
    });
  }
  redirect(307, `/${params.rest}${url.search}`);
};
