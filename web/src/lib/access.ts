/** What a session may do. */
import type { WorkspaceScope } from "@millrace/contract/scopes.ts";

/** Why a session cannot do what needs a scope; null when it can. One that names no scopes is judged by the server alone. */
export const lacks = (scopes: readonly string[], scope: WorkspaceScope): string | null =>
  scopes.length === 0 || scopes.includes(scope) || scopes.includes("*") ? null : `Your key lacks the scope ${scope}.`;
