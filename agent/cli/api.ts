/** The API as commands use it: the settings of flag, environment or profile, and a client that does not wait for long. */
import { type Client, connect } from "../sdk/api/connect.ts";
import { type ApiSettings, findSettings } from "../sdk/api/settings.ts";
import type { Call } from "./command.ts";

/** How long a call is tried for, in milliseconds: somebody waits. */
const BUDGET_MS = 5_000;

export const settingsOf = ({ env, text }: Call): Promise<ApiSettings> =>
  findSettings({ env, profile: text("profile") });

export interface Api {
  call: Client;
  settings: ApiSettings;
}

export async function apiOf(call: Call): Promise<Api> {
  const settings = await settingsOf(call);
  return { settings, call: connect(settings, { budgetMs: BUDGET_MS }) };
}
