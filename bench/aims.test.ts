import { expect, test } from "vitest";
import { aimLines, verdictsOn } from "./aims.ts";
import { factRow, type Row, rowOf } from "./row.ts";

const LIFE = "run life cycle, 32 clients";
const life = (who: string, where: string, perSecond: number, ofFloor: number): Row =>
  rowOf(LIFE, who, where, "run", { count: 1, seconds: 1, perSecond, p50: 1, p99: 1, cpu: 2 }, "", { ofFloor });
const held = (rows: Row[]) => verdictsOn(rows).map(({ where, what, holds }) => [where, what.split(":")[0], holds]);

test("[BE7] an aim is held against each place that has its figure, and another server's against memory alone", () => {
  const rows = [life("millrace", "disk", 50, 0.7), life("millrace", "memory", 400, 0.3), life("peer", "own", 20, 1)];
  expect(held(rows)).toEqual([
    ["disk", "life cycles, of the floor «one row into a new object»", true],
    ["memory", "life cycles, of the floor «one row into a new object»", false],
    ["memory", "life cycles, times the other server's", true],
    ["disk", "CPU ms of a life cycle", true],
    ["memory", "CPU ms of a life cycle", true],
  ]);
});

test("[BE7] the figure at the limit holds; what was not measured, or failed, is not judged", () => {
  const rows = [factRow("syncs to disk", "disk", "", { life: 12, dispatched: 20.1 }), factRow(LIFE, "disk", "failed")];
  expect(held(rows)).toEqual([
    ["disk", "syncs of a life cycle", true],
    ["disk", "syncs of a dispatched run", false],
  ]);
  expect(aimLines(verdictsOn(rows))[1]).toMatch(/^DOES NOT HOLD {2}disk +20\.1 {2}syncs of a dispatched run/);
});
