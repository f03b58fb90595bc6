import { expect, test } from "vitest";
import { tellWaiting, waitingOf } from "./load-pools.ts";

test("[WE63] why runs of a pool wait is told in words, the commonest reason first", () => {
  const reasons = ["next", "no_free_agent", "no_free_agent"] as const;
  const waiting = reasons.map((reason) => ({ reason })) as unknown as Parameters<typeof waitingOf>[0]["waiting"];
  expect(waitingOf({ count: 7, waiting })).toEqual({
    count: 7,
    reasons: [
      ["no agent has a free slot", 2],
      ["next in turn", 1],
    ],
  });
  expect(
    tellWaiting({
      count: 3,
      reasons: [
        ["a", 2],
        ["b", 1],
      ],
    }),
  ).toBe("3: 2 a, 1 b");
  expect(tellWaiting({ count: 1, reasons: [["a", 1]] })).toBe("1: a");
  expect(tellWaiting({ count: 0, reasons: [] })).toBe("0");
  expect(waitingOf({ count: 0, waiting: [] })).toEqual({ count: 0, reasons: [] });
});
