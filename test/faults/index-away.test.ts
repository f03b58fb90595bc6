/** The index away for ten minutes, in every way that a database can be away. */
import { expect, test } from "vitest";
import { simulate } from "./simulate.ts";

const FAULTS = ["throws", "hangs", "answers late", "commits and forgets", "all at once"];
/** Simulated seconds within which the index shows the truth again. */
const HEALED = 30;

test.each(FAULTS)(
  "[FA7] runs go on while the database %s, and the index shows them soon after",
  async (fault) => {
    const { summary } = await simulate("trials.ts", "index", "--fault", fault, "--minutes", "10");
    expect(summary).toMatchObject({ unacknowledged: 0, unfinished: 0, gap: null });
    expect(summary.runs).toBeGreaterThan(250);
    expect(summary.healed).toBeLessThanOrEqual(HEALED);
  },
  120_000,
);
