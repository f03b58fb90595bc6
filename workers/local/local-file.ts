/** `<state>/local.json`: what programs on this machine need to use the server. It holds a key: mode 0600. */
import type { Seeded } from "./control.ts";
import { readIfThere, writePrivately } from "./private-file.ts";

export interface Local {
  url: string;
  /** With account and workspace in its path. */
  api_url: string;
  api_key: string;
  account_id: string;
  workspace_id: string;
}

/** The file's content, or null when there is none or it is not whole: then a new key is made. */
export function readLocal(file: string): Local | null {
  try {
    const local = JSON.parse(readIfThere(file) ?? "null") as Partial<Local> | null;
    if (local === null) return null;
    const { url, api_url, api_key, account_id, workspace_id } = local;
    if (!url || !api_url || !api_key || !account_id || !workspace_id) return null;
    return { url, api_url, api_key, account_id, workspace_id };
  } catch {
    return null;
  }
}

export function writeLocal(file: string, local: Local): void {
  writePrivately(file, `${JSON.stringify(local, null, 2)}\n`);
}

/** What the file says of a server at `url`. */
export function localOf(url: string, { api_key, account_id, workspace_id }: Omit<Seeded, "user_id">): Local {
  return {
    url,
    api_url: `${url}/api/accounts/${account_id}/workspaces/${workspace_id}`,
    api_key,
    account_id,
    workspace_id,
  };
}
