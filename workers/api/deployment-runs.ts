import { type DeploymentRunCreateBody, deploymentRuns } from "@millrace/contract/deployment-runs.ts";
import { FlowRunFilter } from "@millrace/contract/filters.ts";
import { deploymentEvent } from "@millrace/domain/dispatch/events.ts";
import type { JsonObject } from "@millrace/domain/json.ts";
import { sentence } from "@millrace/domain/problem.ts";
import { formatInstant, fromMilliseconds, type Instant } from "@millrace/domain/time.ts";
import { noteReadiness, READY_BY } from "../../durable-objects/deployments-told.ts";
import type { Tenant } from "../auth/credential.ts";
import type { Env } from "../env.ts";
import {
  type DeploymentRow,
  deploymentNow,
  findDeployment,
  forgetDeployment,
  schemaOf,
  type Template,
  templateOf,
} from "./deployment-records.ts";
import { fitJobVariables, fitParameters, withWorkspaceVariables } from "./fitting.ts";
import { listFlowRuns } from "./flow-run-lists.ts";
import { beginRun, parentOf } from "./flow-runs.ts";
import { announce, moment } from "./pools.ts";
import { type JsonText, notFound, Refusal } from "./refusal.ts";
import { type App, serve } from "./serve.ts";
import { shardOfTenant } from "./shard.ts";
import { ensureQueue } from "./work-queues.ts";

/** Runs that are begun at once. */
const AT_ONCE = 20;

/** Runs of deployments: begun, and asked for by who starts them. */
export function serveDeploymentRuns(app: App): void {
  serve(app, deploymentRuns.createFlowRun, async ({ env, tenant, params, body, credential }) => {
    const row = (await findDeployment(env, tenant, params.id)) ?? notFound("deployment", params.id);
    return begin(env, tenant, row, await templateOf(env, tenant, row), body, credential.claim?.run ?? null);
  });

  serve(app, deploymentRuns.createFlowRuns, async ({ env, tenant, params, body, credential }) => {
    const row = await deploymentNow(env, tenant, params.id);
    const template = await templateOf(env, tenant, row);
    const one = async (wanted: DeploymentRunCreateBody) => {
      try {
        const { result } = await begin(env, tenant, row, template, wanted, credential.claim?.run ?? null);
        const { id } = JSON.parse(result.text) as { id: string };
        return { flow_run_id: id, status: "CREATED" as const, error: null };
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        return { flow_run_id: null, status: "FAILED" as const, error: sentence(error.problem) };
      }
    };
    const results: Awaited<ReturnType<typeof one>>[] = [];
    for (let at = 0; at < body.length; at += AT_ONCE)
      results.push(...(await Promise.all(body.slice(at, at + AT_ONCE).map(one))));
    return { results };
  });

  serve(app, deploymentRuns.scheduledRuns, async ({ env, tenant, body }) => {
    const { deployment_ids: ids, scheduled_before: before, limit } = body;
    const filter = FlowRunFilter.parse({
      deployment_id: { any_: ids },
      state: { type: { any_: ["SCHEDULED"] } },
      ...(before !== null && { next_scheduled_start_time: { before_: formatInstant(before) } }),
    });
    const filters = { ...NOTHING_ELSE, flow_runs: filter };
    const page = { sort: "NEXT_SCHEDULED_START_TIME_ASC", limit, offset: 0 } as const;
    const runs = await listFlowRuns(env, tenant, filters, page);
    await notePolled(env, tenant, ids);
    return runs;
  });
}

const NOTHING_ELSE = { flows: null, task_runs: null, deployments: null, work_pools: null, work_pool_queues: null };

/** Begins a run of a deployment for somebody outside, who sent these parameters. 200 where the key names one that is there. */
export async function beginFromOutside(
  env: Env,
  tenant: Tenant,
  deployment: string,
  { parameters, idempotencyKey }: { parameters: JsonObject; idempotencyKey: string | null },
): Promise<{ run: string; isNew: boolean }> {
  const row = (await findDeployment(env, tenant, deployment)) ?? notFound("deployment", deployment);
  const body = deploymentRuns.createFlowRun.body.parse({ parameters, idempotency_key: idempotencyKey });
  const { status, result } = await begin(env, tenant, row, await templateOf(env, tenant, row), body, null);
  return { run: (JSON.parse(result.text) as { id: string }).id, isNew: status === 201 };
}

async function begin(
  env: Env,
  tenant: Tenant,
  row: DeploymentRow,
  { birth, pool }: Template,
  body: DeploymentRunCreateBody,
  startedBy: string | null,
): Promise<{ status: number; result: JsonText }> {
  if (row.disabled === 1)
    throw new Refusal({ code: "conflict", what: "deployment", is: "disabled", must: "Enable it first." });
  const doing = "creating flow run";
  const enforced = body.enforce_parameter_schema ?? row.enforce_parameter_schema === 1;
  const given = await withWorkspaceVariables(env, tenant, { ...birth.parameters, ...body.parameters });
  const parameters = fitParameters(given, schemaOf(row), { doing, partly: false, enforced });
  const jobVariables: JsonObject = { ...birth.jobVariables, ...body.job_variables };
  if (pool) fitJobVariables(pool.base_job_template as JsonObject, jobVariables, { doing, partly: false });
  if (!pool && body.work_queue_name !== null)
    throw new Refusal({
      code: "invalid",
      field: "work_queue_name",
      message: `Cannot create flow run in work queue ${body.work_queue_name} because the deployment is not associated with a work pool.`,
    });
  const asked = body.work_queue_name;
  const queue = pool && asked !== null ? await ensureQueue(env, tenant, pool, asked) : null;
  return beginRun(env, tenant, {
    ...birth,
    state: body.state ?? { type: "SCHEDULED" },
    name: body.name,
    parameters,
    context: body.context,
    policy: body.empirical_policy,
    tags: [...new Set([...(birth.tags ?? []), ...body.tags])],
    labels: body.labels,
    idempotencyKey: body.idempotency_key,
    parentTaskRunId: body.parent_task_run_id,
    infrastructureDocumentId: body.infrastructure_document_id ?? birth.infrastructureDocumentId,
    ...(queue && { workQueueId: queue.id, workQueueName: queue.name }),
    jobVariables,
    lossPolicy: jobVariables.on_agent_lost === "reclaim" ? "reclaim" : "crash",
    surroundings: {
      ...birth.surroundings,
      ...(queue && { workQueue: queue }),
      ...(await parentOf(env, tenant, body.parent_task_run_id)),
      startedBy,
    },
  });
}

/** Milliseconds after which a sign of life is stored again: a poll that finds nothing writes nothing, but for one in half a minute. */
const STORED_EVERY = 30_000;
/** Deployments whose last sign of life is remembered. */
const MOST_REMEMBERED = 10_000;

const polled = new Map<string, number>();

/** Somebody asked for runs of these deployments: they are ready. */
async function notePolled(env: Env, tenant: Tenant, ids: readonly string[]): Promise<void> {
  const now = Date.now();
  const key = (id: string): string => `${tenant.workspace}/${id}`;
  const stale = ids.filter((id) => (polled.get(key(id)) ?? 0) < now - STORED_EVERY);
  if (stale.length === 0) return;
  const at: Instant = fromMilliseconds(now);
  const shard = shardOfTenant(env, tenant);
  const which = { sql: "d.id IN (SELECT value FROM json_each(?2))", values: [JSON.stringify(stale)] };
  const ready = await noteReadiness(shard, tenant.workspace, { by: READY_BY.asking, is: true, which });
  await shard
    .prepare(
      "UPDATE deployments SET last_polled = ?2 WHERE workspace_id = ?1 AND id IN (SELECT value FROM json_each(?3))",
    )
    .bind(tenant.workspace, at, JSON.stringify(stale))
    .run();
  await announce(
    env,
    tenant,
    ready.map((deployment) => deploymentEvent("ready", deployment, moment())),
  );
  if (polled.size > MOST_REMEMBERED) polled.clear();
  for (const id of stale) {
    polled.set(key(id), now);
    forgetDeployment(tenant, id);
  }
}
