/** What the pages of flows need: four calls at most each. */
import type { WireFlow } from "@millrace/contract/flows.ts";
import { type Client, type Part, part, valueIn } from "../api.ts";
import { type DeploymentRow, deploymentRow } from "../deployment/deployment-row.ts";
import { cut, type ListQuery, named } from "../list/list-query.ts";
import { type Activity, loadActivity } from "../run/activity.ts";
import { loadRuns, type RunList } from "../run/load-runs.ts";
import { EVERYTHING } from "../run/run-filter.ts";
import { milliseconds } from "../time/tell.ts";

/** What a load of flows depends on. */
export const FLOWS_LOADED = "millrace:flows";

export interface FlowRow {
  id: string;
  name: string;
  tags: string[];
  created: number;
}

const flowRow = ({ id, name, tags, created }: WireFlow): FlowRow => ({
  id,
  name,
  tags,
  created: milliseconds(created) ?? 0,
});

export interface FlowList {
  query: ListQuery;
  rows: FlowRow[];
  count: Part<number>;
  activity: Activity;
  /** Deployments of each flow. */
  deployments: Record<string, number>;
}

export async function loadFlows(api: Client, query: ListQuery): Promise<FlowList> {
  const flows = { name: named(query) };
  const [found, count] = await Promise.all([
    api("POST /flows/filter", { body: { flows, sort: "NAME_ASC", ...cut(query) } }),
    part(api("POST /flows/count", { body: { flows } })),
  ]);
  const rows = found.map(flowRow);
  if (rows.length === 0) return { query, rows, count, activity: {}, deployments: {} };
  const scope = { flows: { id: { any_: rows.map(({ id }) => id) } } };
  const [activity, all] = await Promise.all([
    part(loadActivity(api, scope, ({ flowId }) => flowId)),
    part(api("POST /deployments/filter", { body: { ...scope, limit: 200 } })),
  ]);
  const deployments: Record<string, number> = {};
  for (const { flow_id } of valueIn(all, [])) deployments[flow_id] = (deployments[flow_id] ?? 0) + 1;
  return { query, rows, count, activity: valueIn(activity, {}), deployments };
}

export interface FlowPageData {
  flow: FlowRow;
  deployments: Part<DeploymentRow[]>;
  runs: RunList;
}

export async function loadFlow(api: Client, id: string, now: number): Promise<FlowPageData> {
  const flow = await api("GET /flows/{id}", { params: { id } });
  const [deployments, runs] = await Promise.all([
    part(api("POST /deployments/filter", { body: { flows: { id: { any_: [id] } }, limit: 200 } })),
    loadRuns(api, { ...EVERYTHING, flows: [flow.id] }, now),
  ]);
  const rows = "value" in deployments ? { value: deployments.value.map(deploymentRow) } : deployments;
  return { flow: flowRow(flow), deployments: rows, runs };
}
