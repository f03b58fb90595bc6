/**
 * The one client of the API, for the web app, the SDK, the CLI and the tests.
 *
 * It is driven by the endpoint table through types alone: a route's name holds its method and path, so nothing of the table, and
 * nothing of zod, is loaded at run time.
 */
import type { Body, Params, Query, Result, Route } from "./endpoints.ts";

export interface ClientOptions {
  /** Base of the API, such as `https://HOST/api` or one with account and workspace in its path. */
  baseUrl: string;
  /** Sent as bearer; absent where a cookie or a service binding speaks for the caller. */
  token?: string;
  headers?: Record<string, string>;
  fetch?: (input: string, init: RequestInit) => Promise<Response>;
}

type Need<Key extends string, Value> = [Value] extends [undefined] ? { [K in Key]?: undefined } : { [K in Key]: Value };
type Optional<Key extends string, Value> = [Value] extends [undefined]
  ? { [K in Key]?: undefined }
  : { [K in Key]?: Value };
export type Arguments<Name extends Route> = Need<"params", Params<Name>> &
  Optional<"query", Query<Name>> &
  Optional<"body", Body<Name>> & { signal?: AbortSignal };

/** Calls a route and answers its result; `undefined` where the answer has no body. Throws ApiError for every other status. */
export type Client = <Name extends Route>(route: Name, ...rest: RequiredArguments<Name>) => Promise<Result<Name>>;
type RequiredArguments<Name extends Route> =
  Record<string, never> extends Arguments<Name> ? [args?: Arguments<Name>] : [args: Arguments<Name>];

/** A call that the server refused, or could not answer. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;
  readonly method: string;
  readonly path: string;
  /** The parsed body of the answer, or its text. */
  readonly body: unknown;
  /** Seconds that the server asked to wait, if it did. */
  readonly retryAfter: number | null;

  constructor(answer: { status: number; method: string; path: string; body: unknown; retryAfter: number | null }) {
    super(`${answer.method} ${answer.path} answered ${answer.status}: ${describe(answer.body)}`);
    this.status = answer.status;
    this.method = answer.method;
    this.path = answer.path;
    this.body = answer.body;
    this.retryAfter = answer.retryAfter;
  }

  /** The server's own sentence. */
  get detail(): string {
    return describe(this.body);
  }
}

/** Makes a client for one base URL and one credential. */
export function createClient({
  baseUrl,
  token,
  headers = {},
  fetch: send = (input, init) => fetch(input, init),
}: ClientOptions): Client {
  const base = baseUrl.replace(/\/+$/, "");
  const common: Record<string, string> = { accept: "application/json", ...headers };
  if (token) common.authorization = `Bearer ${token}`;

  const call = async (route: string, args: LooseArguments = {}): Promise<unknown> => {
    const space = route.indexOf(" ");
    const method = route.slice(0, space);
    const path = fill(route.slice(space + 1), args.params ?? {});
    const bytes = args.body instanceof Uint8Array;
    const init: RequestInit = { method, headers: { ...common } };
    if (args.signal) init.signal = args.signal;
    if (args.body !== undefined) {
      init.body = bytes ? (args.body as unknown as RequestInit["body"]) : JSON.stringify(args.body);
      init.headers = { ...common, "content-type": bytes ? "application/octet-stream" : "application/json" };
    }
    const response = await send(`${base}${path}${search(args.query)}`, init);
    if (!response.ok) {
      const retryAfter = Number.parseFloat(response.headers.get("retry-after") ?? "");
      throw new ApiError({
        status: response.status,
        method,
        path,
        body: await readBody(response),
        retryAfter: Number.isFinite(retryAfter) ? retryAfter : null,
      });
    }
    return response.status === 204 ? undefined : readBody(response);
  };
  return call as Client;
}

interface LooseArguments {
  params?: Record<string, string>;
  query?: Record<string, unknown>;
  body?: unknown;
  signal?: AbortSignal;
}

const fill = (path: string, params: Record<string, string>): string =>
  path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ""));

function search(query: Record<string, unknown> | undefined): string {
  const pairs = Object.entries(query ?? {}).filter(([, value]) => value !== undefined && value !== null);
  const texts = Object.fromEntries(pairs.map(([key, value]) => [key, String(value)]));
  return pairs.length === 0 ? "" : `?${new URLSearchParams(texts)}`;
}

async function readBody(response: Response): Promise<unknown> {
  const content = await response.text();
  if (content === "") return undefined;
  try {
    return JSON.parse(content);
  } catch {
    return content;
  }
}

function describe(body: unknown): string {
  if (typeof body === "string") return body;
  if (typeof body !== "object" || body === null) return "no details";
  const { detail, exception_message: message } = body as { detail?: unknown; exception_message?: unknown };
  if (Array.isArray(detail)) {
    return detail
      .map(({ loc, msg }: { loc?: unknown[]; msg?: string }) => `${loc?.join(".") ?? ""}: ${msg ?? ""}`)
      .join("; ");
  }
  if (typeof detail === "string") return detail;
  return typeof message === "string" ? message : JSON.stringify(body);
}
