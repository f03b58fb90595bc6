/** A schedule as it is being written, and as the wire has it. */
import type { WireDeploymentSchedule } from "@millrace/contract/schedules.ts";
import type { JsonObject } from "@millrace/domain/json.ts";

export const UNITS = { minutes: 60, hours: 3600, days: 86_400 } as const;
export type Unit = keyof typeof UNITS;

export const CATCH_UPS = {
  "": "As the server does: what was missed is left out",
  all: "Make up for every missed run",
  latest: "Make up for the latest missed run",
  none: "Make up for none",
} as const;
export type CatchUp = keyof typeof CATCH_UPS;

export interface Draft {
  kind: "cron" | "interval" | "rrule";
  cron: string;
  dayOr: boolean;
  every: string;
  unit: Unit;
  rrule: string;
  zone: string;
  catchUp: CatchUp;
  /** Hours for which a missed run is made up for; empty: for ever. */
  window: string;
  parameters: string;
  slug: string;
  active: boolean;
}

/** What a new schedule begins as. */
export const newDraft = (zone: string): Draft => ({
  kind: "cron",
  cron: "0 2 * * *",
  dayOr: true,
  every: "1",
  unit: "hours",
  rrule: "FREQ=WEEKLY;BYDAY=MO;BYHOUR=9;BYMINUTE=0",
  zone,
  catchUp: "",
  window: "",
  parameters: "",
  slug: "",
  active: true,
});

/** A schedule that is there, to be changed. */
export function draftOf({ schedule, active, parameters, slug, catch_up }: WireDeploymentSchedule): Draft {
  const draft = {
    ...newDraft(schedule.timezone ?? "UTC"),
    ...{ active, slug: slug ?? "" },
    parameters: Object.keys(parameters).length > 0 ? JSON.stringify(parameters, null, 2) : "",
    catchUp: catch_up?.policy ?? ("" as const),
    window: catch_up?.window ? String(catch_up.window / UNITS.hours) : "",
  };
  if ("cron" in schedule) return { ...draft, kind: "cron", cron: schedule.cron, dayOr: schedule.day_or };
  if ("rrule" in schedule) return { ...draft, kind: "rrule", rrule: schedule.rrule };
  const unit = (["days", "hours"] as const).find((name) => schedule.interval % UNITS[name] === 0) ?? "minutes";
  return { ...draft, kind: "interval", unit, every: String(schedule.interval / UNITS[unit]) };
}

/** When it is due, as the wire says it. `anchor` keeps the rhythm of an interval that is being changed. */
export function scheduleOfDraft(draft: Draft, anchor: string | null): JsonObject {
  const timezone = draft.zone.trim() || "UTC";
  switch (draft.kind) {
    case "cron":
      return { cron: draft.cron.trim(), timezone, day_or: draft.dayOr };
    case "interval":
      return { interval: Number(draft.every) * UNITS[draft.unit], timezone, ...(anchor && { anchor_date: anchor }) };
    case "rrule":
      return { rrule: draft.rrule.trim(), timezone };
    default:
      return draft.kind satisfies never;
  }
}

/** All that is said of it; a sentence where something is wrong. */
export function bodyOfDraft(draft: Draft, anchor: string | null): JsonObject | string {
  const parameters = draft.parameters.trim() === "" ? {} : objectIn(draft.parameters);
  if (parameters === null) return "The parameters are no JSON object.";
  const hours = Number(draft.window);
  if (draft.window.trim() !== "" && !(hours > 0)) return "The window is a number of hours, such as 6.";
  return {
    schedule: scheduleOfDraft(draft, anchor),
    active: draft.active,
    parameters,
    slug: draft.slug.trim() || null,
    catch_up: draft.catchUp === "" ? null : { policy: draft.catchUp, window: hours > 0 ? hours * UNITS.hours : null },
  };
}

function objectIn(text: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : null;
  } catch {
    return null;
  }
}
