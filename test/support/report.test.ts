import { expect, test } from "vitest";
import { readReport } from "./report.ts";

const report = (testResults: object[], counts: object) =>
  JSON.stringify({ numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, testResults, ...counts });

test("counts are those of the report, and failures are named", () => {
  const assertionResults = [
    { fullName: "a works", status: "passed", failureMessages: [] },
    { fullName: "a fails", status: "failed", failureMessages: ["Error: no\n    at x"] },
    { fullName: "a waits", status: "skipped", failureMessages: null },
  ];
  const counts = readReport(
    report([{ name: "a.test.ts", status: "failed", assertionResults }], {
      numPassedTests: 1,
      numFailedTests: 1,
      numPendingTests: 1,
    }),
  );
  expect(counts).toMatchObject({ passed: 1, failed: 1, skipped: 1 });
  expect(counts.notes.join("\n")).toContain("a fails");
  expect(counts.notes.join("\n")).toContain("Error: no");
  expect(counts.notes.join("\n")).toContain("skipped: a waits");
});

test("a file that fails before its tests is a failure", () => {
  const counts = readReport(
    report([{ name: "b.test.ts", status: "failed", message: "SyntaxError", assertionResults: [] }], {}),
  );
  expect(counts).toMatchObject({ passed: 0, failed: 1 });
  expect(counts.notes).toEqual(["b.test.ts", "    SyntaxError"]);
});
