import { expect, test } from "vitest";
import { type Duration, milliseconds, readable } from "./duration.ts";

test.each([
  [1.5, 1500],
  [0, 0],
  ["250ms", 250],
  ["1.5s", 1500],
  ["5m", 300_000],
  ["1h30m", 5_400_000],
  ["2d", 172_800_000],
] as const)("[SD30] %j is a length of time", (value, ms) => {
  expect(milliseconds(value, "x")).toBe(ms);
});

test.each(["", "5", "5 minutes", "-1s", "1s ", "s", "1.s", Number.NaN, -1, Number.POSITIVE_INFINITY, "25d", "1e3s"])(
  "[SD30] %j is none, and the error names the option",
  (value) => {
    expect(() => milliseconds(value as Duration, 'Task "t": timeout')).toThrow(/^Task "t": timeout: /);
  },
);

test.each([
  [0, "0ms"],
  [999, "999ms"],
  [1500, "1.5s"],
  [59_400, "59s"],
  [125_000, "2m 05s"],
  [3_840_000, "1h 04m"],
  [100_000_000, "1d 03h"],
])("[SD31] %i milliseconds read %s", (ms, text) => {
  expect(readable(ms)).toBe(text);
});
