import { DeploymentScheduleCreate } from "@millrace/contract/schedules.ts";
import { expect, test } from "vitest";
import type { ScheduleOptions } from "./options.ts";
import { cron, every, keptSchedule, rrule, wantedSchedules } from "./schedules.ts";

const sent = (one: ScheduleOptions) => wantedSchedules("ingest", [one])[0];

test.each<[ScheduleOptions, object]>([
  [{ cron: "0 2 * * *" }, { schedule: { cron: "0 2 * * *", day_or: true, timezone: "UTC" }, active: true, slug: null }],
  [
    { cron: "0 2 1 * 1", dayOr: false, timezone: "Europe/Paris", slug: "nightly", active: false },
    { schedule: { day_or: false, timezone: "Europe/Paris" }, active: false, slug: "nightly" },
  ],
  [{ every: "15m" }, { schedule: { interval: 900, anchor_date: "2020-01-01T00:00:00Z", timezone: "UTC" } }],
  [{ every: 90, anchor: new Date(0) }, { schedule: { interval: 90, anchor_date: "1970-01-01T00:00:00.000Z" } }],
  [
    { rrule: "FREQ=MONTHLY;BYDAY=1MO", parameters: { day: 1 } },
    { schedule: { rrule: "FREQ=MONTHLY;BYDAY=1MO" }, parameters: { day: 1 } },
  ],
  [{ cron: "0 2 * * *", catchUp: "latest" }, { catch_up: { policy: "latest" } }],
  [{ cron: "0 2 * * *", catchUp: { policy: "all", window: "1d" } }, { catch_up: { policy: "all", window: 86_400 } }],
])("[SD64] %o is a schedule that the API takes", (options, expected) => {
  expect(sent(options)).toMatchObject(expected);
  expect(DeploymentScheduleCreate.safeParse(sent(options)).error).toBeUndefined();
});

test("[SD64] an interval without an anchor is the same at each deployment", () => {
  expect(sent({ every: "1h" })).toEqual(sent({ every: "1h" }));
});

test("[SD64] cron, every and rrule say the same in fewer words", () => {
  expect(cron("0 2 * * *", { slug: "nightly", dayOr: false })).toEqual({
    cron: "0 2 * * *",
    slug: "nightly",
    dayOr: false,
  });
  expect(every("1h", { anchor: "2026-01-01T00:00:00Z" })).toEqual({ every: "1h", anchor: "2026-01-01T00:00:00Z" });
  expect(rrule("FREQ=DAILY", { timezone: "UTC" })).toEqual({ rrule: "FREQ=DAILY", timezone: "UTC" });
});

test("[SD64] what is no length of time is told with the field", () => {
  expect(() => sent({ every: "soon" as "1s" })).toThrow('deploy(): schedules: every: "soon" is no length of time');
});

test("[SD64] one that is kept is sent as it is", () => {
  const there = { schedule: { cron: "0 2 * * *", timezone: "UTC", day_or: true }, active: false, slug: "nightly" };
  const more = { parameters: { a: 1 }, max_scheduled_runs: 3, catch_up: { policy: "all" as const, window: null } };
  const dates = { created: "2026-01-01T00:00:00Z", updated: "2026-01-01T00:00:00Z" };
  const id = "01a213e1-2f3e-7cfd-a733-0d8e65a006da";
  const kept = keptSchedule({ id, deployment_id: id, ...dates, ...there, ...more });
  expect(kept).toEqual({ ...there, ...more });
  expect(DeploymentScheduleCreate.safeParse(kept).error).toBeUndefined();
});
