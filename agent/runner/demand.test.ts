import fc from "fast-check";
import { expect, test } from "vitest";
import { allot, KEEP_MS, remember, wanted } from "./demand.ts";

const LIMITS = { count: 8, megabytes: 1000 };

test.each([
  ["[AG60] nothing was started", [], 0],
  ["[AG60] one by one", [0, 10_000, 20_000], 1],
  ["[AG60] a burst is remembered after quieter times", [0, 100, 200, 60_000], 3],
  ["[AG60] two bursts: the greater counts", [0, 1, 10_000, 10_001, 10_002], 3],
] as const)("%s", (_case, starts, count) => {
  expect(wanted(starts, 60_001)).toBe(count);
});

test("[AG60] what was not started for long is not kept ready", () => {
  expect(wanted([0, 1, 2], KEEP_MS - 1)).toBe(3);
  expect(wanted([0, 1, 2], KEEP_MS + 2)).toBe(0);
  expect(remember([0, 1, 2], KEEP_MS + 1)).toEqual([2, KEEP_MS + 1]);
});

test("[AG60] what was started last comes first, until count or memory is at its end", () => {
  const kind = (starts: number[], megabytes = 60) => ({ starts, megabytes });
  const older = kind([1, 2, 3, 4, 5, 6]);
  const newer = kind([10, 11, 12, 13]);
  expect(allot([older, newer], LIMITS, 100)).toEqual([4, 4]);
  expect(allot([older, kind([10], 900)], LIMITS, 100)).toEqual([1, 1]);
  expect(allot([kind([1], 2000)], LIMITS, 100)).toEqual([0]);
  expect(allot([older], { ...LIMITS, count: 0 }, 100)).toEqual([0]);
});

test("[AG60] the limits hold whatever was started", () => {
  const kinds = fc.array(
    fc.record({
      starts: fc.array(fc.nat(KEEP_MS * 2), { maxLength: 20 }),
      megabytes: fc.integer({ min: 1, max: 400 }),
    }),
  );
  fc.assert(
    fc.property(kinds, fc.nat(10), fc.nat(1000), (some, count, megabytes) => {
      const sorted = some.map((one) => ({ ...one, starts: one.starts.sort((a, b) => a - b) }));
      const shares = allot(sorted, { count, megabytes }, KEEP_MS * 2);
      expect(shares.reduce((sum, share) => sum + share, 0)).toBeLessThanOrEqual(count);
      expect(shares.reduce((sum, share, at) => sum + share * (sorted[at]?.megabytes ?? 0), 0)).toBeLessThanOrEqual(
        megabytes,
      );
    }),
  );
});
