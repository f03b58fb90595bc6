import { expect, test } from "vitest";
import { byKey, heights, MOST_SHOWN, tellActivity } from "./activity.ts";
import type { RunRow } from "./run-row.ts";

const run = (flowId: string, type: "COMPLETED" | "FAILED" = "COMPLETED", ran = 0): RunRow =>
  ({ flowId, ran, state: { type, name: type === "FAILED" ? "Failed" : "Completed", at: 0, message: null } }) as RunRow;

test("[WE58] each thing has its own latest runs, newest first, and no more than are shown", () => {
  const runs = [run("a"), run("b", "FAILED"), ...Array.from({ length: 20 }, () => run("a"))];
  const found = byKey(runs, ({ flowId }) => (flowId === "c" ? null : flowId));
  expect(found.a).toHaveLength(MOST_SHOWN);
  expect(found.a?.[0]).toBe(runs[0]);
  expect(found.b).toEqual([runs[1]]);
});

test("[WE58] what the bars show is said in words", () => {
  expect(tellActivity([run("a"), run("a", "FAILED"), run("a")])).toBe("Last 3 runs: 2 Completed, 1 Failed");
  expect(tellActivity([run("a", "FAILED")])).toBe("Last run: Failed");
});

test("[WE58] bars are as high as their runs were long, and can all be seen", () => {
  expect(heights([run("a", "COMPLETED", 1000), run("a", "COMPLETED", 0)])).toEqual([1, 0.4]);
  expect(heights([run("a")])).toEqual([0.4]);
});
