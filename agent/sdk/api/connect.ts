/** The API client of the SDK, the runner and the CLI: the contract's client over settings and a patient fetch. */
import { type Client, type ClientOptions, createClient } from "@millrace/contract/client.ts";
import { type RetryOptions, retryingFetch } from "./retrying-fetch.ts";
import type { ApiSettings, Credential } from "./settings.ts";

export type { Client } from "@millrace/contract/client.ts";
export { ApiError } from "@millrace/contract/client.ts";

/** A client that tries again for as long as `retry.budgetMs` says. */
export function connect(settings: Pick<ApiSettings, "url" | "credential">, retry: RetryOptions): Client {
  const send = retryingFetch(retry) as unknown as NonNullable<ClientOptions["fetch"]>;
  return createClient({ baseUrl: settings.url, headers: authorization(settings.credential), fetch: send });
}

export function authorization(credential: Credential): Record<string, string> {
  if (credential.kind === "bearer") return { authorization: `Bearer ${credential.token}` };
  if (credential.kind === "basic") return { authorization: `Basic ${Buffer.from(credential.pair).toString("base64")}` };
  return {};
}

/** The credential as a socket's auth frame carries it. */
export const socketToken = (credential: Credential): string | null =>
  credential.kind === "bearer" ? credential.token : credential.kind === "basic" ? credential.pair : null;
