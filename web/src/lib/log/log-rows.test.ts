import fc from "fast-check";
import { expect, test } from "vitest";
import type { LogLine } from "./log-book.ts";
import { LogRows } from "./log-rows.ts";

const lines = (times: number[]): LogLine[] =>
  times.toSorted((a, b) => a - b).map((at, n) => ({ id: `l${n}`, at, level: 20, logger: "", message: "", task: null }));

test("[WE16] dividers and lines are one list: each line has one row, each row one key", () => {
  const time = fc.integer({ min: 0, max: 100 });
  fc.assert(
    fc.property(fc.array(time), fc.array(time), (times, starts) => {
      const all = lines(times);
      const rows = new LogRows(
        all,
        starts.toSorted((a, b) => a - b),
      );
      expect(rows.count).toBe(all.length + Math.max(0, starts.length - 1));
      for (const [n, line] of all.entries()) expect(rows.at(rows.rowOf(n))).toEqual({ kind: "line", line });
      const keys = Array.from({ length: rows.count }, (_, row) => rows.keyOf(row));
      expect(new Set(keys).size).toBe(rows.count);
    }),
  );
});

test("[WE16] a divider stands before the first line of its attempt", () => {
  const rows = new LogRows(lines([1, 2, 10, 11]), [0, 10]);
  expect([0, 1, 2, 3, 4].map((row) => rows.keyOf(row))).toEqual(["l0", "l1", "attempt-2", "l2", "l3"]);
  expect(rows.at(5)).toBeNull();
});
