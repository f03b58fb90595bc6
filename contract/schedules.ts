/** Schedules on the wire. */
import type { DeploymentSchedule, WantedSchedule } from "@millrace/domain/schedule/deployment-schedule.ts";
import { withStart } from "@millrace/domain/schedule/rrule-text.ts";
import { isTimetable, type Schedule, timetableOf } from "@millrace/domain/schedule/schedule.ts";
import { fromMilliseconds, type Instant, parseInstant, SECOND } from "@millrace/domain/time.ts";
import { z } from "zod";
import { Fields, maybe, Name, TimestampText, text } from "./wire.ts";

/** Most schedules of one deployment. */
export const MOST_SCHEDULES = 1_000;
/** Most occurrences that a schedule may ask to have on lists at once. */
const MOST_AHEAD = 100;

const Zone = maybe(z.string().max(100));
const DURATION = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;
const CLOCK = /^(?:(\d+)(?: days?,? |[ ,]))?(\d+):(\d{2})(?::(\d{2}(?:\.\d+)?))?$/;

/** Seconds: as a number, or written as `PT1H` or `1:00:00`. */
const Seconds = z.union([z.number(), z.string().max(100)]).transform((value, context): number => {
  if (typeof value === "number") return value;
  const parts = DURATION.exec(value) ?? CLOCK.exec(value);
  const units = parts?.length === 6 ? [604_800, 86_400, 3_600, 60, 1] : [86_400, 3_600, 60, 1];
  if (parts && value !== "P") return units.reduce((sum, unit, at) => sum + unit * Number(parts[at + 1] ?? 0), 0);
  context.addIssue({ code: "custom", message: "Input should be a valid timedelta, such as 3600.0 or PT1H" });
  return z.NEVER;
});

const Anchor = z
  .string()
  .nullish()
  .transform((value, context): Instant => {
    if (value === undefined || value === null) return fromMilliseconds(Date.now());
    const at = parseInstant(value);
    if (at !== null) return at;
    context.addIssue({ code: "custom", message: "Input should be a valid datetime, such as 2026-01-31T08:00:00Z" });
    return z.NEVER;
  });

const CronIn = z.strictObject({ cron: z.string().max(1_000), timezone: Zone, day_or: z.boolean().default(true) });
const IntervalIn = z.strictObject({ interval: Seconds, anchor_date: Anchor, timezone: Zone });
const RRuleIn = z.strictObject({ rrule: z.string().max(10_000), timezone: Zone });

/** A schedule that comes in: which kind it is, its fields say. */
export const ScheduleIn = z
  .unknown()
  .transform((value, context): Schedule => {
    const given = typeof value === "object" && value !== null ? value : {};
    const read =
      "cron" in given
        ? CronIn.transform(
            ({ cron, timezone, day_or }): Schedule => ({ kind: "cron", cron, timezone, dayOr: day_or }),
          ).safeParse(given)
        : "rrule" in given
          ? RRuleIn.transform(
              ({ rrule, timezone }): Schedule => ({
                kind: "rrule",
                rrule: withStart(rrule),
                timezone: timezone || "UTC",
              }),
            ).safeParse(given)
          : IntervalIn.transform(
              ({ interval, anchor_date, timezone }): Schedule => ({
                kind: "interval",
                every: Math.round(interval * SECOND),
                anchor: anchor_date,
                timezone: timezone ?? "UTC",
              }),
            ).safeParse(given);
    if (!read.success) {
      for (const { path, message } of read.error.issues) context.addIssue({ code: "custom", path: [...path], message });
      return z.NEVER;
    }
    const timetable = timetableOf(read.data);
    if (isTimetable(timetable)) return read.data;
    context.addIssue({ code: "custom", path: [timetable.field], message: timetable.message });
    return z.NEVER;
  })
  .meta({ type: "object" });

/** What becomes of occurrences that were missed. Not of Prefect's wire. */
const CatchUpIn = z
  .strictObject({ policy: z.enum(["all", "latest", "none"]), window: maybe(z.number().positive()) })
  .meta({ description: "What becomes of occurrences that were missed; `window` in seconds." });

const most = maybe(z.int().min(1).max(MOST_AHEAD));
const slug = maybe(Name);

export const DeploymentScheduleCreate = z.strictObject({
  active: z.boolean().default(true),
  schedule: ScheduleIn,
  max_scheduled_runs: most,
  parameters: Fields.default({}),
  slug,
  replaces: slug,
  catch_up: maybe(CatchUpIn),
});

export const DeploymentScheduleUpdate = z.strictObject({
  active: z.boolean().nullish(),
  schedule: ScheduleIn.optional(),
  max_scheduled_runs: most,
  parameters: Fields.optional(),
  slug,
  replaces: slug,
  catch_up: maybe(CatchUpIn),
});
export type DeploymentScheduleUpdateBody = z.output<typeof DeploymentScheduleUpdate>;

/** What a create asks for. */
export const wantedSchedule = (body: z.output<typeof DeploymentScheduleCreate>): WantedSchedule => ({
  schedule: body.schedule,
  active: body.active,
  most: body.max_scheduled_runs,
  parameters: body.parameters,
  slug: body.slug,
  catchUp: body.catch_up,
});

const Zoned = { timezone: z.string().nullable() };
export const ScheduleOut = z.union([
  z.object({ interval: z.number(), anchor_date: TimestampText, ...Zoned }),
  z.object({ cron: z.string(), ...Zoned, day_or: z.boolean() }),
  z.object({ rrule: z.string(), ...Zoned }),
]);

export const DeploymentScheduleOut = z.object({
  id: z.uuid(),
  created: TimestampText,
  updated: TimestampText,
  deployment_id: z.uuid(),
  schedule: ScheduleOut,
  active: z.boolean(),
  max_scheduled_runs: z.int().nullable(),
  parameters: z.record(z.string(), z.unknown()),
  slug: z.string().nullable(),
  /** There only where a schedule was given one: Prefect's wire does not have it. */
  catch_up: z.object({ policy: z.enum(["all", "latest", "none"]), window: z.number().nullable() }).optional(),
});
export type WireDeploymentSchedule = z.output<typeof DeploymentScheduleOut>;

export function scheduleToWire(schedule: Schedule): z.output<typeof ScheduleOut> {
  switch (schedule.kind) {
    case "cron":
      return { cron: schedule.cron, timezone: schedule.timezone, day_or: schedule.dayOr };
    case "interval":
      return {
        interval: schedule.every / SECOND,
        anchor_date: text(schedule.anchor) as string,
        timezone: schedule.timezone,
      };
    case "rrule":
      return { rrule: schedule.rrule, timezone: schedule.timezone };
    default:
      return schedule satisfies never;
  }
}

export const deploymentScheduleToWire = (one: DeploymentSchedule, deployment: string): WireDeploymentSchedule => ({
  id: one.id,
  created: text(one.created) as string,
  updated: text(one.updated) as string,
  deployment_id: deployment,
  schedule: scheduleToWire(one.schedule),
  active: one.active,
  max_scheduled_runs: one.most,
  parameters: one.parameters,
  slug: one.slug,
  ...(one.catchUp && { catch_up: one.catchUp }),
});
