import { expect, test } from "vitest";
import { at, judged, sampleRun, sampleState } from "../../flow-run/sample-run.ts";
import { copyScheduledTime } from "./copy-scheduled-time.ts";

test.each([
  ["[FR18] [TR42] taken over", null, at(-5)],
  ["[FR18] [TR42] its own", at(30), at(30)],
])("%s", (_case, scheduledTime, expected) => {
  const run = sampleRun(sampleState("SCHEDULED", { details: { scheduledTime: at(-5) } }));
  const verdict = judged([copyScheduledTime], run, sampleState("PENDING", { details: { scheduledTime } }));
  expect(verdict).toMatchObject({ kind: "accept", state: { details: { scheduledTime: expected } } });
});
