/** Bugs that the simulation has to find, or it proves nothing. */
import { expect, test } from "vitest";
import { simulate } from "./simulate.ts";
import { PLANTED } from "./simulation/planted-bugs.ts";

/** Seeds within which each must be found. */
const SEEDS = 400;

test.each(Object.entries(PLANTED))(
  "[FA3] found: %s",
  async (name) => {
    const { summary } = await simulate(
      "nightly.ts",
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
  240_000,
);
