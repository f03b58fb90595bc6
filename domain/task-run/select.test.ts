import { expect, test } from "vitest";
import { newTaskRun } from "./create.ts";
import type { TaskRun } from "./run.ts";
import { after } from "./sample-event.ts";
import { countTaskRuns, figuresOf, selectTaskRuns } from "./select.ts";

const task = (at: number, child: string | null = null): TaskRun =>
  newTaskRun(
    {
      taskKey: "t",
      dynamicKey: String(at),
      state: { type: at % 2 === 0 ? "COMPLETED" : "FAILED", details: { childFlowRunId: child } },
    },
    { id: `task-${String(at).padStart(5, "0")}`, name: `n${at}`, now: after(at), newId: () => `s${at}` },
  );
const many = Array.from({ length: 3_000 }, (_, at) => task((at * 7) % 3_000));

test.each([
  ["[TR64] the newest ids", "ID_DESC", ["task-02999", "task-02998"]],
  ["[TR64] the first expected", "EXPECTED_START_TIME_ASC", ["task-00000", "task-00001"]],
] as const)("%s", (_case, sort, ids) => {
  expect(selectTaskRuns(many, { filter: {}, sort, limit: 2 }, after(9_999)).map(({ id }) => id)).toEqual(ids);
});

test("[TR64] a filter is asked before the list is cut, and counts know no limit", () => {
  const filter = { state: { type: { any_: ["FAILED" as const] } } };
  expect(selectTaskRuns(many, { filter, sort: "ID_DESC", limit: 1 }, after(0)).map(({ id }) => id)).toEqual([
    "task-02999",
  ]);
  expect(countTaskRuns(many, filter)).toBe(1_500);
  expect(figuresOf(many, filter, after(0))).toHaveLength(1_500);
});

test("[TR64] those that stand for subflows are told apart", () => {
  const both = [task(0), task(2, "child")];
  expect(countTaskRuns(both, { subflow_runs: { exists_: true } })).toBe(1);
  expect(countTaskRuns(both, { subflow_runs: { exists_: false } })).toBe(1);
});

test("[TR64] figures are of the moment of asking", () => {
  const [figure] = figuresOf([task(2)], {}, after(9));
  expect(figure).toMatchObject({ stateType: "COMPLETED", stateName: "Completed", expectedStartTime: after(2) });
});
