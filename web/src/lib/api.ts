/**
 * How pages reach the API: the contract's client over same-origin `/api`, with the session's cookie. While a page is rendered
 * the same addresses go through the service binding (see hooks.server.ts), so a load is written once.
 */
import { ApiError, type Client, createClient } from "@millrace/contract/client.ts";

export { ApiError, type Client };

/** A client over a given `fetch`: a load's, or the browser's. */
export const apiWith = (fetch: (input: string, init: RequestInit) => Promise<Response>): Client =>
  createClient({ baseUrl: "/api", fetch });

/** The browser's client. */
export const api: Client = apiWith((input, init) => fetch(input, { ...init, credentials: "same-origin" }));

/** Something of a page that may fail alone: the rest of the page is shown, and this part says why it is not. */
export type Part<T> = { value: T } | { failed: string };

export async function part<T>(work: Promise<T>): Promise<Part<T>> {
  try {
    return { value: await work };
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) throw error;
    return { failed: sentenceOf(error) };
  }
}

export const valueIn = <T, O>(of: Part<T>, otherwise: O): T | O => ("value" in of ? of.value : otherwise);

/** What went wrong, for a person. */
export function sentenceOf(error: unknown): string {
  if (error instanceof ApiError) {
    if (error.status === 401) return "You are signed out.";
    if (error.status >= 500) return `The server answered ${error.status}. ${error.detail}`;
    return error.detail;
  }
  return "The server did not answer. It may be restarting, or the network is down.";
}

/** Why something was not done; null when it was. */
export async function refused(work: Promise<unknown>): Promise<string | null> {
  try {
    await work;
    return null;
  } catch (error) {
    return sentenceOf(error);
  }
}
