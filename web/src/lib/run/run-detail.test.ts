import { STATE_TYPES } from "@millrace/domain/state.ts";
import { expect, test } from "vitest";
import { cannotCancel, cannotRetry } from "./run-detail.ts";

const run = (type: (typeof STATE_TYPES)[number]) => ({
  state: { type, name: type, at: 0, message: null },
  deploymentId: "d",
});

test("[WE26] a run can be cancelled until it has ended, and tried again once it has: never both", () => {
  for (const type of STATE_TYPES) {
    const [cancel, retry] = [cannotCancel(run(type), ["run_flows"]), cannotRetry(run(type), ["run_flows"])];
    expect((cancel === null) !== (retry === null), type).toBe(true);
  }
  expect(cannotRetry(run("FAILED"), [])).toBeNull();
  expect(cannotCancel({ state: null }, [])).not.toBeNull();
});

test("[WE26] a run that nobody could start again is not offered for it", () => {
  expect(cannotRetry({ ...run("FAILED"), deploymentId: null }, [])).toContain("no deployment");
});

test("[WE26] who lacks the scope is told which", () => {
  expect(cannotCancel(run("RUNNING"), ["see_flows"])).toContain("run_flows");
  expect(cannotRetry(run("FAILED"), ["see_flows"])).toContain("run_flows");
});
