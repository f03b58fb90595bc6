import type { AssignedDeployment } from "@millrace/contract/channels/agent.ts";
import { type DeploymentCreateBody, deployments, type WireDeployment } from "@millrace/contract/deployments.ts";
import type { JsonObject } from "@millrace/domain/json.ts";
import { formatInstant, instant } from "@millrace/domain/time.ts";
import { uuidv7 } from "uuidv7";
import { Remembered } from "../../durable-objects/kit/remembered.ts";
import type { Tenant } from "../auth/credential.ts";
import type { Env } from "../env.ts";
import { limitToHold } from "./deployment-limit.ts";
import { beginRun, parentOf } from "./flow-runs.ts";
import { findFlow } from "./flows.ts";
import { notFound } from "./refusal.ts";
import { type App, serve } from "./serve.ts";
import { count, select, shardOfTenant } from "./shard.ts";
import { aroundDeployment, DEPLOYMENT_QUEUE } from "./sql-filter.ts";
import { findWorkPool, type WorkPool } from "./work-pools.ts";
import { ensureQueue } from "./work-queues.ts";

interface DeploymentRow {
  id: string;
  flow_id: string;
  name: string;
  version: string | null;
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
  queue_id: string | null;
  work_queue_name: string | null;
  created: number;
  updated: number;
}

const COLUMNS = `d.id, d.flow_id, d.name, d.version, d.description, d.path, d.entrypoint, d.pull_steps, d.parameters, d.parameter_schema,
  d.enforce_parameter_schema, d.job_variables, d.tags, d.labels, d.work_queue_name, d.created, d.updated,
  (SELECT p.name FROM work_pools p WHERE p.workspace_id = d.workspace_id AND p.id = d.work_pool_id) AS pool_name,
  ${DEPLOYMENT_QUEUE.id} AS queue_id`;
const ORDERS = {
  CREATED_DESC: "d.created DESC",
  UPDATED_DESC: "d.updated DESC",
  NAME_ASC: "d.name ASC",
  NAME_DESC: "d.name DESC",
} as const;

const deploymentsById = new Remembered<WireDeployment>();

/** Deployments, as far as starting a run of one takes. */
export function serveDeployments(app: App): void {
  serve(app, deployments.create, async ({ env, tenant, body }) => {
    const flow = (await findFlow(env, tenant, body.flow_id)) ?? notFound("flow", body.flow_id);
    const pool = body.work_pool_name === null ? null : await findWorkPool(env, tenant, body.work_pool_name);
    if (body.work_pool_name !== null && !pool) notFound("work pool", body.work_pool_name);
    if (pool) await ensureQueue(env, tenant, pool, body.work_queue_name);
    const known = await readOne(env, tenant, "d.flow_id = ?2 AND d.name = ?3", flow.id, body.name);
    // Labels of the flow are the deployment's too, and so become those of its runs.
    const labels = { ...flow.labels, "prefect.flow.id": flow.id, ...body.labels } as JsonObject;
    await upsert(env, tenant, known?.id ?? uuidv7(), { ...body, labels }, pool);
    if (known) deploymentsById.forget(`${tenant.workspace}/${known.id}`);
    const deployment =
      (await readOne(env, tenant, "d.flow_id = ?2 AND d.name = ?3", flow.id, body.name)) ?? notFound("deployment");
    return { status: known ? 200 : 201, result: deployment };
  });

  serve(
    app,
    deployments.read,
    async ({ env, tenant, params }) =>
      (await readOne(env, tenant, "d.id = ?2", params.id)) ?? notFound("deployment", params.id),
  );

  serve(app, deployments.readByName, async ({ env, tenant, params }) => {
    const condition =
      "d.name = ?3 AND d.flow_id = (SELECT f.id FROM flows f WHERE f.workspace_id = ?1 AND f.name = ?2)";
    const deployment = await readOne(env, tenant, condition, params.flow_name, params.deployment_name);
    return deployment ?? notFound("deployment", `${params.flow_name}/${params.deployment_name}`);
  });

  serve(app, deployments.filter, async ({ env, tenant, body }) => {
    const { sort, limit, offset } = body;
    const order = `${ORDERS[sort]}, d.id DESC`;
    const where = aroundDeployment(body);
    const rows = await select<DeploymentRow>(env, tenant, {
      columns: COLUMNS,
      table: "deployments",
      alias: "d",
      where,
      order,
      limit,
      offset,
    });
    return rows.map(deploymentToWire);
  });
  serve(app, deployments.count, ({ env, tenant, body }) =>
    count(env, tenant, { table: "deployments", alias: "d", where: aroundDeployment(body) }),
  );

  serve(app, deployments.remove, async ({ env, tenant, params }) => {
    const { meta } = await shardOfTenant(env, tenant)
      .prepare("DELETE FROM deployments WHERE workspace_id = ?1 AND id = ?2")
      .bind(tenant.workspace, params.id)
      .run();
    if (meta.changes === 0) notFound("deployment", params.id);
    deploymentsById.forget(`${tenant.workspace}/${params.id}`);
  });

  serve(app, deployments.createFlowRun, async ({ env, tenant, params, body, credential }) => {
    const key = `${tenant.workspace}/${params.id}`;
    const deployment =
      (await deploymentsById.get(key, () => readOne(env, tenant, "d.id = ?2", params.id))) ??
      notFound("deployment", params.id);
    const flow = (await findFlow(env, tenant, deployment.flow_id)) ?? notFound("flow", deployment.flow_id);
    const pool = deployment.work_pool_name === null ? null : await findWorkPool(env, tenant, deployment.work_pool_name);
    const queue = pool && (await queueOfRun(env, tenant, pool, deployment, body.work_queue_name));
    const jobVariables = { ...(deployment.job_variables as JsonObject), ...body.job_variables };
    return beginRun(env, tenant, {
      flowId: flow.id,
      deploymentId: deployment.id,
      deploymentVersion: deployment.version,
      state: body.state ?? { type: "SCHEDULED" },
      name: body.name,
      parameters: { ...(deployment.parameters as JsonObject), ...body.parameters },
      context: body.context,
      policy: body.empirical_policy,
      tags: [...new Set([...deployment.tags, ...body.tags])],
      labels: body.labels,
      inheritedLabels: deployment.labels as JsonObject,
      idempotencyKey: body.idempotency_key,
      parentTaskRunId: body.parent_task_run_id,
      infrastructureDocumentId: body.infrastructure_document_id,
      workPoolId: pool?.id ?? null,
      workPoolName: pool?.name ?? null,
      workQueueId: queue?.id ?? null,
      workQueueName: queue?.name ?? null,
      jobVariables,
      lossPolicy: jobVariables.on_agent_lost === "reclaim" ? "reclaim" : "crash",
      surroundings: {
        flow: { id: flow.id, name: flow.name, tags: flow.tags },
        deployment: { id: deployment.id, name: deployment.name, tags: deployment.tags },
        workPool: pool && { id: pool.id, name: pool.name, type: pool.type },
        workQueue: queue,
        parentFlowRunId: await parentOf(env, tenant, body.parent_task_run_id),
        startedBy: credential.claim?.run ?? null,
        code: assigned(deployment),
        limit: limitToHold(deployment),
      },
    });
  });
}

/** The queue of a run: the one that it asks for, otherwise its deployment's. */
const queueOfRun = async (
  env: Env,
  tenant: Tenant,
  pool: WorkPool,
  { work_queue_id: id, work_queue_name: name }: WireDeployment,
  asked: string | null,
): Promise<{ id: string; name: string }> =>
  asked === null && id !== null && name !== null ? { id, name } : ensureQueue(env, tenant, pool, asked);

async function upsert(
  env: Env,
  tenant: Tenant,
  id: string,
  body: DeploymentCreateBody,
  pool: WorkPool | null,
): Promise<void> {
  await shardOfTenant(env, tenant)
    .prepare(
      `INSERT INTO deployments (workspace_id, id, flow_id, name, version, description, path, entrypoint, pull_steps, parameters, parameter_schema,
         enforce_parameter_schema, job_variables, tags, labels, work_pool_id, work_queue_name, created, updated)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?18)
       ON CONFLICT (workspace_id, flow_id, name) DO UPDATE SET version = excluded.version, description = excluded.description,
         path = excluded.path, entrypoint = excluded.entrypoint, pull_steps = excluded.pull_steps, parameters = excluded.parameters,
         parameter_schema = excluded.parameter_schema, enforce_parameter_schema = excluded.enforce_parameter_schema,
         job_variables = excluded.job_variables, tags = excluded.tags, labels = excluded.labels, work_pool_id = excluded.work_pool_id,
         work_queue_name = excluded.work_queue_name, updated = excluded.updated`,
    )
    .bind(
      tenant.workspace,
      id,
      body.flow_id,
      body.name,
      body.version,
      body.description,
      body.path,
      body.entrypoint,
      body.pull_steps && JSON.stringify(body.pull_steps),
      JSON.stringify(body.parameters),
      body.parameter_openapi_schema && JSON.stringify(body.parameter_openapi_schema),
      body.enforce_parameter_schema ? 1 : 0,
      JSON.stringify(body.job_variables),
      JSON.stringify(body.tags),
      JSON.stringify(body.labels),
      pool?.id ?? null,
      body.work_queue_name,
      Date.now() * 1000,
    )
    .run();
}

/** A deployment of the tenant by its id. */
export const readDeployment = (env: Env, tenant: Tenant, id: string): Promise<WireDeployment | null> =>
  readOne(env, tenant, "d.id = ?2", id);

async function readOne(
  env: Env,
  tenant: Tenant,
  condition: string,
  ...values: string[]
): Promise<WireDeployment | null> {
  const row = await shardOfTenant(env, tenant)
    .prepare(`SELECT ${COLUMNS} FROM deployments d WHERE d.workspace_id = ?1 AND ${condition}`)
    .bind(tenant.workspace, ...values)
    .first<DeploymentRow>();
  return row && deploymentToWire(row);
}

/** What an agent needs to start a run. */
const assigned = (deployment: WireDeployment): AssignedDeployment => ({
  id: deployment.id,
  name: deployment.name,
  entrypoint: deployment.entrypoint,
  path: deployment.path,
  pull_steps: deployment.pull_steps,
  job_variables: deployment.job_variables,
});

const object = (text: string): JsonObject => JSON.parse(text) as JsonObject;

const deploymentToWire = (row: DeploymentRow): WireDeployment => ({
  id: row.id,
  created: formatInstant(instant(row.created)),
  updated: formatInstant(instant(row.updated)),
  name: row.name,
  version: row.version,
  description: row.description,
  flow_id: row.flow_id,
  paused: false,
  schedules: [],
  concurrency_limit: null,
  global_concurrency_limit: null,
  concurrency_options: null,
  job_variables: object(row.job_variables),
  parameters: object(row.parameters),
  tags: JSON.parse(row.tags) as string[],
  labels: object(row.labels),
  work_queue_name: row.pool_name === null ? null : (row.work_queue_name ?? "default"),
  work_queue_id: row.pool_name === null ? null : row.queue_id,
  last_polled: null,
  parameter_openapi_schema: row.parameter_schema === null ? {} : object(row.parameter_schema),
  path: row.path,
  pull_steps: row.pull_steps === null ? [] : (JSON.parse(row.pull_steps) as Record<string, unknown>[]),
  entrypoint: row.entrypoint,
  storage_document_id: null,
  infrastructure_document_id: null,
  created_by: null,
  updated_by: null,
  work_pool_name: row.pool_name,
  status: row.pool_name === null ? "NOT_READY" : "READY",
  enforce_parameter_schema: row.enforce_parameter_schema === 1,
});
