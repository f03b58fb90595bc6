import {
  type DeploymentCreateBody,
  type DeploymentUpdateBody,
  deployments,
  type WireDeployment,
} from "@millrace/contract/deployments.ts";
import type { RunFiltersInput } from "@millrace/contract/filters.ts";
import { wantedSchedule } from "@millrace/contract/schedules.ts";
import type { JsonObject } from "@millrace/domain/json.ts";
import { type DeploymentSchedule, redeployed } from "@millrace/domain/schedule/deployment-schedule.ts";
import { fromMilliseconds } from "@millrace/domain/time.ts";
import { uuidv7 } from "uuidv7";
import type { Tenant } from "../auth/credential.ts";
import type { Env } from "../env.ts";
import { askedOfRuns } from "./asked-of-task-runs.ts";
import { announceChange, announceDeployment, announceEnd, nameDeployment } from "./deployment-events.ts";
import {
  COLUMNS,
  type DeploymentRow,
  deploymentNow,
  deploymentsToWire,
  deploymentToWire,
  planDeployment,
  readRow,
  schedulesOf,
  schemaOf,
} from "./deployment-records.ts";
import { removeDeployment } from "./deployment-removal.ts";
import { inStyleOf } from "./deployment-style.ts";
import { change, columnsOf, limitOf, lineOf, placeOf, write } from "./deployment-writes.ts";
import { fitJobVariables, fitParameters } from "./fitting.ts";
import { findFlow } from "./flow-records.ts";
import { notFound, Refusal } from "./refusal.ts";
import { changeSchedules, checkSlugs } from "./schedule-changes.ts";
import { type App, serve } from "./serve.ts";
import { count, select } from "./shard.ts";
import { aroundDeployment } from "./sql-filter.ts";
import { findWorkPool, type WorkPool } from "./work-pools.ts";
import { ensureQueue, readQueue } from "./work-queues.ts";

const ORDERS = {
  CREATED_DESC: "d.created DESC",
  UPDATED_DESC: "d.updated DESC",
  NAME_ASC: "d.name ASC",
  NAME_DESC: "d.name DESC",
} as const;

/** Deployments: made, read, changed and deleted. */
export function serveDeployments(app: App): void {
  serve(app, deployments.create, async ({ env, tenant, body, request, afterwards }) => {
    const flow = (await findFlow(env, tenant, body.flow_id)) ?? notFound("flow", body.flow_id);
    const known = await readRow(env, tenant, "d.flow_id = ?2 AND d.name = ?3", flow.id, body.name);
    // Only an update takes a pool away.
    const pool = (await poolOf(env, tenant, body.work_pool_name)) ?? undefined;
    fitsAtBirth(body, known, pool ?? null);
    await ensurePlace(env, tenant, body, pool, known);
    const id = known?.id ?? uuidv7();
    const limit = await limitOf(env, tenant, id, body);
    const schedules = redeployed(known ? schedulesOf(known) : [], body.schedules.map(wantedSchedule), moment());
    checkSlugs(schedules);
    // Labels of the flow are the deployment's too, and so become those of its runs.
    const labels = { ...flow.labels, "prefect.flow.id": flow.id, ...body.labels } as JsonObject;
    const row = await write(
      env,
      tenant,
      { id, ...body },
      {
        // What is not given goes back to what it is at birth for parameters alone: they belong to the code that is deployed.
        ...columnsOf({ ...body, parameters: body.parameters ?? {} }),
        ...lineOf(body),
        ...placeOf(body, pool),
        ...(limit !== undefined && { concurrency_limit_id: limit }),
        labels: JSON.stringify(labels),
        schedules: JSON.stringify(schedules),
      },
    );
    await planDeployment(env, tenant, row);
    afterwards(known ? announceChange(env, tenant, known, row) : announceDeployment(env, tenant, "created", row));
    return { status: known ? 200 : 201, result: inStyleOf(request, row, await deploymentToWire(env, tenant, row)) };
  });

  serve(app, deployments.update, async ({ env, tenant, params, body, afterwards }) => {
    const known = await deploymentNow(env, tenant, params.id);
    const pool = await poolOf(env, tenant, body.work_pool_name);
    fitsNow(body, known, pool ?? null);
    await ensurePlace(env, tenant, body, pool, known);
    const limit = await limitOf(env, tenant, known.id, body);
    const schedules = body.schedules ? changedSchedules(schedulesOf(known), body.schedules) : null;
    if (schedules) checkSlugs(schedules);
    const row = await change(env, tenant, known.id, {
      ...columnsOf(body),
      ...placeOf(body, pool),
      ...(limit !== undefined && { concurrency_limit_id: limit }),
      ...(schedules && { schedules: JSON.stringify(schedules) }),
    });
    afterwards(announceChange(env, tenant, known, row));
  });

  serve(app, deployments.read, async ({ env, tenant, params, request }) => {
    const row = await deploymentNow(env, tenant, params.id);
    return inStyleOf(request, row, await deploymentToWire(env, tenant, row));
  });

  serve(app, deployments.readByName, async ({ env, tenant, params, request }) => {
    const condition =
      "d.name = ?3 AND d.flow_id = (SELECT f.id FROM flows f WHERE f.workspace_id = ?1 AND f.name = ?2)";
    const row =
      (await readRow(env, tenant, condition, params.flow_name, params.deployment_name)) ??
      notFound("deployment", `${params.flow_name}/${params.deployment_name}`);
    return inStyleOf(request, row, await deploymentToWire(env, tenant, row));
  });

  serve(app, deployments.filter, ({ env, tenant, body, request }) => list(env, tenant, request, body, body));
  serve(app, deployments.count, ({ env, tenant, body }) => countOf(env, tenant, body));
  serve(app, deployments.paginate, async ({ env, tenant, body, request }) => {
    const { sort, limit, page } = body;
    const [results, total] = await Promise.all([
      list(env, tenant, request, body, { sort, limit, offset: (page - 1) * limit }),
      countOf(env, tenant, body),
    ]);
    return { results, count: total, limit, pages: limit === 0 ? 0 : Math.ceil(total / limit), page };
  });

  serve(app, deployments.remove, async ({ env, tenant, params, afterwards }) => {
    const row = await deploymentNow(env, tenant, params.id);
    const named = await nameDeployment(env, tenant, row.id);
    await removeDeployment(env, tenant, row);
    afterwards(announceEnd(env, tenant, named));
  });
  serve(app, deployments.bulkDelete, async ({ env, tenant, body, afterwards }) => {
    const rows = await listRows(
      env,
      tenant,
      { ...NO_FILTERS, deployments: body.deployments },
      "NAME_ASC",
      body.limit,
      0,
    );
    for (const row of rows) {
      const named = await nameDeployment(env, tenant, row.id);
      await removeDeployment(env, tenant, row);
      afterwards(announceEnd(env, tenant, named));
    }
    return { deleted: rows.map(({ id }) => id) };
  });

  serve(app, deployments.workQueueCheck, async ({ env, tenant, params }) => {
    const { queue_id: id } = await deploymentNow(env, tenant, params.id);
    return id === null ? [] : [await readQueue(env, tenant, id)];
  });
}

/** A deployment of the tenant by its id, as the wire shows it. */
export async function readDeployment(env: Env, tenant: Tenant, id: string): Promise<WireDeployment | null> {
  const row = await readRow(env, tenant, "d.id = ?2", id);
  return row && deploymentToWire(env, tenant, row);
}

const NO_FILTERS: RunFiltersInput = {
  flows: null,
  flow_runs: null,
  task_runs: null,
  deployments: null,
  work_pools: null,
  work_pool_queues: null,
};

const moment = () => ({ now: fromMilliseconds(Date.now()), newId: uuidv7 });

type Sort = keyof typeof ORDERS;

/** The queue and the pool that a filter names are the deployment's, not the run's. */
const asked = (env: Env, tenant: Tenant, filters: RunFiltersInput) =>
  askedOfRuns(env, tenant, filters, ["flows", "flow_runs", "deployments"]);

const listRows = async (
  env: Env,
  tenant: Tenant,
  filters: RunFiltersInput,
  sort: Sort,
  limit: number,
  offset: number,
): Promise<DeploymentRow[]> =>
  select<DeploymentRow>(env, tenant, {
    columns: COLUMNS,
    table: "deployments",
    alias: "d",
    where: aroundDeployment(await asked(env, tenant, filters)),
    order: `${ORDERS[sort]}, d.id DESC`,
    limit,
    offset,
  });

const list = async (
  env: Env,
  tenant: Tenant,
  request: Request,
  filters: RunFiltersInput,
  { sort, limit, offset }: { sort: Sort; limit: number; offset: number },
) => {
  const rows = await listRows(env, tenant, filters, sort, limit, offset);
  const shown = await deploymentsToWire(env, tenant, rows);
  return rows.map((row, at) => inStyleOf(request, row, shown[at] as WireDeployment));
};

const countOf = async (env: Env, tenant: Tenant, filters: RunFiltersInput): Promise<number> =>
  count(env, tenant, { table: "deployments", alias: "d", where: aroundDeployment(await asked(env, tenant, filters)) });

/** Makes the queue that a request names where it is not there: in the pool that it names, otherwise in the deployment's own. */
async function ensurePlace(
  env: Env,
  tenant: Tenant,
  { work_queue_name: queue }: Pick<DeploymentCreateBody, "work_queue_name">,
  pool: WorkPool | null | undefined,
  known: DeploymentRow | null,
): Promise<void> {
  const own = pool === undefined && queue && known?.pool_name ? known.pool_name : null;
  const home = own === null ? pool : await findWorkPool(env, tenant, own);
  if (home) await ensureQueue(env, tenant, home, queue ?? null);
}

/** `undefined`: nothing was said of the pool; null: there is to be none. */
async function poolOf(env: Env, tenant: Tenant, name: string | null | undefined): Promise<WorkPool | null | undefined> {
  if (name === undefined || name === null) return name;
  return (await findWorkPool(env, tenant, name)) ?? notFound("work pool", name);
}

/** What a first deployment holds has to fit as far as it is said. */
function fitsAtBirth(body: DeploymentCreateBody, known: DeploymentRow | null, pool: WorkPool | null): void {
  if (pool && body.job_variables)
    fitJobVariables(pool.base_job_template as JsonObject, body.job_variables, {
      doing: "creating deployment",
      partly: true,
    });
  const enforced = body.enforce_parameter_schema ?? (known ? known.enforce_parameter_schema === 1 : true);
  const schema = body.parameter_openapi_schema ?? (known && schemaOf(known));
  try {
    fitParameters(body.parameters ?? {}, schema, { doing: "creating deployment", partly: true, enforced });
  } catch (error) {
    // A body that does not fit by itself is malformed; only what is there already makes a conflict.
    if (!(error instanceof Refusal) || error.problem.code !== "unfit") throw error;
    const { field, message } = error.problem;
    throw new Refusal({ code: "invalid", field: ["parameters", field].filter(Boolean).join("."), message });
  }
}

function fitsNow(body: DeploymentUpdateBody, known: DeploymentRow, pool: WorkPool | null): void {
  const doing = "updating deployment";
  if (pool && body.job_variables)
    fitJobVariables(pool.base_job_template as JsonObject, body.job_variables, { doing, partly: true });
  const enforced = body.enforce_parameter_schema ?? known.enforce_parameter_schema === 1;
  const parameters = body.parameters ?? (JSON.parse(known.parameters) as JsonObject);
  fitParameters(parameters, body.parameter_openapi_schema ?? schemaOf(known), { doing, partly: true, enforced });
}

/** The schedules of a deployment after an update that names some: by their slugs where all have one, otherwise in their place. */
function changedSchedules(
  known: readonly DeploymentSchedule[],
  given: NonNullable<DeploymentUpdateBody["schedules"]>,
): DeploymentSchedule[] {
  const bySlug = known.length > 0 && known.every(({ slug }) => slug !== null);
  if (!bySlug || given.length === 0) {
    if (bySlug && given.length === 0) return [...known];
    const wanted = given.flatMap((one) =>
      one.schedule
        ? [
            wantedSchedule({
              ...one,
              schedule: one.schedule,
              active: one.active ?? true,
              parameters: one.parameters ?? {},
            }),
          ]
        : [],
    );
    return redeployed(known, wanted, moment());
  }
  if (given.some(({ slug }) => slug === null))
    throw new Refusal({
      code: "invalid",
      field: "schedules",
      message: "Please provide a slug for each schedule in your request to ensure schedules are updated correctly.",
    });
  return changeSchedules(known, given, moment());
}
