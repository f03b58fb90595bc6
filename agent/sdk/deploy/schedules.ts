/** The schedules of a deployment: as its options say them, and as it keeps those that it has when it is deployed again. */
import type { DeploymentScheduleCreate, WireDeploymentSchedule } from "@millrace/contract/schedules.ts";
import type { z } from "zod";
import { type Duration, milliseconds } from "../duration.ts";
import { toParameters } from "../input.ts";
import type { ScheduleDetails, ScheduleOptions } from "./options.ts";

/** At the times of a cron expression of five fields. */
export const cron = <Input = unknown>(
  expression: string,
  details: ScheduleDetails<Input> & { dayOr?: boolean } = {},
): ScheduleOptions<Input> => ({ cron: expression, ...details });

/** Again and again after a time. */
export const every = <Input = unknown>(
  interval: Duration,
  details: ScheduleDetails<Input> & { anchor?: Date | string } = {},
): ScheduleOptions<Input> => ({ every: interval, ...details });

/** At the times of a recurrence rule, as calendars know them. */
export const rrule = <Input = unknown>(rule: string, details: ScheduleDetails<Input> = {}): ScheduleOptions<Input> => ({
  rrule: rule,
  ...details,
});

export type WireSchedule = z.input<typeof DeploymentScheduleCreate>;

/**
 * What an interval is counted from where nobody says: the same moment at each deployment, so that one that is deployed more often than
 * its interval still runs.
 */
const ANCHOR = "2020-01-01T00:00:00Z";

/** What a deployment of this flow is to have. Throws a TypeError for what is no length of time. */
export const wantedSchedules = (flow: string, schedules: readonly ScheduleOptions<unknown>[]): WireSchedule[] =>
  schedules.map((one) => ({
    schedule: wireTimes(one),
    active: one.active ?? true,
    slug: one.slug ?? null,
    parameters: toParameters(flow, one.parameters),
    ...(one.catchUp && { catch_up: catchUpOf(one.catchUp) }),
  }));

/** The times of a schedule as the API takes them. Throws a TypeError for what is no length of time. */
export function wireTimes(one: ScheduleOptions<unknown>) {
  const { timezone = "UTC" } = one;
  if ("cron" in one) return { cron: one.cron, day_or: one.dayOr ?? true, timezone };
  if ("rrule" in one) return { rrule: one.rrule, timezone };
  const anchor = one.anchor instanceof Date ? one.anchor.toISOString() : (one.anchor ?? ANCHOR);
  return { interval: seconds(one.every, "every"), anchor_date: anchor, timezone };
}

function catchUpOf(given: NonNullable<ScheduleOptions["catchUp"]>): NonNullable<WireSchedule["catch_up"]> {
  if (typeof given === "string") return { policy: given };
  return { policy: given.policy, window: seconds(given.window, "catchUp.window") };
}

const seconds = (value: Duration, what: string): number => milliseconds(value, `deploy(): schedules: ${what}`) / 1000;

/** One that is there, as a second create of its deployment has to name it for it to stay. */
export const keptSchedule = (one: WireDeploymentSchedule): WireSchedule => ({
  schedule: one.schedule,
  active: one.active,
  max_scheduled_runs: one.max_scheduled_runs,
  parameters: one.parameters as WireSchedule["parameters"],
  slug: one.slug,
  ...(one.catch_up && { catch_up: one.catch_up }),
});
