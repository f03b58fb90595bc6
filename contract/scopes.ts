/** The scopes that endpoints ask for and keys hold: Prefect Cloud's own names, so that its roles carry over. */

export const WORKSPACE_SCOPES = [
  "see_artifacts",
  "write_artifacts",
  "manage_artifacts",
  "see_automations",
  "see_blocks",
  "manage_blocks",
  // Ours: Prefect's cloud shows a block's secrets to whoever sees the block.
  "read_secrets",
  "see_concurrency_limits",
  "manage_concurrency_limits",
  "see_deployments",
  "run_deployments",
  "write_deployments",
  "manage_deployments",
  "see_events",
  "see_flows",
  "run_flows",
  "manage_flows",
  "manage_saved_search",
  "see_variables",
  "write_variables",
  "manage_variables",
  "see_work_pools",
  "write_work_pools",
  "manage_work_pools",
  "see_work_queues",
  "write_work_queues",
  "manage_work_queues",
  "see_workers",
  "write_workers",
  "manage_workers",
  "see_webhooks",
  "manage_webhooks",
] as const;
export type WorkspaceScope = (typeof WORKSPACE_SCOPES)[number];

export const ACCOUNT_PERMISSIONS = [
  "create:workspace",
  "create:bot",
  "update:bot",
  "update:account",
  "read:ip_allowlist",
  "update:ip_allowlist",
] as const;
export type AccountPermission = (typeof ACCOUNT_PERMISSIONS)[number];

export type Scope = WorkspaceScope | AccountPermission;

/** All scopes there are: what an owner's key holds. */
export const ALL_SCOPES: readonly Scope[] = [...WORKSPACE_SCOPES, ...ACCOUNT_PERMISSIONS];

/**
 * What the token of one run may do, and only in its own workspace: report on runs, start subflows and other deployments, leave
 * artifacts, use slots and variables, and read blocks with their secrets. The token is also bound to its run and claim.
 */
export const RUN_TOKEN_SCOPES: readonly WorkspaceScope[] = [
  "see_flows",
  "run_flows",
  "see_artifacts",
  "write_artifacts",
  "see_deployments",
  "run_deployments",
  "see_work_pools",
  "see_work_queues",
  "see_concurrency_limits",
  "manage_concurrency_limits",
  "see_variables",
  "write_variables",
  "see_blocks",
  "read_secrets",
];
