import { expect, test } from "vitest";
import { isTerminal, NO_DETAILS, newState, STATE_TYPES } from "./state.ts";
import { instant } from "./time.ts";

const now = instant(1_000_000);
const later = instant(9_000_000);

test.each([
  ["[DO4] named after its type", { type: "RUNNING" }, { name: "Running", timestamp: now, message: null, data: null }],
  ["[DO4] null is no name", { type: "CANCELLING", name: null }, { name: "Cancelling" }],
  ["[DO4] its own name", { type: "SCHEDULED", name: "Late" }, { name: "Late" }],
  ["[DO4] due now", { type: "SCHEDULED" }, { details: { scheduledTime: now } }],
  [
    "[DO4] due when it says",
    { type: "SCHEDULED", details: { scheduledTime: later } },
    { details: { scheduledTime: later } },
  ],
  ["[DO4] others are due at no time", { type: "PENDING" }, { details: NO_DETAILS }],
] as const)("%s", (_case, input, state) => {
  expect(newState(input, { id: "s", now })).toMatchObject({ id: "s", ...state });
});

test("[DO4] four types end a run", () => {
  expect(STATE_TYPES.filter(isTerminal)).toEqual(["COMPLETED", "FAILED", "CANCELLED", "CRASHED"]);
});
