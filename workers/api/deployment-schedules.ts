import { deploymentSchedules } from "@millrace/contract/deployment-schedules.ts";
import { deploymentScheduleToWire, wantedSchedule } from "@millrace/contract/schedules.ts";
import type { DeploymentSchedule } from "@millrace/domain/schedule/deployment-schedule.ts";
import { preview } from "@millrace/domain/schedule/preview.ts";
import { isTimetable, timetableOf } from "@millrace/domain/schedule/schedule.ts";
import { formatInstant, fromMilliseconds, SECOND } from "@millrace/domain/time.ts";
import { uuidv7 } from "uuidv7";
import { deploymentAt } from "../../durable-objects/addresses.ts";
import { deploymentNow, planDeployment, schedulesOf, shownSchedules } from "./deployment-records.ts";
import { discardRuns } from "./deployment-removal.ts";
import { change } from "./deployment-writes.ts";
import { notFound, Refusal } from "./refusal.ts";
import { changedSchedule, checkSlugs } from "./schedule-changes.ts";
import { type App, serve } from "./serve.ts";

/** Schedules of deploymentSchedules. */
export function serveDeploymentSchedules(app: App): void {
  serve(app, deploymentSchedules.schedules, async ({ env, tenant, params }) => {
    return shownSchedules(await deploymentNow(env, tenant, params.id));
  });

  serve(app, deploymentSchedules.createSchedules, async ({ env, tenant, params, body }) => {
    const row = await deploymentNow(env, tenant, params.id);
    const now = fromMilliseconds(Date.now());
    const added = body.map(
      (one): DeploymentSchedule => ({ ...wantedSchedule(one), id: uuidv7(), created: now, updated: now }),
    );
    const all = [...schedulesOf(row), ...added];
    checkSlugs(all);
    await change(env, tenant, row.id, { schedules: JSON.stringify(all) });
    return added.map((one) => deploymentScheduleToWire(one, row.id));
  });

  serve(app, deploymentSchedules.updateSchedule, async ({ env, tenant, params, body }) => {
    const row = await deploymentNow(env, tenant, params.id);
    const known = schedulesOf(row);
    if (!known.some(({ id }) => id === params.schedule_id)) notFound("schedule", params.schedule_id);
    const now = fromMilliseconds(Date.now());
    const all = known.map((one) => (one.id === params.schedule_id ? changedSchedule(one, body, now) : one));
    checkSlugs(all);
    await change(env, tenant, row.id, { schedules: JSON.stringify(all) });
  });

  serve(app, deploymentSchedules.removeSchedule, async ({ env, tenant, params }) => {
    const row = await deploymentNow(env, tenant, params.id);
    const known = schedulesOf(row);
    const rest = known.filter(({ id }) => id !== params.schedule_id);
    if (rest.length === known.length) notFound("schedule", params.schedule_id);
    await change(env, tenant, row.id, { schedules: JSON.stringify(rest) });
  });

  serve(app, deploymentSchedules.previewSchedules, async ({ env, tenant, params, body }) => {
    await deploymentNow(env, tenant, params.id);
    const timetable = timetableOf(body.schedule);
    if (!isTimetable(timetable)) throw new Refusal({ code: "invalid", field: "schedule", message: timetable.message });
    const after = body.after ?? fromMilliseconds(Date.now());
    return preview(timetable, after, body.limit).map(({ at, local, warning }) => ({
      local,
      utc: formatInstant(at),
      warning,
    }));
  });

  for (const row of [deploymentSchedules.pause, deploymentSchedules.deactivateSchedules])
    serve(app, row, async ({ env, tenant, params }) => {
      await change(env, tenant, params.id, { paused: 1 });
      await discardRuns(env, tenant, params.id, { all: false });
      return null;
    });
  for (const row of [deploymentSchedules.resume, deploymentSchedules.activateSchedules])
    serve(app, row, async ({ env, tenant, params }) => {
      await change(env, tenant, params.id, { paused: 0 });
      return null;
    });

  serve(app, deploymentSchedules.schedule, async ({ env, tenant, params, body }) => {
    const row = await deploymentNow(env, tenant, params.id);
    await planDeployment(env, tenant, row);
    const span = {
      ...(body.start_time !== null && { from: body.start_time }),
      ...(body.end_time !== null && { to: body.end_time }),
      ...(body.min_time !== null && { leastTime: body.min_time * SECOND }),
      ...(body.min_runs !== null && { leastRuns: body.min_runs }),
      ...(body.max_runs !== null && { mostRuns: body.max_runs }),
    };
    if (schedulesOf(row).length > 0) await deploymentAt(env, tenant.workspace, row.id).fill(tenant, span);
    return null;
  });
}
