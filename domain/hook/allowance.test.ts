import { expect, test } from "vitest";
import { Allowance } from "./allowance.ts";

test("[HO7] no more than the number in a minute, for each key, and then again", () => {
  const allowance = new Allowance(2);
  expect([0, 1000, 2000].map((now) => allowance.take("a", now))).toEqual([0, 0, 58]);
  expect(allowance.take("b", 2000)).toBe(0);
  expect(allowance.take("a", 59_999)).toBe(1);
  expect(allowance.take("a", 60_000)).toBe(0);
});
