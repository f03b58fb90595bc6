import { cancellations, receiptToWire } from "@millrace/contract/cancellations.ts";
import { flowRuns, verdictToWire } from "@millrace/contract/flow-runs.ts";
import { stateToWire } from "@millrace/contract/states.ts";
import { wishesOf } from "@millrace/domain/dispatch/wishes.ts";
import { slugName } from "@millrace/domain/flow-run/names.ts";
import type { JsonObject } from "@millrace/domain/json.ts";
import type { Problem } from "@millrace/domain/problem.ts";
import type { StateInput } from "@millrace/domain/state.ts";
import { fromMilliseconds } from "@millrace/domain/time.ts";
import { eventHubAt, flowRunAt, workPoolAt } from "../../durable-objects/addresses.ts";
import type { Announcement } from "../../durable-objects/event-hub/rpc.ts";
import { type Answer, type Birth, isProblem } from "../../durable-objects/flow-run/rpc.ts";
import { withDeadline } from "../../durable-objects/kit/deadline.ts";
import { type Packed, pack } from "../../durable-objects/kit/packed.ts";
import type { Offer } from "../../durable-objects/work-pool/rpc.ts";
import { reporterOf, type Tenant } from "../auth/credential.ts";
import type { Env } from "../env.ts";
import { askedOfRuns } from "./asked-of-task-runs.ts";
import { findFlow } from "./flow-records.ts";
import { countFlowRuns, listFlowRuns } from "./flow-run-lists.ts";
import { madeFor } from "./lately.ts";
import { offsetOf, pagesOf } from "./pages.ts";
import { JsonText, notFound, Refusal } from "./refusal.ts";
import { runAt } from "./run-at.ts";
import { derivedRunId, makeRunId } from "./run-ids.ts";
import { type App, serve } from "./serve.ts";
import { findWorkPool } from "./work-pools.ts";
import { ensureQueue } from "./work-queues.ts";

export { runAt } from "./run-at.ts";

/** Begins a run, however it was asked for. 201 where it is new, 200 where its idempotency key named one that is there. */
export async function beginRun(
  env: Env,
  tenant: Tenant,
  birth: Omit<Birth, "id" | "offeredName">,
): Promise<{ status: number; result: JsonText }> {
  const { flowId, idempotencyKey } = birth;
  const id = idempotencyKey
    ? derivedRunId(env.KEY_PEPPER, tenant.workspace, flowId, idempotencyKey)
    : makeRunId(env.KEY_PEPPER, tenant.workspace);
  const created = await flowRunAt(env, tenant.workspace, id).create(
    tenant,
    pack({ ...birth, id, offeredName: slugName(Math.random) }),
  );
  if (isProblem(created)) throw new Refusal(created);
  if (created.announcement) await tellBirth(env, tenant, id, created.announcement);
  if (birth.workPoolId && birth.state?.type === "SCHEDULED") madeFor(birth.workPoolId, offerOf(id, birth));
  return { status: created.kind === "created" ? 201 : 200, result: new JsonText(created.body) };
}

function offerOf(run: string, { workQueueId, jobVariables, state }: Omit<Birth, "id" | "offeredName">): Offer {
  const { priority, key, weight } = wishesOf(jobVariables ?? null);
  const due = state?.details?.scheduledTime ?? fromMilliseconds(Date.now());
  return { run, queue: workQueueId ?? null, due, priority, ...(key !== "" && { key, weight }) };
}

/** Milliseconds after which the hub counts as away. */
const DEADLINE = 3_000;

/**
 * Resolves when lists show the run. A hub that is away is no reason to refuse it: the run then tells of itself until it is heard.
 *
 * Every create makes this call for itself, and the hub gathers them: a request that waits for another one's call is cancelled by the
 * platform, which cannot see what it waits for.
 */
async function tellBirth(
  env: Env,
  { workspace, shard }: Tenant,
  id: string,
  announcement: Packed<Announcement[]>,
): Promise<void> {
  const told = eventHubAt(env, workspace).announce({ workspace, shard }, announcement, true);
  try {
    await withDeadline(told, DEADLINE, "The event hub");
  } catch (error) {
    console.error("The hub was not told of a run that began", error);
    await flowRunAt(env, workspace, id).reconcile({ workspace, shard });
  }
}

/** What a subflow's stand-in says of its surroundings: in which flow run it is, and what it is called; nothing where nobody knows it. */
export async function parentOf(
  env: Env,
  tenant: Tenant,
  taskRun: string | null,
): Promise<Pick<Birth["surroundings"], "parentFlowRunId" | "parentTaskRun">> {
  const parentFlowRunId = taskRun === null ? null : await eventHubAt(env, tenant.workspace).locate(taskRun);
  if (taskRun === null || parentFlowRunId === null) return { parentFlowRunId };
  const standIn = await flowRunAt(env, tenant.workspace, parentFlowRunId).taskRun(tenant, taskRun);
  return { parentFlowRunId, parentTaskRun: standIn && { id: taskRun, name: standIn.name, tags: [...standIn.tags] } };
}

/** Flow runs. */
export function serveFlowRuns(app: App): void {
  serve(app, flowRuns.create, async ({ env, tenant, body, credential }) => {
    const flow = (await findFlow(env, tenant, body.flow_id)) ?? notFound("flow", body.flow_id);
    const pool = body.work_pool_name === null ? null : await findWorkPool(env, tenant, body.work_pool_name);
    if (body.work_pool_name !== null && !pool) notFound("work pool", body.work_pool_name);
    const queue = pool && (await ensureQueue(env, tenant, pool, body.work_queue_name));
    return beginRun(env, tenant, {
      flowId: flow.id,
      state: body.state,
      name: body.name,
      flowVersion: body.flow_version,
      deploymentId: body.deployment_id,
      workPoolId: pool?.id ?? null,
      workPoolName: pool?.name ?? null,
      workQueueId: queue?.id ?? null,
      workQueueName: queue?.name ?? body.work_queue_name,
      parameters: body.parameters,
      context: body.context,
      policy: body.empirical_policy,
      tags: body.tags,
      labels: body.labels,
      inheritedLabels: flow.labels as JsonObject,
      idempotencyKey: body.idempotency_key,
      parentTaskRunId: body.parent_task_run_id,
      infrastructureDocumentId: body.infrastructure_document_id,
      jobVariables: body.job_variables,
      lossPolicy: "crash",
      surroundings: {
        flow: { id: flow.id, name: flow.name, tags: flow.tags },
        workPool: pool && { id: pool.id, name: pool.name, type: pool.type },
        workQueue: queue && { id: queue.id, name: queue.name },
        ...(await parentOf(env, tenant, body.parent_task_run_id)),
        startedBy: credential.claim?.run ?? null,
        code: null,
      },
    });
  });

  serve(app, flowRuns.read, async ({ env, tenant, params }) => {
    const body = await runAt(env, tenant, params.id).read(tenant);
    return body === null ? notFound("flow run", params.id) : new JsonText(body);
  });

  serve(app, flowRuns.update, async ({ env, tenant, params, body, credential }) => {
    const edit = {
      name: body.name,
      flowVersion: body.flow_version,
      parameters: body.parameters,
      policy: body.empirical_policy,
      tags: body.tags,
      infrastructurePid: body.infrastructure_pid,
      jobVariables: body.job_variables,
    };
    refuseProblem(await runAt(env, tenant, params.id).edit(tenant, params.id, edit, reporterOf(credential)));
  });

  serve(app, flowRuns.labels, async ({ env, tenant, params, body, credential }) => {
    const edit = { labels: body };
    refuseProblem(await runAt(env, tenant, params.id).edit(tenant, params.id, edit, reporterOf(credential)));
  });

  serve(app, flowRuns.remove, async ({ env, tenant, params }) => {
    refuseProblem(await runAt(env, tenant, params.id).remove(tenant, params.id));
  });

  serve(app, flowRuns.setState, async ({ env, tenant, params, body, credential, request }) => {
    const how = { force: body.force, reporter: reporterOf(credential), renewsLeases: renewsLeases(request) };
    const state = pack<StateInput>(body.state);
    const run = runAt(env, tenant, params.id);
    // By PENDING a worker takes a run that waits in a pool: the pool says whether there is room.
    const wait = body.state.type === "PENDING" && !body.force ? await run.waitsIn(tenant) : null;
    if (!wait) return orchestration(await run.propose(tenant, params.id, state, how));
    const taken = await workPoolAt(env, tenant.workspace, wait.pool).take(tenant, wait.offer, state, how.reporter);
    if (isProblem(taken) || !("full" in taken)) return orchestration(taken);
    const refused = verdictToWire({ kind: "abort", reason: taken.full }, (await run.record(tenant))?.run.state ?? null);
    return { status: 200, result: refused };
  });

  serve(app, cancellations.read, async ({ env, tenant, params }) => {
    const receipts = (await runAt(env, tenant, params.id).receipts(tenant)) ?? notFound("flow run", params.id);
    return receipts.map(receiptToWire);
  });

  serve(app, flowRuns.retry, async ({ env, tenant, params, credential }) =>
    orchestration(await runAt(env, tenant, params.id).retry(tenant, params.id, reporterOf(credential))),
  );

  serve(app, flowRuns.states, async ({ env, tenant, params }) => {
    const states = (await runAt(env, tenant, params.id).states(tenant)) ?? notFound("flow run", params.id);
    return states.map(stateToWire);
  });

  serve(app, flowRuns.filter, async ({ env, tenant, body }) =>
    listFlowRuns(env, tenant, await askedOfRuns(env, tenant, body), body),
  );
  serve(app, flowRuns.count, async ({ env, tenant, body }) =>
    countFlowRuns(env, tenant, await askedOfRuns(env, tenant, body)),
  );
  serve(app, flowRuns.paginate, async ({ env, tenant, body }) => {
    const { sort, limit, page } = body;
    const offset = offsetOf(body);
    const filters = await askedOfRuns(env, tenant, body);
    const [results, count] = await Promise.all([
      listFlowRuns(env, tenant, filters, { sort, limit, offset }),
      countFlowRuns(env, tenant, filters),
    ]);
    const { pages } = pagesOf(count, limit, page);
    return new JsonText(
      `{"results":${results.text},"count":${count},"limit":${limit},"pages":${pages},"page":${page}}`,
    );
  });
}

/** Prefect's client as it names itself. */
const CLIENT = /^prefect\/(\d+)\.(\d+)\.(\d+)/;
/** Since this version it renews the leases of slots. */
const RENEWS_SINCE = [3, 4, 11] as const;

/** Whether the caller keeps a slot's lease alive: a client of Prefect's that is new enough. */
function renewsLeases(request: Request): boolean {
  const [, ...version] = CLIENT.exec(request.headers.get("user-agent") ?? "") ?? [];
  const differing = RENEWS_SINCE.findIndex((least, at) => Number(version[at] ?? 0) !== least);
  return differing < 0 || Number(version[differing] ?? 0) > (RENEWS_SINCE[differing] ?? 0);
}

/** 201 where a state was put in place, 200 where none was. */
export function orchestration(answer: Answer | Problem): { status: number; result: JsonText } {
  if (isProblem(answer)) throw new Refusal(answer);
  return { status: answer.entered ? 201 : 200, result: new JsonText(answer.body) };
}

/** Throws where the answer is a problem. */
export function refuseProblem(answer: "done" | Problem): void {
  if (isProblem(answer)) throw new Refusal(answer);
}
