import { expect, test } from "vitest";
import { disagreements, restlessWindows, ZONES } from "./oracle.ts";

// All five years, not only their restless days: node test/faults/schedules.ts
test.each(ZONES)("[SC8] %s", (zone) => {
  const windows = restlessWindows(zone);
  expect(windows.length).toBeGreaterThanOrEqual(19);
  expect(windows.flatMap((window) => disagreements(zone, window))).toEqual([]);
});
