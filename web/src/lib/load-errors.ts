/** What a page does when the one thing it is about cannot be had. */
import { error, isHttpError, isRedirect, redirect } from "@sveltejs/kit";
import { ApiError, sentenceOf } from "./api.ts";
import { routeForSignIn } from "./route-for.ts";

/**
 * Runs a load. Signed out: to the sign-in page, and back afterwards. Forbidden, unknown, broken: the error page with the API's
 * own sentence and what to do next.
 */
export async function loadOrExplain<T>(url: URL, what: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    if (isRedirect(cause) || isHttpError(cause)) throw cause;
    if (!(cause instanceof ApiError)) error(503, { message: sentenceOf(cause), next: "Try again in a moment." });
    switch (cause.status) {
      case 401:
        redirect(303, routeForSignIn(url.pathname + url.search));
        break;
      case 403:
        error(403, { message: cause.detail });
        break;
      case 404:
      case 422:
        error(404, {
          message: `There is no ${what} with this id in your workspace.`,
          next: "It may have been deleted, or belong to another workspace.",
        });
        break;
      default:
        error(cause.status >= 500 ? 502 : cause.status, { message: sentenceOf(cause), next: "Try again in a moment." });
    }
  }
}
