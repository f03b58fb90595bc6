/** Tenants for tests inside the Workers runtime, and calls of the Worker in their name. */
import { exports } from "cloudflare:workers";
import { uuidv7 } from "uuidv7";
import type { Owner } from "../../durable-objects/flow-run/rpc.ts";
import type { Tenant } from "../../workers/auth/credential.ts";
import { insertActor, insertWorkspace, planWorkspace } from "../../workers/auth/people.ts";
import { testEnv } from "./env.ts";

export const ORIGIN = "http://millrace.test";

export interface TestTenant extends Tenant {
  key: string;
  keyId: string;
  actorId: string;
  /** As objects know it. */
  owner: Owner;
}

interface Wishes {
  /** An account that is there already; otherwise one of its own. */
  account?: string;
  type?: "user" | "service_account";
  scopes?: readonly string[];
  permissions?: readonly string[];
  /** Microseconds since 1970. */
  expires?: number;
}

/** A workspace with an owner and a key, in an account of its own. */
export async function makeTenant({
  account = uuidv7(),
  type = "user",
  scopes = ["*"],
  permissions = ["*"],
  expires,
}: Wishes = {}): Promise<TestTenant> {
  const workspace = planWorkspace({ account, name: "Test", handle: uuidv7(), description: "" });
  const actor = insertActor(testEnv, {
    ...{ account, type, name: "tester", permissions, scopes, expires: expires ?? null },
    workspace: workspace.id,
  });
  await testEnv.DIRECTORY.batch([
    testEnv.DIRECTORY.prepare(
      "INSERT OR IGNORE INTO accounts (id, name, handle, created) VALUES (?1, ?1, ?1, ?2)",
    ).bind(account, workspace.created),
    insertWorkspace(testEnv, workspace),
    ...actor.statements,
  ]);
  const owner = { workspace: workspace.id, shard: workspace.shard };
  return { ...owner, account, key: actor.key, keyId: actor.keyId, actorId: actor.actorId, owner };
}

export interface Asked {
  status: number;
  /** The answer's JSON, or its text where it is none. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape.
  body: any;
  headers: Headers;
}

interface Question {
  token?: string;
  body?: unknown;
  headers?: Record<string, string>;
  origin?: string;
}

/** Asks the Worker. `route`: method and path below `/api`. */
export async function ask(
  route: string,
  { token, body, headers = {}, origin = ORIGIN }: Question = {},
): Promise<Asked> {
  const [method, path] = route.split(" ") as [string, string];
  const init: RequestInit = {
    method,
    redirect: "manual",
    headers: { ...headers, ...(token && { authorization: `Bearer ${token}` }) },
  };
  if (body !== undefined) init.body = typeof body === "string" ? body : JSON.stringify(body);
  const response = await fetchWorker(new Request(`${origin}/api${path}`, init));
  const text = await response.text();
  return { status: response.status, body: parsed(text), headers: response.headers };
}

export const fetchWorker = (request: Request): Promise<Response> =>
  (exports as unknown as { default: Fetcher }).default.fetch(request);

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
