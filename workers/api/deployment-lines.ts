import { deploymentLines, type SCHEDULE_HANDLINGS } from "@millrace/contract/deployment-lines.ts";
import type { DeploymentSchedule } from "@millrace/domain/schedule/deployment-schedule.ts";
import { fromMilliseconds } from "@millrace/domain/time.ts";
import { uuidv7 } from "uuidv7";
import { announceChange, announceDeployment } from "./deployment-events.ts";
import {
  type DeploymentRow,
  deploymentNow,
  deploymentToWire,
  planDeployment,
  readRow,
  schedulesOf,
} from "./deployment-records.ts";
import { discardRuns } from "./deployment-removal.ts";
import { inStyleOf } from "./deployment-style.ts";
import { DESCRIBED, listVersions, promote, readVersion, removeVersion } from "./deployment-versions.ts";
import { type Cell, change, columnsOf, limitOf, placeOf, planAnew, write } from "./deployment-writes.ts";
import { notFound, Refusal } from "./refusal.ts";
import { type App, serve } from "./serve.ts";
import { findWorkPool } from "./work-pools.ts";
import { ensureQueue } from "./work-queues.ts";

/** Versions and branches of deployments, and whether one may have runs at all. */
export function serveDeploymentLines(app: App): void {
  serve(app, deploymentLines.versions, ({ env, tenant, params, body }) => listVersions(env, tenant, params.id, body));
  serve(app, deploymentLines.readVersion, ({ env, tenant, params }) => readVersion(env, tenant, params));

  serve(app, deploymentLines.removeVersion, async ({ env, tenant, params }) => {
    await readVersion(env, tenant, params);
    if (!(await removeVersion(env, tenant, params)))
      throw new Refusal({
        code: "conflict",
        what: "version",
        is: "what its deployment is",
        must: "Promote another version first.",
      });
  });

  serve(app, deploymentLines.promoteVersion, async ({ env, tenant, params, afterwards }) => {
    const before = await deploymentNow(env, tenant, params.id);
    if (!(await promote(env, tenant, params.id, params.version_id))) notFound("deployment version", params.version_id);
    afterwards(announceChange(env, tenant, before, await planAnew(env, tenant, params.id)));
    return true as const;
  });

  serve(app, deploymentLines.enable, async ({ env, tenant, params }) => {
    await change(env, tenant, params.id, { disabled: 0 });
    return null;
  });
  serve(app, deploymentLines.disable, async ({ env, tenant, params, afterwards }) => {
    const before = await deploymentNow(env, tenant, params.id);
    const after = await change(env, tenant, params.id, { disabled: 1 });
    await discardRuns(env, tenant, params.id, { all: false });
    if (before.disabled === 0) afterwards(announceDeployment(env, tenant, "disabled", after));
    return null;
  });

  serve(app, deploymentLines.branch, async ({ env, tenant, params, body, request, afterwards }) => {
    const base = await deploymentNow(env, tenant, params.id);
    const name = branchName(base.name, body.branch);
    if (await readRow(env, tenant, "d.flow_id = ?2 AND d.name = ?3", base.flow_id, name))
      throw new Refusal({ code: "already_exists", what: "deployment", name });
    const overrides = body.overrides ?? {};
    const id = uuidv7();
    const pool = overrides.work_pool_name
      ? ((await findWorkPool(env, tenant, overrides.work_pool_name)) ?? notFound("work pool", overrides.work_pool_name))
      : undefined;
    if (pool) await ensureQueue(env, tenant, pool, overrides.work_queue_name ?? null);
    const limit = await limitOf(env, tenant, id, { ...limitsOf(base), ...overrides });
    const row = await write(
      env,
      tenant,
      { id, flow_id: base.flow_id, name },
      {
        ...copyOf(base),
        ...columnsOf(overrides),
        ...placeOf(overrides, pool),
        concurrency_limit_id: limit ?? null,
        schedules: JSON.stringify(branchedSchedules(base, body.options.schedule_handling)),
        branch: body.branch,
        base: base.id,
        root: base.root ?? base.id,
      },
    );
    await planDeployment(env, tenant, row);
    afterwards(announceDeployment(env, tenant, "created", row));
    return inStyleOf(request, row, await deploymentToWire(env, tenant, row));
  });
}

/** A branch is a deployment of its own, and names of deployments are a flow's alone: its branch is part of its name. */
const branchName = (name: string, branch: string): string => `${name}@${branch.trim().replaceAll(/[/%&><]/g, "-")}`;

/** The limit of a deployment as a request would name it. */
function limitsOf({ id, limit_id, limit_name, limit_size }: DeploymentRow) {
  if (limit_id === null) return { concurrency_limit: undefined, global_concurrency_limit_id: undefined };
  return limit_name === `deployment:${id}`
    ? { concurrency_limit: limit_size ?? 1, global_concurrency_limit_id: undefined }
    : { concurrency_limit: undefined, global_concurrency_limit_id: limit_id };
}

const COPIED = [
  ...DESCRIBED,
  "paused",
  "concurrency_options",
  "storage_document_id",
  "infrastructure_document_id",
] as const satisfies readonly (keyof DeploymentRow)[];

const copyOf = (row: DeploymentRow): Record<string, Cell> => ({
  ...Object.fromEntries(COPIED.map((column) => [column, row[column]])),
  work_pool_id: row.pool_id,
});

/** Schedules of a branch are its own: their occurrences are not those of its base. */
function branchedSchedules(base: DeploymentRow, handling: (typeof SCHEDULE_HANDLINGS)[number]): DeploymentSchedule[] {
  if (handling === "remove") return [];
  const now = fromMilliseconds(Date.now());
  return schedulesOf(base).map((one) => ({
    ...one,
    id: uuidv7(),
    created: now,
    updated: now,
    active: handling === "keep" && one.active,
  }));
}
