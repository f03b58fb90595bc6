/** The dispatch queue at its worst. */
import { expect, test } from "vitest";
import { simulate } from "./simulate.ts";

const MESSAGES = 10_000;
/** Seconds until an offer is repeated, and a moment for it to be made. */
const REDISPATCH = 30.5;

test("[FA5] a queue that loses, doubles, delays and shuffles loses no run and starts none of 10,000 twice", async () => {
  const { summary } = await simulate("trials.ts", "queue", "--messages", String(MESSAGES));
  expect(summary).toMatchObject({ unfinished: 0, claimedTwice: 0, executedTwice: 0 });
  const { messages, lost, doubled, longestRedispatch } = summary as Record<string, number>;
  expect(messages).toBeGreaterThanOrEqual(MESSAGES);
  expect(summary.runs).toBeGreaterThanOrEqual(MESSAGES);
  expect(lost).toBeGreaterThan(MESSAGES * 0.08);
  expect(doubled).toBeGreaterThan(MESSAGES * 0.2);
  expect(longestRedispatch).toBeLessThan(REDISPATCH);
}, 240_000);
