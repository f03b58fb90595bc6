import { expect, test } from "vitest";
import type { RunRow } from "../run/run-row.ts";
import type { TaskRow } from "../task/task-row.ts";
import { spansOf } from "./spans.ts";

const run: RunRow = {
  id: "run",
  name: "shaggy-tiger",
  flowId: "f",
  deploymentId: null,
  pool: null,
  state: { type: "RUNNING", name: "Running", at: 100, message: null },
  expected: 50,
  started: 100,
  ended: null,
  ran: 0,
  attempts: 1,
  tags: [],
};
const task = (over: Partial<TaskRow>): TaskRow => ({
  id: "t",
  name: "add",
  state: { type: "COMPLETED", name: "Completed", at: 300, message: null },
  expected: 150,
  started: 200,
  ended: 300,
  ran: 100,
  attempts: 1,
  flowAttempt: 1,
  tags: [],
  child: null,
  inputs: [],
  ...over,
});

test("[WE20] a run under way has an open end, its tasks their own", () => {
  const [flow, add, sub] = spansOf(run, [task({ id: "s", name: "child", expected: 160, child: "other" }), task({})]);
  expect(flow).toMatchObject({ id: "run", kind: "flow", waitFrom: 50, from: 100, to: null });
  expect(add).toMatchObject({ id: "t", kind: "task", waitFrom: 150, from: 200, to: 300 });
  expect(sub).toMatchObject({ id: "s", kind: "subflow", child: "other" });
});

test("[WE20] what was cancelled before it began is a mark at its end; what waits for a retry has not ended", () => {
  const cancelled = task({
    started: null,
    ended: null,
    state: { type: "CANCELLED", name: "Cancelled", at: 400, message: null },
  });
  expect(spansOf(run, [cancelled])[1]).toMatchObject({ from: 400, to: 400 });
  const waiting = task({ ended: 300, state: { type: "SCHEDULED", name: "AwaitingRetry", at: 300, message: null } });
  expect(spansOf(run, [waiting])[1]).toMatchObject({ from: 200, to: null });
});
