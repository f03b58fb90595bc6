/** What the pages of deployments need: five calls at most each. */
import type { WireDeployment } from "@millrace/contract/deployments.ts";
import type { WireDeploymentSchedule } from "@millrace/contract/schedules.ts";
import type { JsonObject } from "@millrace/domain/json.ts";
import { type Client, type Part, part, valueIn } from "../api.ts";
import { cut, type ListQuery } from "../list/list-query.ts";
import { type Activity, loadActivity } from "../run/activity.ts";
import { loadRuns, type Names, namesOfFlows, type RunList } from "../run/load-runs.ts";
import { EVERYTHING } from "../run/run-filter.ts";
import { milliseconds } from "../time/tell.ts";
import { type DeploymentRow, deploymentRow } from "./deployment-row.ts";

/** What a load of deployments depends on. */
export const DEPLOYMENTS_LOADED = "millrace:deployments";

export interface DeploymentList {
  query: ListQuery;
  rows: DeploymentRow[];
  count: Part<number>;
  flows: Names;
  activity: Activity;
}

export async function loadDeployments(api: Client, query: ListQuery): Promise<DeploymentList> {
  const deployments = { flow_or_deployment_name: query.q ? { like_: query.q } : null };
  const [found, count] = await Promise.all([
    api("POST /deployments/filter", { body: { deployments, sort: "NAME_ASC", ...cut(query) } }),
    part(api("POST /deployments/count", { body: { deployments } })),
  ]);
  const rows = found.map(deploymentRow);
  if (rows.length === 0) return { query, rows, count, flows: {}, activity: {} };
  const scope = { deployments: { id: { any_: rows.map(({ id }) => id) } } };
  const [flows, activity] = await Promise.all([
    namesOfFlows(
      api,
      rows.map(({ flowId }) => flowId),
    ),
    part(loadActivity(api, scope, ({ deploymentId }) => deploymentId)),
  ]);
  return { query, rows, count, flows, activity: valueIn(activity, {}) };
}

export interface DeploymentDetail extends DeploymentRow {
  description: string | null;
  version: string | null;
  entrypoint: string | null;
  path: string | null;
  created: number | null;
  updated: number | null;
  concurrencyLimit: number | null;
  collision: "ENQUEUE" | "CANCEL_NEW" | null;
  enforced: boolean;
  parameters: JsonObject;
  schema: JsonObject | null;
  jobVariables: JsonObject;
  plan: WireDeploymentSchedule[];
}

export interface DeploymentPageData {
  deployment: DeploymentDetail;
  flow: string | null;
  runs: RunList;
  /** Schedules in words, by their ids, as far as there are any for them. */
  told: Record<string, string>;
}

export async function loadDeployment(api: Client, id: string, now: number): Promise<DeploymentPageData> {
  const found = await api("GET /deployments/{id}", { params: { id } });
  const [flows, runs, { scheduleWords }] = await Promise.all([
    namesOfFlows(api, [found.flow_id]),
    loadRuns(api, { ...EVERYTHING, deployments: [found.id] }, now),
    import("./cron-words.ts"),
  ]);
  const told = found.schedules.flatMap(({ id: schedule, schedule: due }): [string, string][] => {
    const words = scheduleWords(due);
    return words === null ? [] : [[schedule, words]];
  });
  return { deployment: detailOf(found), flow: flows[found.flow_id] ?? null, runs, told: Object.fromEntries(told) };
}

const detailOf = (deployment: WireDeployment): DeploymentDetail => ({
  ...deploymentRow(deployment),
  description: deployment.description,
  version: deployment.version,
  entrypoint: deployment.entrypoint,
  path: deployment.path,
  created: milliseconds(deployment.created),
  updated: milliseconds(deployment.updated),
  concurrencyLimit: deployment.concurrency_limit ?? deployment.global_concurrency_limit?.limit ?? null,
  collision: deployment.concurrency_options?.collision_strategy ?? null,
  enforced: deployment.enforce_parameter_schema,
  parameters: deployment.parameters as JsonObject,
  schema: deployment.parameter_openapi_schema as JsonObject | null,
  jobVariables: deployment.job_variables as JsonObject,
  plan: deployment.schedules,
});
