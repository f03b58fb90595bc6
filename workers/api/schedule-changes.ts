/** Changes of a deployment's schedules, as requests ask for them. */
import { type DeploymentScheduleUpdateBody, MOST_SCHEDULES, wantedSchedule } from "@millrace/contract/schedules.ts";
import type { DeploymentSchedule } from "@millrace/domain/schedule/deployment-schedule.ts";
import type { Instant } from "@millrace/domain/time.ts";
import { Refusal } from "./refusal.ts";

/** Refuses two schedules of one slug, and more than a deployment may have. */
export function checkSlugs(schedules: readonly DeploymentSchedule[]): void {
  const slugs = schedules.flatMap(({ slug }) => (slug === null ? [] : [slug]));
  const twice = slugs.find((slug, at) => slugs.indexOf(slug) !== at);
  if (twice !== undefined)
    throw new Refusal({
      code: "conflict",
      what: `slug ${twice}`,
      is: "there twice",
      must: "Schedule slugs must be unique within a deployment.",
    });
  if (schedules.length > MOST_SCHEDULES)
    throw new Refusal({ code: "too_large", what: "schedules of a deployment", limit: MOST_SCHEDULES, unit: "items" });
}

/** A schedule with what a request says of it. */
export const changedSchedule = (
  known: DeploymentSchedule,
  body: DeploymentScheduleUpdateBody,
  now: Instant,
): DeploymentSchedule => ({
  ...known,
  schedule: body.schedule ?? known.schedule,
  active: body.active ?? known.active,
  most: body.max_scheduled_runs ?? known.most,
  parameters: body.parameters ?? known.parameters,
  slug: body.slug ?? known.slug,
  catchUp: body.catch_up ?? known.catchUp,
  updated: now,
});

/** Schedules after changes that name them by slug: one that is there is changed, or renamed by `replaces`; another one is added. */
export function changeSchedules(
  known: readonly DeploymentSchedule[],
  given: readonly DeploymentScheduleUpdateBody[],
  { now, newId }: { now: Instant; newId: () => string },
): DeploymentSchedule[] {
  const refuse = (message: string): never => {
    throw new Refusal({ code: "invalid", field: "schedules", message });
  };
  const targets = given.flatMap(({ replaces }) => (replaces === null ? [] : [replaces]));
  const twice = targets.find((slug, at) => targets.indexOf(slug) !== at);
  if (twice !== undefined) refuse(`Multiple schedules have 'replaces' targeting the same slug: ${twice}`);
  const all = [...known];
  for (const one of given) {
    const taken = known.some(({ slug }) => slug === one.slug) && !targets.includes(one.slug ?? "");
    if (one.replaces !== null && taken)
      refuse(
        `Cannot rename schedule from '${one.replaces}' to '${one.slug}': a schedule with slug '${one.slug}' already exists.`,
      );
    const at = known.findIndex(({ slug }) => slug === (one.replaces ?? one.slug));
    if (at >= 0) all[at] = changedSchedule(known[at] as DeploymentSchedule, one, now);
    else if (one.schedule)
      all.push({
        ...wantedSchedule({
          ...one,
          schedule: one.schedule,
          active: one.active ?? true,
          parameters: one.parameters ?? {},
        }),
        id: newId(),
        created: now,
        updated: now,
      });
    else refuse("Unable to create new deployment schedules without a schedule configuration.");
  }
  return all;
}
