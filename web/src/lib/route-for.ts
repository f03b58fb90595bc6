/**
 * Every address of the web app. Paths of runs are the ones that Prefect's client prints («View at …/runs/flow-run/{id}»), so
 * that links in other people's terminals work here.
 *
 * Paths begin at `base`, the one place where an account and a workspace can come to stand before them.
 */
const base = "";

/** A query as text, with its question mark; empty when there is nothing to say. */
const query = (fields: Record<string, string | undefined>): string => {
  const said = Object.entries(fields).filter((pair): pair is [string, string] => Boolean(pair[1]));
  return said.length === 0 ? "" : `?${new URLSearchParams(said)}`;
};

export const routeForRuns = (search = ""): string => `${base}/runs${search}`;
export const routeForRunsOfFlow = (flow: string): string => routeForRuns(query({ flow }));
export const routeForRunsOfDeployment = (deployment: string): string => routeForRuns(query({ deployment }));
export const routeForRunsWithTag = (tag: string): string => routeForRuns(query({ tag }));

export const routeForFlows = (search = ""): string => `${base}/flows${search}`;
export const routeForFlow = (id: string): string => `${base}/flows/flow/${encodeURIComponent(id)}`;
export const routeForDeployments = (search = ""): string => `${base}/deployments${search}`;
export const routeForDeployment = (id: string): string => `${base}/deployments/deployment/${encodeURIComponent(id)}`;
export const routeForPools = (search = ""): string => `${base}/work-pools${search}`;
export const routeForPool = (name: string): string => `${base}/work-pools/work-pool/${encodeURIComponent(name)}`;

export const routeForLimits = (search = ""): string => `${base}/concurrency-limits${search}`;
export const routeForLimit = (idOrName: string): string =>
  `${base}/concurrency-limits/concurrency-limit/${encodeURIComponent(idOrName)}`;
export const routeForVariables = (search = ""): string => `${base}/variables${search}`;
export const routeForBlocks = (search = ""): string => `${base}/blocks${search}`;
export const routeForBlock = (id: string): string => `${base}/blocks/block/${encodeURIComponent(id)}`;
export const routeForArtifacts = (search = ""): string => `${base}/artifacts${search}`;
export const routeForArtifact = (id: string): string => `${base}/artifacts/artifact/${encodeURIComponent(id)}`;
/** The newest artifact of a key, whichever it is. */
export const routeForArtifactKey = (key: string): string => `${base}/artifacts/key/${encodeURIComponent(key)}`;

export const RUN_TABS = ["logs", "task", "artifacts", "sub-runs", "states", "cancellation", "parameters"] as const;
export type RunTab = (typeof RUN_TABS)[number];

/** A run's page; with a task chosen, a tab open. */
export const routeForRun = (id: string, at: { task?: string; tab?: RunTab } = {}): string =>
  `${base}/runs/flow-run/${encodeURIComponent(id)}${query({ task: at.task, tab: at.tab === "logs" ? undefined : at.tab })}`;
/** A task run, wherever it belongs: the server leads to its run's page. */
export const routeForTaskRun = (id: string): string => `${base}/runs/task-run/${encodeURIComponent(id)}`;
/** The whole log of a run as a file. */
export const routeForLogFile = (id: string, format: "log" | "jsonl"): string =>
  `${base}/runs/flow-run/${encodeURIComponent(id)}/logs.${format}`;

/** Where to sign in; with the place to return to. */
export const routeForSignIn = (next?: string): string => `/sign-in${query({ next: next === "/" ? undefined : next })}`;
export const routeForSignOut = (): string => "/sign-out";

/**
 * Where to go after signing in: a path of this site, or the runs. Whatever a link put there that a browser could take for
 * another site is dropped.
 */
export function safeReturn(next: string | null): string {
  if (!next?.startsWith("/") || next.startsWith("//") || next.includes("\\")) return routeForRuns();
  const target = new URL(next, "http://here.invalid");
  return target.origin === "http://here.invalid" ? `${target.pathname}${target.search}${target.hash}` : routeForRuns();
}
