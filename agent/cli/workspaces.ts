/** The workspaces that a key reaches, and which of them the settings mean. */
import { connect } from "../sdk/api/connect.ts";
import type { ApiSettings } from "../sdk/api/settings.ts";
import { rootOf, sessionOf } from "./session.ts";

/** Milliseconds that somebody waits. */
const BUDGET_MS = 5_000;
const IN_URL = /\/accounts\/[^/]+\/workspaces\/([^/]+)/;

export async function workspacesOf(settings: ApiSettings) {
  const call = connect({ ...settings, url: rootOf(settings.url) }, { budgetMs: BUDGET_MS });
  const workspaces = await call("GET /me/workspaces");
  const current = IN_URL.exec(settings.url)?.[1] ?? (await sessionOf(settings)).workspace.id;
  return { workspaces, current };
}
