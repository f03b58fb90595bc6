/** F9: schedules among all other faults, while people edit them. `MILLRACE_SCHEDULE_SEEDS` sets how many mixes. */
import { expect, test } from "vitest";
import { simulate } from "./simulate.ts";
import { PLANTED_IN_SCHEDULES } from "./simulation/planted-bugs.ts";

const SEEDS = Number(process.env.MILLRACE_SCHEDULE_SEEDS ?? 20);

test("[FA17] no mix of faults and edits loses an occurrence or makes one twice", async () => {
  const { summary } = await simulate("trials.ts", "schedules", "--seeds", String(SEEDS));
  expect(summary).toMatchObject({ seeds: SEEDS, failed: {} });
  expect(summary.occurrences).toBeGreaterThan(SEEDS * 10);
  expect(summary.edits).toBeGreaterThan(SEEDS * 5);
}, 180_000);

test.each(Object.keys(PLANTED_IN_SCHEDULES))(
  "[FA17] found: %s",
  async (name) => {
    const { summary } = await simulate("trials.ts", "schedules", "--seeds", "20", "--plant", name);
    expect(summary.failed).not.toEqual({});
  },
  180_000,
);
