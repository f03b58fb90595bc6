import { expect, test } from "vitest";
import { bucketOf, historyOf, intervals, lastEnd } from "./history.ts";
import { type Instant, instant, plusSeconds } from "./time.ts";

const START = instant(1_795_521_600_000_000);
const at = (seconds: number): Instant => plusSeconds(START, seconds);
const span = (seconds: number, interval: number) => ({ start: START, end: at(seconds), interval });

test.each([
  ["[DO42] whole intervals", span(60, 20), 3],
  ["[DO42] the last reaches beyond the end", span(61, 20), 4],
  ["[DO42] no more than 500", span(10_000, 1), 500],
  ["[DO42] nothing where the end is the start", span(0, 20), 0],
  ["[DO42] nothing where the end is before the start", span(-60, 20), 0],
] as const)("%s", (_case, asked, count) => {
  const made = intervals(asked, []);
  expect(made).toHaveLength(count);
  expect(made.at(-1)?.end ?? START).toBe(lastEnd(asked));
});

test.each([
  ["[DO42] at the start", 0, 0],
  ["[DO42] just before the next", 19.999999, 0],
  ["[DO42] at the next", 20, 1],
  ["[DO42] before the first", -1, null],
  ["[DO42] behind the last", 60, null],
] as const)("%s", (_case, seconds, bucket) => {
  expect(bucketOf(span(60, 20), at(seconds))).toBe(bucket);
});

test("[DO42] runs of one state in one interval are one entry; what is expected nowhere counts nowhere", () => {
  const run = (seconds: number | null, stateName: string, lateness = 0) => ({
    stateType: "COMPLETED" as const,
    stateName,
    expectedStartTime: seconds === null ? null : at(seconds),
    runTime: 2,
    lateness,
  });
  const runs = [
    run(1, "Completed", 3),
    run(2, "Completed", -5),
    run(3, "Cached"),
    run(25, "Completed"),
    run(null, "X"),
  ];
  const made = intervals(span(60, 20), historyOf(span(60, 20), runs));
  expect(
    made.map(({ entries }) => entries.map((one) => [one.stateName, one.count, one.runTime, one.lateness])),
  ).toEqual([
    [
      ["Completed", 2, 4, 3],
      ["Cached", 1, 2, 0],
    ],
    [["Completed", 1, 2, 0]],
    [],
  ]);
});
