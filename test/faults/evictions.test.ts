/** F8: every object forgets what it has in memory after every request, and nobody can tell. */
import { expect, test } from "vitest";
import { simulate } from "./simulate.ts";
import { PLANTED_IN_EVICTIONS } from "./simulation/planted-bugs.ts";

test.each([["sleep"], ["crash"]])(
  "[FA19] a thousand sequences of transitions end as with Prefect's server though all objects %s after each request",
  async (how) => {
    const { summary } = await simulate("trials.ts", "evictions", "--how", how);
    expect(summary.unexplained).toEqual([]);
    expect(summary.sequences).toBe(1_000);
    expect(summary.requests).toBeGreaterThan(10_000);
    expect(summary.forgotten).toBeGreaterThanOrEqual(summary.requests as number);
  },
  300_000,
);

test.each(Object.keys(PLANTED_IN_EVICTIONS))(
  "[FA19] found: %s",
  async (name) => {
    const { summary } = await simulate("trials.ts", "evictions", "--parts", "50", "--plant", name);
    expect(summary.unexplained).not.toEqual([]);
  },
  120_000,
);
