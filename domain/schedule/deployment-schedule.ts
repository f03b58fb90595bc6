/** A schedule of a deployment, with what is said beside its times. */
import type { JsonObject } from "../json.ts";
import type { Instant } from "../time.ts";
import type { CatchUp } from "./ahead.ts";
import type { Schedule } from "./schedule.ts";

export interface DeploymentSchedule {
  id: string;
  created: Instant;
  updated: Instant;
  schedule: Schedule;
  active: boolean;
  /** Most occurrences on lists at once. */
  most: number | null;
  /** Put over the deployment's. */
  parameters: JsonObject;
  slug: string | null;
  /** Null: what was missed is caught up. */
  catchUp: CatchUp | null;
}

/** What is asked of a schedule; its own id and times are made where it is kept. */
export type WantedSchedule = Omit<DeploymentSchedule, "id" | "created" | "updated">;

/**
 * The schedules that a deployment has after it was deployed again: one with the slug, or the times, of one that was there goes on as
 * that one, so that no occurrence of it comes twice.
 */
export function redeployed(
  before: readonly DeploymentSchedule[],
  wanted: readonly WantedSchedule[],
  { now, newId }: { now: Instant; newId: () => string },
): DeploymentSchedule[] {
  const left = [...before];
  return wanted.map((one) => {
    const same = left.findIndex((known) =>
      one.slug !== null || known.slug !== null ? one.slug === known.slug : isSame(one.schedule, known.schedule),
    );
    const known = same < 0 ? null : (left.splice(same, 1)[0] ?? null);
    return { ...one, id: known?.id ?? newId(), created: known?.created ?? now, updated: now };
  });
}

/** Whether two schedules name the same times. */
export const isSame = (one: Schedule, other: Schedule): boolean => JSON.stringify(one) === JSON.stringify(other);

/** The name by which a run says what schedule made it. */
export function scheduleName({ slug, schedule }: Pick<DeploymentSchedule, "slug" | "schedule">): string {
  if (slug) return slug;
  return { cron: "CronSchedule", interval: "IntervalSchedule", rrule: "RRuleSchedule" }[schedule.kind];
}
