import { fail, redirect } from "@sveltejs/kit";
import { apiWith, part, valueIn } from "$lib/api.ts";
import { safeReturn } from "$lib/route-for.ts";
import { callAuth } from "$lib/sign-in.ts";
import type { Actions, PageServerLoad } from "./$types";

export const load: PageServerLoad = async ({ fetch, url }) => {
  const local = await part(apiWith(fetch)("GET /auth/local"));
  return { local: valueIn(local, { available: false }).available, next: safeReturn(url.searchParams.get("next")) };
};

export const actions: Actions = {
  key: async (event) => {
    const form = await event.request.formData();
    const key = String(form.get("api_key") ?? "").trim();
    if (key === "") return fail(400, { refused: "Paste an API key first." });
    const answer = await callAuth(event, "POST", "session", { api_key: key });
    if (answer.ok) redirect(303, safeReturn(event.url.searchParams.get("next")));
    return fail(answer.status, { refused: sentence(answer.status, answer.detail) });
  },
  local: async (event) => {
    const answer = await callAuth(event, "POST", "local");
    if (answer.ok) redirect(303, safeReturn(event.url.searchParams.get("next")));
    return fail(answer.status, { refused: sentence(answer.status, answer.detail) });
  },
};

function sentence(status: number, detail: string): string {
  if (status === 401)
    return "This key is not known here, was revoked or has expired. Check that the whole of it was pasted.";
  if (status === 429) return "Too many tries. Wait a minute, then try again.";
  if (status >= 500) return "The server did not answer as it should. Try again in a moment.";
  return detail || `The server refused with status ${status}.`;
}
