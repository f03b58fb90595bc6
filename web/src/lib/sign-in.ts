/** Beginning and ending a session: the API's answer sets the cookie, and the pages pass it on unchanged. */
import type { RequestEvent } from "@sveltejs/kit";

interface Answer {
  ok: boolean;
  status: number;
  /** The API's sentence, when it refused. */
  detail: string;
}

/** Calls an endpoint of `/auth` and keeps the cookies of its answer for the browser. */
export async function callAuth(
  { fetch, locals }: Pick<RequestEvent, "fetch" | "locals">,
  method: "POST" | "DELETE",
  path: "session" | "local",
  body?: { api_key: string },
): Promise<Answer> {
  const init = body ? { body: JSON.stringify(body), headers: { "content-type": "application/json" } } : {};
  try {
    const answer = await fetch(`/api/auth/${path}`, { method, ...init });
    locals.setCookies.push(...answer.headers.getSetCookie());
    const said: unknown = answer.ok ? null : await answer.json().catch(() => null);
    const detail = (said as { detail?: unknown } | null)?.detail;
    return { ok: answer.ok, status: answer.status, detail: typeof detail === "string" ? detail : "" };
  } catch {
    return { ok: false, status: 503, detail: "" };
  }
}
