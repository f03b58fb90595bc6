/**
 * Deployments as the shard keeps them, on their way to the wire.
 *
 * AP82 A change of a deployment is told to its object before it is answered; what a crash keeps from it, a sweep tells.
 */
import type { AssignedDeployment } from "@millrace/contract/channels/agent.ts";
import type { WireDeployment } from "@millrace/contract/deployments.ts";
import { deploymentScheduleToWire } from "@millrace/contract/schedules.ts";
import type { JsonObject } from "@millrace/domain/json.ts";
import type { DeploymentSchedule } from "@millrace/domain/schedule/deployment-schedule.ts";
import { formatInstant, fromMilliseconds, instant } from "@millrace/domain/time.ts";
import { concurrencyLimitAt, deploymentAt, workPoolAt } from "../../durable-objects/addresses.ts";
import type { RunTemplate } from "../../durable-objects/deployment/rpc.ts";
import { pack } from "../../durable-objects/kit/packed.ts";
import { Remembered } from "../../durable-objects/kit/remembered.ts";
import type { Tenant } from "../auth/credential.ts";
import type { Env } from "../env.ts";
import { limitToHold } from "./deployment-limit.ts";
import { findFlow } from "./flow-records.ts";
import { notFound } from "./refusal.ts";
import { shardOfTenant } from "./shard.ts";
import { DEPLOYMENT_QUEUE } from "./sql-filter.ts";
import { findWorkPool, type WorkPool } from "./work-pools.ts";

export interface DeploymentRow {
  id: string;
  flow_id: string;
  name: string;
  version: string | null;
  version_info: string | null;
  version_id: string | null;
  branch: string | null;
  base: string | null;
  root: string | null;
  description: string | null;
  path: string | null;
  entrypoint: string | null;
  pull_steps: string | null;
  parameters: string;
  parameter_schema: string | null;
  enforce_parameter_schema: number;
  job_variables: string;
  tags: string;
  labels: string;
  pool_name: string | null;
  pool_id: string | null;
  queue_id: string | null;
  work_queue_name: string | null;
  paused: number;
  disabled: number;
  schedules: string;
  concurrency_options: string | null;
  limit_id: string | null;
  limit_name: string | null;
  limit_size: number | null;
  limit_active: number | null;
  limit_decay: number | null;
  limit_created: number | null;
  limit_updated: number | null;
  storage_document_id: string | null;
  infrastructure_document_id: string | null;
  last_polled: number | null;
  revision: number;
  planned: number;
  created: number;
  updated: number;
}

const limitColumn = (column: string): string =>
  `(SELECT l.${column} FROM concurrency_limits l WHERE l.workspace_id = d.workspace_id AND l.id = d.concurrency_limit_id)`;

export const COLUMNS = `d.id, d.flow_id, d.name, d.version, d.version_info, d.version_id, d.branch, d.base, d.root, d.description, d.path, d.entrypoint, d.pull_steps, d.parameters,
  d.parameter_schema, d.enforce_parameter_schema, d.job_variables, d.tags, d.labels, d.work_queue_name, d.paused, d.disabled, d.schedules,
  d.concurrency_options, d.storage_document_id, d.infrastructure_document_id, d.last_polled, d.revision, d.planned, d.created, d.updated,
  (SELECT p.name FROM work_pools p WHERE p.workspace_id = d.workspace_id AND p.id = d.work_pool_id) AS pool_name,
  d.work_pool_id AS pool_id, ${DEPLOYMENT_QUEUE.id} AS queue_id,
  ${limitColumn("id")} AS limit_id, ${limitColumn("name")} AS limit_name, ${limitColumn('"limit"')} AS limit_size,
  ${limitColumn("active")} AS limit_active, ${limitColumn("decay")} AS limit_decay, ${limitColumn("created")} AS limit_created,
  ${limitColumn("updated")} AS limit_updated`;

/** Seconds after its last poll for which somebody counts as there to start a deployment's runs. */
export const READY_SECONDS = 60;

const deploymentsById = new Remembered<DeploymentRow>();
const keyOf = (tenant: Tenant, id: string): string => `${tenant.workspace}/${id}`;

/** A deployment on a run's way: remembered for a moment. */
export const findDeployment = (env: Env, tenant: Tenant, id: string): DeploymentRow | Promise<DeploymentRow | null> =>
  deploymentsById.get(keyOf(tenant, id), () => readRow(env, tenant, "d.id = ?2", id));

export const forgetDeployment = (tenant: Tenant, id: string): void => deploymentsById.forget(keyOf(tenant, id));

/** A deployment as it is now; a refusal where there is none. */
export const deploymentNow = async (env: Env, tenant: Tenant, id: string): Promise<DeploymentRow> =>
  (await readRow(env, tenant, "d.id = ?2", id)) ?? notFound("deployment", id);

export const readRow = (
  env: Env,
  tenant: Tenant,
  condition: string,
  ...values: string[]
): Promise<DeploymentRow | null> =>
  shardOfTenant(env, tenant)
    .prepare(`SELECT ${COLUMNS} FROM deployments d WHERE d.workspace_id = ?1 AND ${condition}`)
    .bind(tenant.workspace, ...values)
    .first<DeploymentRow>();

const object = (text: string): JsonObject => JSON.parse(text) as JsonObject;

export const schedulesOf = ({ schedules }: DeploymentRow): DeploymentSchedule[] =>
  JSON.parse(schedules) as DeploymentSchedule[];

/** They are shown in the order of their last change, the latest first; of those changed at once, the one that stands last. */
export const shownSchedules = (row: DeploymentRow): WireDeployment["schedules"] =>
  schedulesOf(row)
    .toReversed()
    .sort((a, b) => b.updated - a.updated)
    .map((one) => deploymentScheduleToWire(one, row.id));

export const schemaOf = ({ parameter_schema: schema }: DeploymentRow): JsonObject | null =>
  schema === null ? null : object(schema);

/** A deployment as the wire shows it. */
export const deploymentToWire = async (env: Env, tenant: Tenant, row: DeploymentRow): Promise<WireDeployment> =>
  (await deploymentsToWire(env, tenant, [row]))[0] as WireDeployment;

/** Deployments as the wire shows them. Whether somebody is there to start their runs, the objects of their pools say. */
export async function deploymentsToWire(
  env: Env,
  tenant: Tenant,
  rows: readonly DeploymentRow[],
): Promise<WireDeployment[]> {
  const [standings, slots] = await Promise.all([
    askEach(
      rows.map(({ pool_id }) => pool_id),
      (pool) => workPoolAt(env, tenant.workspace, pool).standing(tenant),
    ),
    askEach(
      rows.map(({ limit_id }) => limit_id),
      async (limit) => {
        return (await concurrencyLimitAt(env, tenant.workspace, limit).occupation(tenant)).taken;
      },
    ),
  ]);
  const now = Date.now();
  return rows.map((row) => {
    const own = row.last_polled;
    const queue = standings.get(row.pool_id ?? "")?.queues.find(({ id }) => id === row.queue_id);
    const polled = Math.max(own ?? 0, queue?.polled ?? 0);
    const ready = polled >= (now - READY_SECONDS * 1000) * 1000 || queue?.status === "READY";
    return wireOf(row, { polled: polled === 0 ? null : polled, ready, slots: slots.get(row.limit_id ?? "") ?? 0 });
  });
}

/** Asks each of these things once. */
async function askEach<T>(ids: readonly (string | null)[], ask: (id: string) => Promise<T>): Promise<Map<string, T>> {
  const each = [...new Set(ids)].filter((id) => id !== null);
  return new Map(await Promise.all(each.map(async (id) => [id, await ask(id)] as const)));
}

/** The concurrency limit of a deployment as the wire shows it, and what becomes of runs that find it full. */
const limitOf = (
  row: DeploymentRow,
  slots: number,
): Pick<WireDeployment, "global_concurrency_limit" | "concurrency_options"> => ({
  global_concurrency_limit:
    row.limit_id === null
      ? null
      : {
          id: row.limit_id,
          created: formatInstant(instant(row.limit_created ?? 0)),
          updated: formatInstant(instant(row.limit_updated ?? 0)),
          active: row.limit_active === 1,
          name: row.limit_name ?? "",
          limit: row.limit_size ?? 0,
          active_slots: slots,
          slot_decay_per_second: row.limit_decay ?? 0,
        },
  concurrency_options: row.concurrency_options === null ? null : JSON.parse(row.concurrency_options),
});

function wireOf(
  row: DeploymentRow,
  { polled, ready, slots }: { polled: number | null; ready: boolean; slots: number },
): WireDeployment {
  return {
    id: row.id,
    created: formatInstant(instant(row.created)),
    updated: formatInstant(instant(row.updated)),
    name: row.name,
    version: row.version,
    description: row.description,
    flow_id: row.flow_id,
    paused: row.paused === 1,
    schedules: shownSchedules(row),
    concurrency_limit: null,
    ...limitOf(row, slots),
    job_variables: object(row.job_variables),
    parameters: object(row.parameters),
    tags: JSON.parse(row.tags) as string[],
    labels: object(row.labels),
    work_queue_name: row.pool_name === null ? row.work_queue_name : (row.work_queue_name ?? "default"),
    work_queue_id: row.pool_name === null ? null : row.queue_id,
    last_polled: polled === null ? null : formatInstant(instant(polled)),
    parameter_openapi_schema: row.parameter_schema === null ? {} : object(row.parameter_schema),
    path: row.path,
    pull_steps: row.pull_steps === null ? [] : (JSON.parse(row.pull_steps) as Record<string, unknown>[]),
    entrypoint: row.entrypoint,
    storage_document_id: row.storage_document_id,
    infrastructure_document_id: row.infrastructure_document_id,
    created_by: null,
    updated_by: null,
    work_pool_name: row.pool_name,
    status: ready ? "READY" : "NOT_READY",
    enforce_parameter_schema: row.enforce_parameter_schema === 1,
  };
}

/** What an agent needs to start a run. */
const assigned = (row: DeploymentRow): AssignedDeployment => ({
  id: row.id,
  name: row.name,
  entrypoint: row.entrypoint,
  path: row.path,
  pull_steps: row.pull_steps === null ? [] : JSON.parse(row.pull_steps),
  job_variables: object(row.job_variables),
});

/** A run of a deployment before anything is said about it in particular. */
export interface Template {
  birth: RunTemplate;
  pool: WorkPool | null;
}

/** What all runs of a deployment have in common. */
export async function templateOf(env: Env, tenant: Tenant, row: DeploymentRow): Promise<Template> {
  const flow = (await findFlow(env, tenant, row.flow_id)) ?? notFound("flow", row.flow_id);
  const pool = row.pool_name === null ? null : await findWorkPool(env, tenant, row.pool_name);
  const tags = JSON.parse(row.tags) as string[];
  const jobVariables = object(row.job_variables);
  const birth: RunTemplate = {
    flowId: flow.id,
    deploymentId: row.id,
    deploymentVersion: row.version,
    deploymentVersionId: row.version_id,
    parameters: object(row.parameters),
    tags,
    inheritedLabels: object(row.labels),
    infrastructureDocumentId: row.infrastructure_document_id,
    workPoolId: pool?.id ?? null,
    workPoolName: pool?.name ?? null,
    workQueueId: pool && (row.queue_id ?? pool.default_queue_id),
    workQueueName: pool ? (row.work_queue_name ?? "default") : row.work_queue_name,
    jobVariables,
    lossPolicy: jobVariables.on_agent_lost === "reclaim" ? "reclaim" : "crash",
    surroundings: {
      flow: { id: flow.id, name: flow.name, tags: flow.tags },
      deployment: { id: row.id, name: row.name, tags },
      workPool: pool && { id: pool.id, name: pool.name, type: pool.type },
      workQueue: pool && { id: row.queue_id ?? pool.default_queue_id, name: row.work_queue_name ?? "default" },
      parentFlowRunId: null,
      startedBy: null,
      code: assigned(row),
      limit: limitToHold(limitOf(row, 0)),
    },
  };
  return { birth, pool };
}

/** Tells a deployment's object how the deployment is now. */
export async function planDeployment(env: Env, tenant: Tenant, row: DeploymentRow): Promise<void> {
  const schedules = schedulesOf(row);
  // A deployment that never had a schedule needs no object.
  if (schedules.length > 0 || row.planned > 0) {
    const { birth } = await templateOf(env, tenant, row);
    await deploymentAt(env, tenant.workspace, row.id).configure(
      tenant,
      pack({
        deployment: row.id,
        revision: row.revision,
        at: fromMilliseconds(Date.now()),
        paused: row.paused === 1 || row.disabled === 1,
        schedules,
        birth,
      }),
    );
    await shardOfTenant(env, tenant)
      .prepare("UPDATE deployments SET planned = ?3 WHERE workspace_id = ?1 AND id = ?2 AND planned < ?3")
      .bind(tenant.workspace, row.id, row.revision)
      .run();
  }
}
