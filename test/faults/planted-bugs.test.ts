/** Bugs that the simulation has to find, or it proves nothing. */
import { expect, test } from "vitest";
import { simulate } from "./simulate.ts";
import { PLANTED } from "./simulation/planted-bugs.ts";

/** Seeds within which each must be found, and where the search begins for one that shows itself late. */
const SEEDS = 200;
const FIRST: Readonly<Record<string, number>> = {
  "a-full-tag-stops-nobody": 21,
  "a-lost-agent's-tasks-keep-their-slots": 16,
  "leases-end-early": 41,
  "offers-make-claimed-runs-wait": 701,
  "the-index-goes-back": 21,
  "what-a-worker-took-is-not-asked-after": 181,
};

test.each(Object.entries(PLANTED))(
  "[FA3] found: %s",
  async (name) => {
    const { summary } = await simulate(
      "nightly.ts",
      "--from",
      String(FIRST[name] ?? 1),
      "--seeds",
      String(SEEDS),
      "--jobs",
      "1",
      "--plant",
      name,
      "--until-found",
    );
    expect(summary).toMatchObject({ failed: 1 });
  },
  120_000,
);
