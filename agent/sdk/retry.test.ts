import fc from "fast-check";
import { expect, test } from "vitest";
import { NonRetriable } from "./errors.ts";
import { nextDelay, retryPlan, wireDelay } from "./retry.ts";

test("[SD32] a list of delays gives one for each retry, its last for the rest; a function gets the retry's number", async () => {
  expect(retryPlan({ retries: 4, retryDelay: ["1s", 2] }, "x").delays).toEqual([1000, 2000, 2000, 2000]);
  expect(retryPlan({ retries: 3, retryDelay: (retry) => retry * retry }, "x").delays).toEqual([1000, 4000, 9000]);
  expect(wireDelay(retryPlan({ retries: 2, retryDelay: "500ms" }, "x"))).toBe(0.5);
  expect(wireDelay(retryPlan({ retries: 2, retryDelay: [1, 2] }, "x"))).toEqual([1, 2]);
});

test("[SD32] jitter spreads a delay by at most its share, in both directions", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      async (jitter, random) => {
        const plan = retryPlan({ retries: 1, retryDelay: "10s", retryJitter: jitter }, "x");
        const delay = (await nextDelay(plan, new Error("x"), 1, () => random)) as number;
        expect(delay).toBeGreaterThanOrEqual(10_000 * (1 - jitter) - 1e-6);
        expect(delay).toBeLessThanOrEqual(10_000 * (1 + jitter) + 1e-6);
      },
    ),
  );
});

test("[SD32] after the last retry, and for NonRetriable, there is none", async () => {
  const plan = retryPlan({ retries: 1 }, "x");
  expect(await nextDelay(plan, new Error("x"), 1)).toBe(0);
  expect(await nextDelay(plan, new Error("x"), 2)).toBeNull();
  expect(await nextDelay(plan, new NonRetriable("x"), 1)).toBeNull();
});

test.each([
  { retries: -1 },
  { retries: 1.5 },
  { retries: 1001 },
  { retries: 1, retryJitter: 2 },
  { retries: 1, retryDelay: -1 },
])("[SD32] options that make no sense are refused where the task is declared: %j", (options) => {
  expect(() => retryPlan(options, 'Task "t"')).toThrow(/^Task "t": /);
});
