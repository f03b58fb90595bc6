import { expect, test } from "vitest";
import { Pace } from "./pace.ts";

const waits = (gap: number, count: number): number[] => {
  const pace = new Pace();
  return Array.from({ length: count }, (_, at) => pace.wait(at * gap));
};

test("[KI9] one that comes alone does not wait", () => {
  expect(waits(5, 50).every((wait) => wait === 0)).toBe(true);
});

test("[KI9] where many come within a few milliseconds, the later ones wait for company", () => {
  const waited = waits(1, 20);
  expect(waited.slice(0, 7)).toEqual([0, 0, 0, 0, 0, 0, 0]);
  expect(waited.slice(7).every((wait) => wait > 0 && wait < 10)).toBe(true);
});

test("[KI9] after a rest nobody waits", () => {
  const pace = new Pace();
  for (let at = 0; at < 20; at++) pace.wait(at);
  expect(pace.wait(1_000)).toBe(0);
});
