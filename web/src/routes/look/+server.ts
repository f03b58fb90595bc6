import { redirect } from "@sveltejs/kit";
import { formatLook, LOOK_COOKIE, parseLook } from "$lib/look.ts";
import { safeReturn } from "$lib/route-for.ts";
import type { RequestHandler } from "./$types";

/** The settings' form for browsers that run no scripts. */
export const POST: RequestHandler = async ({ request, cookies, locals }) => {
  const form = await request.formData();
  const wish = new URLSearchParams(formatLook(locals.look));
  for (const key of ["theme", "clock"]) {
    const value = form.get(key);
    if (typeof value === "string") wish.set(key, value);
  }
  wish.set("keys", String(form.has("keys")));
  cookies.set(LOOK_COOKIE, formatLook(parseLook(wish.toString())), {
    path: "/",
    maxAge: 31_536_000,
    httpOnly: false,
    sameSite: "lax",
    secure: false,
  });
  const back = form.get("back");
  redirect(303, safeReturn(typeof back === "string" ? back : null));
};
