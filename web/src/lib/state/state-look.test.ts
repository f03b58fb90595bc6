import { STATE_TYPES } from "@millrace/domain/state.ts";
import { expect, test } from "vitest";
import { lookOfState, titleOfRun } from "./state-look.ts";

test("[WE8] every type of state has a word and a glyph of its own beside its colour", () => {
  const looks = STATE_TYPES.map((type) => lookOfState({ type, name: type }));
  expect(new Set(looks.map((look) => look.glyph)).size).toBe(STATE_TYPES.length);
  expect(looks.every((look) => look.word.length > 0)).toBe(true);
});

test.each([
  [{ type: "SCHEDULED", name: "Late" }, "Late", "late"],
  [{ type: "SCHEDULED", name: "AwaitingRetry" }, "Awaiting retry", "late"],
  [{ type: "COMPLETED", name: "Cached" }, "Cached", "ok"],
  [{ type: "FAILED", name: "TimedOut" }, "Timed out", "bad"],
  [{ type: "COMPLETED", name: "Rolled back by ACME" }, "Rolled back by ACME", "ok"],
  [null, "No state yet", "off"],
] as const)("[WE8] %j reads «%s»", (state, word, tone) => {
  expect(lookOfState(state)).toMatchObject({ word, tone });
});

test("[WE9] the title of a run's page begins with its state's sign", () => {
  expect(titleOfRun({ type: "FAILED", name: "Failed" }, "shaggy-tiger", "ingest")).toBe("✗ shaggy-tiger · ingest");
  expect(titleOfRun({ type: "RUNNING", name: "Running" }, "shaggy-tiger", null)).toBe("▶ shaggy-tiger");
});
