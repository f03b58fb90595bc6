import { expect, test } from "vitest";
import { nextLook } from "./progress-looks.ts";

test.each([
  ["[WE96] what moves is looked at every two seconds", 10, 0, 2_000],
  ["[WE96] what stands still for a moment too", 10, 4, 2_000],
  ["[WE96] then more rarely", 10, 6, 8_000],
  ["[WE96] once a minute at most", 10, 20, 60_000],
  ["[WE96] in the end not at all", 10, 30, null],
  ["[WE96] what is done not at all", 100, 0, null],
])("%s", (_case, progress, still, expected) => {
  expect(nextLook(progress, still)).toBe(expected);
});
