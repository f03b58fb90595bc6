/** Reads vitest's JSON report: the counts, and of each failure its name and first lines. */

interface Report {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  testResults: {
    name: string;
    status: string;
    message?: string;
    assertionResults: { fullName: string; status: string; failureMessages: string[] | null }[];
  }[];
}

export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
  notes: string[];
}

/** Lines of a failure to show; the rest is in the log. */
const LINES = 12;
/** Failures of one part to show in full. */
const SHOWN = 10;

/** A file that failed before its tests could run counts as one failure. */
export function readReport(json: string): Counts {
  const report = JSON.parse(json) as Report;
  const notes: string[] = [];
  let broken = 0;
  for (const file of report.testResults) {
    const failures = file.assertionResults.filter(({ status }) => status === "failed");
    if (file.status === "failed" && failures.length === 0) {
      broken += 1;
      notes.push(file.name, ...indent(file.message ?? ""));
    }
    for (const { fullName, failureMessages } of failures)
      notes.push(`✗ ${fullName}`, ...indent((failureMessages ?? []).join("\n")));
    for (const { fullName, status } of file.assertionResults) {
      if (status === "pending" || status === "skipped" || status === "todo") notes.push(`- skipped: ${fullName}`);
    }
  }
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + broken,
    skipped: report.numPendingTests + report.numTodoTests,
    notes: shorten(notes).map(printable),
  };
}

function indent(text: string): string[] {
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .slice(0, LINES)
    .map((line) => `    ${line}`);
}

function shorten(notes: string[]): string[] {
  const most = SHOWN * (LINES + 1);
  return notes.length <= most ? notes : [...notes.slice(0, most), `… and ${notes.length - most} more lines`];
}

/** Titles and messages may quote what no terminal should be given. */
function printable(text: string): string {
  return [...text].map((one) => (one < " " && one !== "\t" ? "\ufffd" : one)).join("");
}
