/** F7: alarms that are lost, fail, come late and twice. */
import { expect, test } from "vitest";
import { simulate } from "./simulate.ts";

/** Seconds for which due work may be without an alarm: a sweep a minute looks at rows of a minute. */
const LONGEST = 120;

test("[FA15] alarms that are lost, fail, come late and twice lose no run, start none twice, and are replaced within two minutes", async () => {
  const { summary } = await simulate("trials.ts", "alarms", "--seeds", "2");
  expect(summary).toMatchObject({ runs: 600, unfinished: 0 });
  expect(summary.lost).toBeGreaterThan(50);
  expect(summary.longestOverdue).toBeLessThanOrEqual(LONGEST);
}, 120_000);
