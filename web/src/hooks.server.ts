/**
 * What every request of the pages passes through.
 *
 * - The look's cookie is read, and the theme is written into the HTML, so that no script runs before the first paint.
 * - Calls to `/api` go through the service binding with the caller's cookie; without a binding they go over the network.
 * - Every answer forbids caching and framing. The pages' own cache of answers (adapter-cloudflare keeps one) must never hold one
 *   person's page for another.
 */
import type { Handle, HandleFetch, HandleServerError } from "@sveltejs/kit";
import { LOOK_COOKIE, parseLook } from "$lib/look.ts";

const HEADERS = {
  "cache-control": "private, no-store",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
};

/** What proxies say of the caller. The API judges by it who asks, so a call made for a page must not hide it. */
const PASSED_ON = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via", "cf-connecting-ip"];

export const handle: Handle = async ({ event, resolve }) => {
  event.locals.look = parseLook(event.cookies.get(LOOK_COOKIE));
  event.locals.setCookies = [];
  const answer = await resolve(event, {
    transformPageChunk: ({ html }) => html.replace("%millrace.theme%", event.locals.look.theme),
  });
  const response = new Response(answer.body, answer);
  for (const [name, value] of Object.entries(HEADERS)) response.headers.set(name, value);
  for (const cookie of event.locals.setCookies) response.headers.append("set-cookie", cookie);
  return response;
};

export const handleFetch: HandleFetch = async ({ event, request, fetch }) => {
  const url = new URL(request.url);
  if (url.origin !== event.url.origin || !url.pathname.startsWith("/api/")) return fetch(request);
  const headers = new Headers(request.headers);
  const cookie = event.request.headers.get("cookie");
  if (cookie) headers.set("cookie", cookie);
  // The API takes a changing request with a cookie only from its own origin, which is where this page came from.
  headers.set("origin", event.url.origin);
  for (const name of PASSED_ON) {
    const value = event.request.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  const body = request.body === null ? null : await request.arrayBuffer();
  const api = event.platform?.env.API;
  // Where no header says who asks, the runtime does.
  const { clientIp } = (event.platform?.cf ?? {}) as { clientIp?: string };
  const init = { method: request.method, headers, body, ...(clientIp && { cf: { clientIp } }) };
  const call = new Request(request.url, init);
  return api ? api.fetch(call) : globalThis.fetch(call);
};

export const handleError: HandleServerError = ({ error, status, message }) => {
  if (status !== 404) console.error(error);
  return status === 404
    ? { message: "There is no page at this address.", next: "Check the link, or start from the runs." }
    : {
        message: message === "Internal Error" ? "This page broke on our side." : message,
        next: "Try again in a moment.",
      };
};
