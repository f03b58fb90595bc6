import { expect, test } from "vitest";
import { total } from "./fsyncs.ts";
import { closedLoop, medianSample, quantile } from "./measure.ts";

test("[BE4] so many units, shared by the clients", async () => {
  const by = new Map<number, number>();
  const sample = await closedLoop({
    clients: 3,
    count: 20,
    seconds: 60,
    pids: [process.pid],
    async step(client) {
      by.set(client, (by.get(client) ?? 0) + 1);
      await Promise.resolve();
    },
  });
  expect(sample.count).toBe(20);
  expect([...by.values()].reduce((sum, one) => sum + one, 0)).toBe(20);
  expect(by.size).toBe(3);
  expect(sample.cpu).toBeGreaterThanOrEqual(0);
});

test("[BE4] nothing is begun when the time is over, and a failure ends the loop", async () => {
  const none = await closedLoop({ clients: 2, count: 10, seconds: 0, pids: [], step: () => Promise.resolve() });
  expect(none).toMatchObject({ count: 0, p50: null, cpu: null });
  const failing = closedLoop({
    clients: 2,
    count: 10,
    seconds: 9,
    pids: [],
    step: () => Promise.reject(new Error("no")),
  });
  await expect(failing).rejects.toThrow("no");
});

test("[BE4] quantiles and medians", () => {
  const sorted = Array.from({ length: 100 }, (_, index) => index);
  expect([quantile(sorted, 0.5), quantile(sorted, 0.99), quantile([7], 0.99), quantile([], 0.5)]).toEqual([
    50,
    99,
    7,
    null,
  ]);
  const sample = (perSecond: number) => ({ count: 1, seconds: 1, perSecond, p50: null, p99: null, cpu: null });
  expect(medianSample([sample(900), sample(20), sample(500)]).perSecond).toBe(500);
});

test("[BE2] syncs are read from the tracer's summary", () => {
  const summary = `% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 80.11    0.003811          54        70           fdatasync
 19.89    0.000946          47        20         2 fsync
------ ----------- ----------- --------- --------- ----------------
100.00    0.004757          52        90         2 total
`;
  expect(total(summary)).toBe(90);
  expect(total("")).toBe(0);
});
