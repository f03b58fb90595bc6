import fc from "fast-check";
import { expect, test } from "vitest";
import { retryAfter } from "./retry-after.ts";

const settings = { limit: 2, active: true, decay: 0 };
const middle = { settings, level: 2, slots: 1, ahead: 0, heldFor: 0, chance: 0.5 };

test.each([
  // case                                          refusal                                                       seconds
  ["[LI3] with decay, when the slot will be there", { ...middle, settings: { ...settings, decay: 5 }, chance: 0 }, 0.2],
  [
    "[LI3] behind others, when theirs are gone",
    { ...middle, settings: { ...settings, decay: 5 }, ahead: 4, chance: 0 },
    1,
  ],
  [
    "[LI3] half full, when the rest has decayed",
    { ...middle, settings: { ...settings, decay: 1 }, level: 1.5, chance: 0 },
    0.5,
  ],
  ["[LI3] a decay of hours, half a minute", { ...middle, settings: { ...settings, decay: 0.0001 }, chance: 1 }, 30],
  ["[LI3] slots just taken, soon", middle, 0.25],
  ["[LI3] slots held for six seconds, half of that", { ...middle, heldFor: 6 }, 3.25],
  ["[LI3] held for an hour, who is next, five seconds", { ...middle, heldFor: 3600, chance: 1 }, 5],
  ["[LI3] held for an hour, who is not, half a minute", { ...middle, heldFor: 3600, ahead: 1, chance: 1 }, 30],
] as const)("%s", (_case, refusal, seconds) => {
  expect(retryAfter(refusal)).toBeCloseTo(seconds, 2);
});

test("[LI3] nobody is told less than nothing or more than half a minute, and further back is never sooner", () => {
  const refusal = fc.record({
    settings: fc.record({
      limit: fc.nat(1_000_000_000),
      active: fc.constant(true),
      decay: fc.oneof(fc.constant(0), fc.double({ min: 0.001, max: 1000, noNaN: true })),
    }),
    level: fc.nat(1_000_000_000),
    slots: fc.integer({ min: 1, max: 1_000_000_000 }),
    ahead: fc.nat(1_000_000_000),
    heldFor: fc.double({ min: 0, max: 1e9, noNaN: true }),
    chance: fc.double({ min: 0, max: 0.999, noNaN: true }),
  });
  fc.assert(
    fc.property(refusal, (one) => {
      const seconds = retryAfter(one);
      expect(seconds).toBeGreaterThanOrEqual(0);
      expect(seconds).toBeLessThanOrEqual(30.001);
      expect(retryAfter({ ...one, ahead: one.ahead + 1 })).toBeGreaterThanOrEqual(seconds);
    }),
  );
});

test("[LI3] a crowd that is refused at once does not come again at once", () => {
  const told = Array.from({ length: 100 }, (_, at) =>
    retryAfter({ ...middle, heldFor: 600, ahead: 50, chance: at / 100 }),
  );
  expect(new Set(told).size).toBe(100);
  expect(Math.max(...told) - Math.min(...told)).toBeGreaterThan(10);
});
