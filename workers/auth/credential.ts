/** A verified credential: who calls, which workspaces that reaches, and what it may do there. */
import type { Scope } from "@millrace/contract/scopes.ts";
import type { Allowed } from "@millrace/domain/access/allow-list.ts";

export interface Reach {
  workspace: string;
  account: string;
  shard: number;
  /** Null: all scopes. */
  scopes: ReadonlySet<string> | null;
  name: string;
  handle: string;
  description: string;
}

export interface Credential {
  kind: "key" | "access" | "session" | "ticket" | "run";
  /** The key that it is or stands for; null for a run's token. */
  keyId: string | null;
  /** The key with which it ends: its own, or that of the agent which got a run's token; null where there is none. */
  endsWith: string | null;
  actor: { id: string; name: string; type: "user" | "service_account" | "run" };
  account: { id: string; name: string; handle: string };
  /** From where its account is reached. */
  allowed: Allowed;
  /** The workspace under `/api` alone. */
  home: string;
  reach: ReadonlyMap<string, Reach>;
  /** Account permissions; null: all. */
  permissions: ReadonlySet<string> | null;
  /** Of a run's token: the claim it is bound to. */
  claim: { run: string; generation: number } | null;
  /** When it ends, in seconds since 1970; null: when it is revoked. */
  expires: number | null;
}

/** Where a call takes place: the workspace, verified to be the caller's. */
export interface Tenant {
  workspace: string;
  account: string;
  shard: number;
}

/** Whether the credential may do this in that workspace. */
export function allows(credential: Credential, reach: Reach, scope: Scope): boolean {
  const held = scope.includes(":") ? credential.permissions : reach.scopes;
  return held === null || held.has(scope);
}

/** The run in whose name a call is made; null for callers that are not a run's process. */
export const reporterOf = ({ claim }: Credential): { run: string; generation: number } | null => claim;
