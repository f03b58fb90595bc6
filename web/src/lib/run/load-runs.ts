/** What the list of runs needs: five calls at most, and no payload of any run. */
import { type Client, type Part, part, valueIn } from "../api.ts";
import { type RunFilter, runFilterToWire } from "./run-filter.ts";
import { type RunRow, runRow } from "./run-row.ts";

/** What a load of runs depends on: asking for it anew makes the page load again. */
export const RUNS_LOADED = "millrace:runs";

/** Names by id, for what rows only refer to. */
export type Names = Record<string, string>;

export interface RunList {
  filter: RunFilter;
  rows: Part<RunRow[]>;
  count: Part<number>;
  flows: Names;
  deployments: Names;
  /** When it was asked, milliseconds: live news begin here. */
  asked: number;
}

export async function loadRuns(api: Client, filter: RunFilter, now: number): Promise<RunList> {
  const { scope, page } = runFilterToWire(filter, now);
  const [rows, count] = await Promise.all([
    api("POST /flow_runs/filter", { body: { ...scope, ...page } }).then((runs) => runs.map(runRow)),
    part(api("POST /flow_runs/count", { body: scope })),
  ]);
  const [flows, deployments] = await Promise.all([
    namesOfFlows(api, [...rows.map((row) => row.flowId), ...filter.flows]),
    namesOfDeployments(api, [...rows.flatMap((row) => row.deploymentId ?? []), ...filter.deployments]),
  ]);
  return { filter, rows: { value: rows }, count, flows, deployments, asked: now };
}

/** The names of flows; one that cannot be had is left out, and the page shows its id. */
export async function namesOfFlows(api: Client, ids: string[]): Promise<Names> {
  if (ids.length === 0) return {};
  const any_ = [...new Set(ids)];
  const found = await part(api("POST /flows/filter", { body: { flows: { id: { any_ } }, limit: 200 } }));
  return Object.fromEntries(valueIn(found, []).map(({ id, name }) => [id, name]));
}

export async function namesOfDeployments(api: Client, ids: string[]): Promise<Names> {
  if (ids.length === 0) return {};
  const any_ = [...new Set(ids)];
  const found = await part(api("POST /deployments/filter", { body: { deployments: { id: { any_ } }, limit: 200 } }));
  return Object.fromEntries(valueIn(found, []).map(({ id, name }) => [id, name]));
}
