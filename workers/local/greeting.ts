/** What the server prints once it runs: its address, and how to point programs at it. */
import type { Local } from "./local-file.ts";

/** The lines before `ready`. Those that begin with `export` can be pasted into a shell as they are. */
export function greeting(local: Local, state: string, basic: string): string[] {
  return [
    `Millrace runs at ${local.url}, and keeps everything in ${state}`,
    "",
    "To point Prefect's client at it:",
    ...exports({
      PREFECT_CLOUD_API_URL: `${local.url}/api`,
      PREFECT_API_URL: local.api_url,
      PREFECT_API_KEY: local.api_key,
    }),
    "or, as at a self-hosted Prefect server:",
    ...exports({ PREFECT_API_URL: `${local.url}/api`, PREFECT_API_AUTH_STRING: basic }),
    "To point Millrace's own command line at it:",
    ...exports({ MILLRACE_API_URL: local.api_url, MILLRACE_API_KEY: local.api_key }),
    "",
  ];
}

const exports = (variables: Record<string, string>): string[] =>
  Object.entries(variables).map(([name, value]) => `export ${name}=${value}`);
