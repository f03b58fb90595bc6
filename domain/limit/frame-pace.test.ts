import { expect, test } from "vitest";
import { FRAMES_A_SECOND, FramePace } from "./frame-pace.ts";

/** How many frames of so many characters, `each` milliseconds one after another, are taken before one is not; at most `most`. */
function taken(characters: number, each: number, most: number): number {
  const pace = new FramePace(0);
  let count = 0;
  while (count < most && pace.take(characters, count * each)) count += 1;
  return count;
}

test.each([
  ["[LI9] 20,000 at once", 100, 0, 20_000, 20_000],
  ["[LI9] as many as allowed, for a minute", 100, 1000 / FRAMES_A_SECOND, 600_000, 600_000],
  ["[LI9] twice as many, for longer than the burst", 100, 500 / FRAMES_A_SECOND, 600_000, 60_000],
  ["[LI9] a flood", 2, 0, 600_000, 30_000],
  ["[LI9] large ones, one a second", 2 * 1024 * 1024, 1000, 1000, 1000],
  ["[LI9] large ones at once", 2 * 1024 * 1024, 0, 1000, 24],
])("%s", (_case, characters, each, most, expected) => {
  expect(Math.abs(taken(characters, each, most) - expected)).toBeLessThanOrEqual(1);
});

test("[LI9] who was too fast once is not heard again", () => {
  const pace = new FramePace(0);
  while (pace.take(1, 0));
  expect(pace.take(1, 60_000)).toBe(false);
});

test("[LI9] a clock that is set back locks nobody out, and opens nothing", () => {
  const pace = new FramePace(1_000_000);
  expect(pace.take(10, 0)).toBe(true);
  expect(pace.take(10, 1000)).toBe(true);
});
