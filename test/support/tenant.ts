/** A second, third … tenant on a running service: a workspace and a key for it, made over the API by the owner. */
import { createClient } from "@millrace/contract/client.ts";
import type { WorkspaceScope } from "@millrace/contract/scopes.ts";
import type { Local } from "./server.ts";

export interface Tenant {
  accountId: string;
  workspaceId: string;
  /** Base of the API with account and workspace in its path. */
  apiUrl: string;
  /** Base of the API that works by the key alone. */
  shortUrl: string;
  key: string;
  keyId: string;
  /** The key as `id:secret`, for Basic authentication and for PREFECT_API_AUTH_STRING. */
  authString: string;
  botId: string;
}

let made = 0;

/** Makes a workspace and a bot with a key; `scopes` narrows what the key may do. */
export async function makeTenant(local: Local, name: string, scopes?: WorkspaceScope[]): Promise<Tenant> {
  made += 1;
  const owner = createClient({ baseUrl: `${local.url}/api/accounts/${local.account_id}`, token: local.api_key });
  const params = { account_id: local.account_id };
  const handle = `${name}-${process.pid}-${made}`;
  const workspace = await owner("POST /workspaces/", { params, body: { name: handle, handle } });
  return makeKey(local, workspace.id, handle, scopes);
}

/** Makes another bot with a key for a workspace that is there. */
export async function makeKey(
  local: Local,
  workspaceId: string,
  name: string,
  scopes?: WorkspaceScope[],
): Promise<Tenant> {
  const owner = createClient({ baseUrl: `${local.url}/api/accounts/${local.account_id}`, token: local.api_key });
  const bot = await owner("POST /bots/", {
    params: { account_id: local.account_id },
    body: { name, workspace_id: workspaceId, ...(scopes && { scopes }) },
  });
  return {
    accountId: local.account_id,
    workspaceId,
    apiUrl: `${local.url}/api/accounts/${local.account_id}/workspaces/${workspaceId}`,
    shortUrl: `${local.url}/api`,
    key: bot.api_key.key,
    keyId: bot.api_key.id,
    authString: authStringOf(bot.api_key),
    botId: bot.id,
  };
}

/** A key holds its id, and after it the secret: `id:secret` says the same in the form of a name and a password. */
function authStringOf({ id, key }: { id: string; key: string }): string {
  const after = key.indexOf(id) + id.length;
  return `${id}:${key.slice(after + 1)}`;
}
