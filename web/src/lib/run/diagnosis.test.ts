import { expect, test } from "vitest";
import { obstacle, piecesOf, questionOf, waits } from "./diagnosis.ts";

const ID = "01a210ea-c7c3-7701-9fa1-e4b6153bfd43";

test("[WE64] a sentence is cut at its moments and runs, and loses nothing else", () => {
  expect(piecesOf(`Until 2026-11-25T04:00:00.000000Z, held by ${ID}.`)).toEqual([
    { text: "Until " },
    { at: Date.parse("2026-11-25T04:00:00Z") },
    { text: ", held by " },
    { run: ID },
    { text: "." },
  ]);
  expect(piecesOf("Nothing here.")).toEqual([{ text: "Nothing here." }]);
});

test("[WE64] only a run that waits is asked why, each in its own words", () => {
  expect((["SCHEDULED", "PENDING", "PAUSED", "CANCELLING"] as const).every(waits)).toBe(true);
  expect((["RUNNING", "COMPLETED", "FAILED", "CRASHED", "CANCELLED"] as const).some(waits)).toBe(false);
  expect(new Set([questionOf("PENDING"), questionOf("PAUSED"), questionOf("CANCELLING")]).size).toBe(3);
});

test("[WE64] what it waits for is the first thing that is in its way", () => {
  const check = (name: string, verdict: "passed" | "blocked") => ({
    ...{ name, verdict, since: null, message: "", fix: null, remedy: null },
  });
  const told = { flow_run_id: ID, state_type: null, state_name: null, waits_for: null };
  const checks = [check("due", "passed"), check("pool", "blocked"), check("agents", "blocked")];
  expect(obstacle({ ...told, checks })?.name).toBe("pool");
  expect(obstacle({ ...told, checks: [check("due", "passed")] })).toBeNull();
});
