import { expect, test } from "vitest";
import { receiptLine } from "./runs-cancel.ts";

const receipt = { kind: "task-run", id: "t", asked: "2026-11-25T12:00:00.000000Z" } as const;
const answered = "2026-11-25T12:00:01.500000Z";

test.each([
  ["[CL33] a task run", { ...receipt, answered, state_name: "Cancelled" }, "✓ task run t Cancelled after 1.5s"],
  [
    "[CL33] a subflow that was deleted",
    { ...receipt, kind: "flow-run", answered, state_name: null },
    "✓ subflow t was not there any more after 1.5s",
  ],
  [
    "[CL33] one that has not answered",
    { ...receipt, answered: null, state_name: null },
    "… task run t has not answered yet: it is asked again",
  ],
] as const)("%s has its receipt", (_case, given, expected) => {
  expect(receiptLine(given)).toBe(expected);
});
