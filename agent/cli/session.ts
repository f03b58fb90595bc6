/** Who a credential is, asked of a server whose address may be its host, its API, or the API of a workspace. */
import type { WireSession } from "@millrace/contract/auth.ts";
import { connect } from "../sdk/api/connect.ts";
import { type ApiSettings, checkedUrl } from "../sdk/api/settings.ts";

const BUDGET_MS = 5_000;
/** A server on this machine has no certificate. */
const LOOPBACK = /^(localhost|127\.[\d.]+|\[::1\])(:|\/|$)/i;

/** The session of these settings, from the root of their API. */
export const sessionOf = (settings: Pick<ApiSettings, "url" | "credential">): Promise<WireSession> =>
  connect({ ...settings, url: rootOf(settings.url) }, { budgetMs: BUDGET_MS })("GET /auth/session");

/** `https://host/api` of any address that people give for a server. */
export function rootOf(address: string): string {
  const text = /^[a-z]+:\/\//i.test(address) ? address : `${LOOPBACK.test(address) ? "http" : "https"}://${address}`;
  const url = new URL(checkedUrl(text, "the address"));
  return `${url.origin}/api`;
}
