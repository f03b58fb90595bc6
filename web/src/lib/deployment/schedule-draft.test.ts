import type { WireDeploymentSchedule } from "@millrace/contract/schedules.ts";
import { expect, test } from "vitest";
import { bodyOfDraft, draftOf, newDraft } from "./schedule-draft.ts";

const ANCHOR = "2026-01-01T00:00:00.000000Z";
const wire = (schedule: WireDeploymentSchedule["schedule"], more: Partial<WireDeploymentSchedule> = {}) =>
  ({ schedule, active: true, parameters: {}, slug: null, ...more }) as WireDeploymentSchedule;

test.each([
  ["cron", wire({ cron: "0 2 * * 1", timezone: "Europe/Paris", day_or: false })],
  ["every day", wire({ interval: 172_800, anchor_date: ANCHOR, timezone: "UTC" })],
  ["every 90 minutes", wire({ interval: 5400, anchor_date: ANCHOR, timezone: "UTC" })],
  ["rrule", wire({ rrule: "FREQ=DAILY", timezone: "Asia/Tokyo" }, { active: false, slug: "s" })],
  ["parameters", wire({ cron: "@daily", timezone: "UTC", day_or: true }, { parameters: { a: [1, null] } })],
  [
    "catch-up",
    wire({ cron: "@daily", timezone: "UTC", day_or: true }, { catch_up: { policy: "latest", window: 5400 } }),
  ],
])("[WE69] %s: a schedule that is opened and saved says the same", (_case, given) => {
  expect(bodyOfDraft(draftOf(given), ANCHOR)).toEqual({ catch_up: null, ...given });
});

test("[WE69] what cannot be sent is said", () => {
  expect(bodyOfDraft({ ...newDraft("UTC"), parameters: "[1]" }, null)).toBe("The parameters are no JSON object.");
  expect(bodyOfDraft({ ...newDraft("UTC"), window: "soon" }, null)).toContain("hours");
});
