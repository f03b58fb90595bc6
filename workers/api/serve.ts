/**
 * Binds a row of the endpoint table to a handler. All that routes have in common is said here, once.
 *
 * AP1  Nothing of a handler runs before the credential, the tenant, the scope, the path, the query and the body hold.
 * AP2  The tenant comes from the verified credential and the path, never from a body.
 */
import type { BodyOf, EndpointRow, ParamsOf, QueryOf, ResultOf } from "@millrace/contract/endpoint.ts";
import type { Scope } from "@millrace/contract/scopes.ts";
import type { Context, Hono } from "hono";
import { authenticate, type Rejection } from "../auth/authenticate.ts";
import { allows, type Credential, type Reach, type Tenant } from "../auth/credential.ts";
import type { Env } from "../env.ts";
import { BODY_LIMIT, readBytes, readJson } from "./body.ts";
import { problemOf } from "./failures.ts";
import { faultsOf, invalidResponse, JsonText, json, notFound, problemResponse, Refusal } from "./refusal.ts";

/** What a handler is given. `tenant` and `credential` are there unless the row is public. */
export interface Call<Row extends EndpointRow> {
  params: ParamsOf<Row>;
  query: QueryOf<Row>;
  body: Row extends { bytes: true } ? Uint8Array : BodyOf<Row>;
  /** The body's JSON as it was sent: what it was read to says nothing of how its numbers were written. */
  text: string;
  tenant: Row extends { scope: "public" } ? null : Tenant;
  credential: Row extends { scope: "public" } ? null : Credential;
  request: Request;
  env: Env;
  /** Lets work go on after the answer. */
  afterwards(work: Promise<unknown>): void;
}

/** A handler answers a result, its text in JSON, either with another status than the row's first, or a whole response. */
type Answer<Row extends EndpointRow> =
  | ResultOf<Row>
  | JsonText
  | Response
  | { status: number; result: ResultOf<Row> | JsonText };

export type App = Hono<{ Bindings: Env }>;

const ROOT = "/api";
const ACCOUNT = "/api/accounts/:account_id";

/** Serves a row. */
export function serve<const Row extends EndpointRow>(
  app: App,
  row: Row,
  handle: (call: Call<Row>) => Promise<Answer<Row>> | Answer<Row>,
): void {
  const base = row.base === "account" ? ACCOUNT : ROOT;
  const path = base + row.path.replace(/\{(\w+)\}/g, ":$1");
  const status = typeof row.status === "number" ? row.status : row.status[0];
  app.on(row.method, path, async (context) => {
    const request = context.req.raw;
    try {
      const caller = row.scope === "public" ? null : await admit(context, row);
      const inputs = await readInputs(context, row);
      if (inputs instanceof Response) return inputs;
      const answer = await handle({
        ...inputs,
        tenant: caller?.tenant ?? null,
        credential: caller?.credential ?? null,
        request,
        env: context.env,
        afterwards: (work: Promise<unknown>) => context.executionCtx.waitUntil(work),
      } as Call<Row>);
      return respond(answer, status);
    } catch (error) {
      if (error instanceof Refusal) return problemResponse(error.problem, row.missing);
      console.error(`${row.method} ${row.path} failed`, error);
      const problem = problemOf(error);
      if (problem) return problemResponse(problem);
      return json({ exception_message: "Internal Server Error" }, 500);
    }
  });
}

function respond<Row extends EndpointRow>(answer: Answer<Row>, status: number): Response {
  if (answer instanceof Response) return answer;
  if (answer instanceof JsonText) return json(answer, status);
  if (isWithStatus(answer)) return json(answer.result, answer.status);
  if (answer === undefined)
    return status === 204 ? new Response(null, { status, headers: NO_STORE }) : json(null, status);
  return json(answer, status);
}

const NO_STORE = { "cache-control": "no-store" };

/** Rows with two statuses say which; no result of the wire has just these two fields. */
function isWithStatus(answer: unknown): answer is { status: number; result: unknown } {
  return (
    typeof answer === "object" &&
    answer !== null &&
    "result" in answer &&
    "status" in answer &&
    typeof answer.status === "number"
  );
}

/** Who calls, and where: refused where the credential does not hold, does not reach, or lacks the scope. */
async function admit(
  context: Context<{ Bindings: Env }>,
  row: EndpointRow,
): Promise<{ credential: Credential; tenant: Tenant }> {
  const credential = await authenticate(context.req.raw, context.env);
  if (typeof credential === "string") throw rejected(credential);
  const reach = reachOf(credential, context, row);
  const { scope } = row;
  if (scope !== "any credential" && scope !== "public" && !allows(credential, reach, scope as Scope)) {
    throw new Refusal({ code: "forbidden", scope });
  }
  return { credential, tenant: { workspace: reach.workspace, account: reach.account, shard: reach.shard } };
}

export function rejected(why: Rejection): Refusal {
  if (why.startsWith("foreign address")) return new Refusal({ code: "refused", message: foreign(why) });
  const message = {
    missing: "This needs a credential: an API key as bearer, or as Basic user name and password.",
    invalid: "This credential is not valid: it may be mistyped, expired or revoked. Sign in again, or make a new key.",
    "foreign origin": "A request with a session cookie must come from this site's own pages.",
  }[why as "missing" | "invalid" | "foreign origin"];
  return new Refusal(why === "foreign origin" ? { code: "refused", message } : { code: "unauthenticated", message });
}

/** The sentence for `foreign address <address>`. */
const foreign = (why: string): string =>
  `Your address ${why.slice("foreign address ".length)} is not on the allow list of this account. Ask an owner to add it, or come from a network that is on it.`;

function reachOf(credential: Credential, context: Context, row: EndpointRow): Reach {
  if (row.base === "account" && context.req.param("account_id") !== credential.account.id) notFound("account");
  const named = workspaceInPath(context.req.url);
  return reachable(credential, row.base === undefined || row.base === "workspace" ? named : null);
}

/** The workspace of a path, where the caller reaches it; without one, the caller's own. */
export function reachable(credential: Credential, named: { account: string; workspace: string } | null): Reach {
  const reach = credential.reach.get(named?.workspace ?? credential.home);
  if (!reach || (named && reach.account !== named.account)) notFound("workspace");
  return reach;
}

const WORKSPACE_PATH = /^\/api\/accounts\/([^/]+)\/workspaces\/([^/]+)(\/.+)$/;

/** Account and workspace that a URL names. */
export function workspaceInPath(url: string): { account: string; workspace: string; rest: string } | null {
  const path = pathOf(url);
  if (!path.startsWith("/api/accounts/")) return null;
  const match = WORKSPACE_PATH.exec(path);
  return match ? { account: match[1] as string, workspace: match[2] as string, rest: match[3] as string } : null;
}

/**
 * The path by which a request is routed: without account and workspace, so that both bases lead to one route; webhooks are received
 * beside the API too, where the cloud has them.
 */
export function routingPath(request: Request): string {
  const inWorkspace = workspaceInPath(request.url);
  if (inWorkspace) return ROOT + inWorkspace.rest;
  const path = pathOf(request.url);
  return path.startsWith("/hooks/") ? ROOT + path : path;
}

function pathOf(url: string): string {
  const start = url.indexOf("/", url.indexOf("://") + 3);
  const end = url.indexOf("?", start);
  return start < 0 ? "/" : url.slice(start, end < 0 ? undefined : end);
}

async function readInputs(
  context: Context<{ Bindings: Env }>,
  row: EndpointRow,
): Promise<{ params: unknown; query: unknown; body: unknown; text: string } | Response> {
  const params = row.params?.safeParse(context.req.param());
  // A path with an id that is none is a path that does not exist.
  if (params && !params.success) return json({ detail: "Not Found" }, 404);
  const query = row.query?.safeParse(context.req.query());
  if (query && !query.success) return invalidResponse(faultsOf(query.error, "query"));
  const request = context.req.raw;
  if (row.bytes)
    return {
      params: params?.data,
      query: query?.data,
      body: await readBytes(request, row.limit ?? BODY_LIMIT),
      text: "",
    };
  if (!row.body) return { params: params?.data, query: query?.data, body: undefined, text: "" };
  const read = await readJson(request, row.limit ?? BODY_LIMIT, { mend: row.mendText === true });
  if ("faults" in read) return invalidResponse(read.faults);
  const body = row.body.safeParse((read.value ?? null) === null && row.optionalBody ? {} : read.value);
  return body.success
    ? { params: params?.data, query: query?.data, body: body.data, text: read.text }
    : invalidResponse(faultsOf(body.error, "body"));
}
