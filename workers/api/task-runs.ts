import type { RunFiltersInput } from "@millrace/contract/filters.ts";
import { historyToWire, spanOf } from "@millrace/contract/history.ts";
import { type TaskRunCreateBody, taskRuns, taskRunToWire, type WireTaskRun } from "@millrace/contract/task-runs.ts";
import { type TaskRunSort, taskRunOrder } from "@millrace/domain/filter/order.ts";
import { historyOf, intervals } from "@millrace/domain/history.ts";
import { resultArtifact } from "@millrace/domain/orchestration/result-artifact.ts";
import type { TaskRun } from "@millrace/domain/task-run/run.ts";
import type { RunFigures } from "@millrace/domain/task-run/select.ts";
import { fromMilliseconds } from "@millrace/domain/time.ts";
import { backgroundTasksAt, eventHubAt } from "../../durable-objects/addresses.ts";
import type { NewBackgroundTask } from "../../durable-objects/background-tasks/rpc.ts";
import { isProblem } from "../../durable-objects/flow-run/rpc.ts";
import { pack, unpack } from "../../durable-objects/kit/packed.ts";
import { reporterOf, type Tenant } from "../auth/credential.ts";
import type { Env } from "../env.ts";
import { orchestration, refuseProblem, runAt } from "./flow-runs.ts";
import { offsetOf, pagesOf } from "./pages.ts";
import { notFound, Refusal } from "./refusal.ts";
import { type App, serve } from "./serve.ts";
import { ownerOf, ownersToAsk } from "./task-run-owners.ts";

/** Task runs. Those of a flow run lie in its object, those of none in the object of the background tasks. */
export function serveTaskRuns(app: App): void {
  serve(app, taskRuns.create, async ({ env, tenant, body, credential }) => {
    const flowRun = body.flow_run_id;
    const input = inputOf(body);
    const created =
      flowRun === null
        ? await backgroundTasksAt(env, tenant.workspace).create(tenant, input)
        : await runAt(env, tenant, flowRun).createTaskRun(tenant, flowRun, input, reporterOf(credential));
    if (isProblem(created)) throw new Refusal(created);
    return { status: created.kind === "created" ? 201 : 200, result: toWire(created.taskRun) };
  });

  serve(app, taskRuns.read, async ({ env, tenant, params }) => {
    return toWire((await readTaskRun(env, tenant, params.id)) ?? notFound("task run", params.id));
  });

  serve(app, taskRuns.update, async ({ env, tenant, params, body, credential }) => {
    const owner = (await ownerOf(env, tenant, params.id)) ?? notFound("task run", params.id);
    if (body.name !== undefined)
      refuseProblem(await owner.renameTaskRun(tenant, params.id, body.name, reporterOf(credential)));
  });

  serve(app, taskRuns.remove, async ({ env, tenant, params, credential }) => {
    const owner = (await ownerOf(env, tenant, params.id)) ?? notFound("task run", params.id);
    refuseProblem(await owner.removeTaskRun(tenant, params.id, reporterOf(credential)));
  });

  serve(app, taskRuns.setState, async ({ env, tenant, params, body, credential }) => {
    const owner = (await ownerOf(env, tenant, params.id)) ?? notFound("task run", params.id);
    const how = { force: body.force, reporter: reporterOf(credential) };
    const answer = (await owner.setTaskRunState(tenant, params.id, body.state, how)) ?? notFound("task run", params.id);
    if (!isProblem(answer) && answer.entered && body.state.data !== null) await showResult(env, tenant, params.id);
    return orchestration(answer);
  });

  serve(app, taskRuns.filter, async ({ env, tenant, body }) => {
    const { sort, limit, offset } = body;
    return (await findTaskRuns(env, tenant, body, { sort, limit, offset })).map(toWire);
  });

  serve(app, taskRuns.count, ({ env, tenant, body }) => countTaskRuns(env, tenant, body));

  serve(app, taskRuns.paginate, async ({ env, tenant, body }) => {
    const { sort, limit, page } = body;
    const [results, count] = await Promise.all([
      findTaskRuns(env, tenant, body, { sort, limit, offset: offsetOf(body) }),
      countTaskRuns(env, tenant, body),
    ]);
    return { results: results.map(toWire), ...pagesOf(count, limit, page) };
  });

  serve(app, taskRuns.history, async ({ env, tenant, body }) => {
    const span = spanOf(body);
    return historyToWire(intervals(span, historyOf(span, await figuresOf(env, tenant, body))));
  });
}

/** A task run as the wire shows it now. */
export const toWire = (taskRun: TaskRun): WireTaskRun => taskRunToWire(taskRun, fromMilliseconds(Date.now()));

/** A task run, wherever it lies. */
export async function readTaskRun(env: Env, tenant: Tenant, id: string): Promise<TaskRun | null> {
  return (await (await ownerOf(env, tenant, id))?.taskRun(tenant, id)) ?? null;
}

/** What histories and counts are made of: the figures of the task runs that a filter means. */
export async function figuresOf(env: Env, tenant: Tenant, filters: RunFiltersInput): Promise<RunFigures[]> {
  const owners = await ownersToAsk(env, tenant, filters);
  const lists = await Promise.all(owners.map((owner) => owner.taskRunFigures(tenant, filters.task_runs ?? {})));
  return lists.flatMap((list) => unpack(list));
}

/** Shows a stored result as an artifact. The state is entered already: a caller that is not answered proposes it again. */
async function showResult(env: Env, tenant: Tenant, id: string): Promise<void> {
  const taskRun = await readTaskRun(env, tenant, id);
  const of = { flowRunId: taskRun?.flowRunId ?? null, taskRunId: id };
  const artifact = taskRun?.state ? resultArtifact(taskRun.state, of) : null;
  if (!artifact) return;
  const { workspace, shard } = tenant;
  await eventHubAt(env, workspace).announce({ workspace, shard }, pack([{ artifacts: [artifact], events: [] }]), true);
}

function inputOf(body: TaskRunCreateBody): NewBackgroundTask {
  return {
    id: body.id,
    state: body.state,
    name: body.name,
    offeredName: `${body.task_key.split("-")[0]}-${body.dynamic_key.slice(0, 3)}`,
    flowRunId: body.flow_run_id,
    taskKey: body.task_key,
    dynamicKey: body.dynamic_key,
    cacheKey: body.cache_key,
    cacheExpiration: body.cache_expiration,
    taskVersion: body.task_version,
    ...(body.empirical_policy && { policy: body.empirical_policy }),
    tags: body.tags,
    labels: body.labels,
    taskInputs: body.task_inputs,
  };
}

async function findTaskRuns(
  env: Env,
  tenant: Tenant,
  filters: RunFiltersInput,
  { sort, limit, offset }: { sort: TaskRunSort; limit: number; offset: number },
): Promise<TaskRun[]> {
  const query = { filter: filters.task_runs ?? {}, sort, limit: offset + limit };
  const owners = await ownersToAsk(env, tenant, filters);
  const lists = await Promise.all(owners.map((owner) => owner.findTaskRuns(tenant, query)));
  const order = taskRunOrder(sort, fromMilliseconds(Date.now()));
  return lists
    .flatMap((list) => unpack(list))
    .sort(order)
    .slice(offset, offset + limit);
}

async function countTaskRuns(env: Env, tenant: Tenant, filters: RunFiltersInput): Promise<number> {
  const owners = await ownersToAsk(env, tenant, filters);
  const counts = await Promise.all(owners.map((owner) => owner.countTaskRuns(tenant, filters.task_runs ?? {})));
  return counts.reduce((sum, count) => sum + count, 0);
}
