/** The schedules of a deployment. */
import { z } from "zod";
import { MOST_RUNS_AT_ONCE } from "./deployment-runs.ts";
import { endpoint } from "./endpoint.ts";
import {
  DeploymentScheduleCreate,
  DeploymentScheduleOut,
  DeploymentScheduleUpdate,
  MOST_SCHEDULES,
  ScheduleIn,
} from "./schedules.ts";
import { ById, maybe, otherwise, Timestamp, TimestampText, Uuid } from "./wire.ts";

const OfSchedule = z.object({ id: Uuid, schedule_id: Uuid });

export const PreviewOut = z.array(
  z.object({
    /** In the schedule's zone, with its offset. */
    local: z.string(),
    utc: TimestampText,
    /** What a change of clocks does to it. */
    warning: z.string().nullable(),
  }),
);

export const deploymentSchedules = {
  schedules: endpoint({
    method: "GET",
    path: "/deployments/{id}/schedules",
    scope: "see_deployments",
    params: ById,
    status: 200,
    result: z.array(DeploymentScheduleOut),
    summary: "The schedules of a deployment.",
  }),
  createSchedules: endpoint({
    method: "POST",
    path: "/deployments/{id}/schedules",
    scope: "write_deployments",
    params: ById,
    body: z.array(DeploymentScheduleCreate).max(MOST_SCHEDULES),
    status: 201,
    result: z.array(DeploymentScheduleOut),
    summary: "Adds schedules to a deployment.",
  }),
  previewSchedules: endpoint({
    method: "POST",
    path: "/deployments/{id}/schedules/preview",
    scope: "see_deployments",
    params: ById,
    body: z.strictObject({
      schedule: ScheduleIn,
      after: maybe(Timestamp),
      limit: otherwise(z.int().min(1).max(200), 10),
    }),
    status: 200,
    result: PreviewOut,
    summary: "The next times of a schedule, with a warning where a change of clocks moves, skips or repeats one.",
  }),
  updateSchedule: endpoint({
    method: "PATCH",
    path: "/deployments/{id}/schedules/{schedule_id}",
    scope: "write_deployments",
    params: OfSchedule,
    body: DeploymentScheduleUpdate,
    status: 204,
    summary: "Changes a schedule.",
  }),
  removeSchedule: endpoint({
    method: "DELETE",
    path: "/deployments/{id}/schedules/{schedule_id}",
    scope: "write_deployments",
    params: OfSchedule,
    status: 204,
    summary: "Deletes a schedule; what it planned is deleted too.",
  }),
  pause: endpoint({
    method: "POST",
    path: "/deployments/{id}/pause_deployment",
    scope: "write_deployments",
    params: ById,
    status: 200,
    result: z.null(),
    summary: "Stops a deployment's schedules; what they planned is deleted.",
  }),
  resume: endpoint({
    method: "POST",
    path: "/deployments/{id}/resume_deployment",
    scope: "write_deployments",
    params: ById,
    status: 200,
    result: z.null(),
    summary: "Lets a deployment's schedules go on from now.",
  }),
  activateSchedules: endpoint({
    method: "POST",
    path: "/deployments/{id}/set_schedule_active",
    scope: "write_deployments",
    params: ById,
    status: 200,
    result: z.null(),
    summary: "An older name of resume_deployment.",
  }),
  deactivateSchedules: endpoint({
    method: "POST",
    path: "/deployments/{id}/set_schedule_inactive",
    scope: "write_deployments",
    params: ById,
    status: 200,
    result: z.null(),
    summary: "An older name of pause_deployment.",
  }),
  schedule: endpoint({
    method: "POST",
    path: "/deployments/{id}/schedule",
    scope: "write_deployments",
    params: ById,
    body: z.object({
      start_time: maybe(Timestamp),
      end_time: maybe(Timestamp),
      min_time: maybe(z.number().min(0).max(1e10)),
      min_runs: maybe(z.int().min(0).max(MOST_RUNS_AT_ONCE)),
      max_runs: maybe(z.int().min(0).max(MOST_RUNS_AT_ONCE)),
    }),
    optionalBody: true,
    status: 200,
    result: z.null(),
    summary: "Makes the runs of a deployment's schedules in a span of time, also of the past.",
  }),
};
