/** The corpus of transitions, replayed: what Prefect's server answered to a thousand sequences, this service answers too. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { openTargets, type Target, type Targets } from "../target.ts";
import { compareSequence } from "./compare.ts";
import { CLIENT_HEADERS, driveAll, readCorpus } from "./corpus.ts";
import { accepted } from "./differences.ts";
import { prepare } from "./drive.ts";

/** Milliseconds that a busy machine may take for what takes a quiet one fifteen seconds. */
const PATIENCE = 360_000;
/** Sequences that are under way at once. */
const AT_ONCE = 24;

let targets: Targets;
let target: Target;
beforeAll(async () => {
  targets = await openTargets();
  target = await targets.workspace();
});
afterAll(() => targets.close());

test(
  "[CF20] a thousand sequences of transitions end as with Prefect's server, but for the accepted differences",
  async () => {
    const corpus = new Map(readCorpus().map(({ seed, seen }) => [seed, seen]));
    const authorization: Record<string, string> = target.key === null ? {} : { authorization: `Bearer ${target.key}` };
    const api = { base: target.base, headers: { ...CLIENT_HEADERS, ...authorization }, patient: target.key === null };
    const unexplained: string[] = [];
    const used = new Set<string>();
    await driveAll(
      api,
      await prepare(api),
      [...corpus.keys()],
      { atOnce: AT_ONCE, mark: `t${Date.now()}` },
      (sequence, ours) => {
        const theirs = corpus.get(sequence.seed) ?? [];
        const difference = compareSequence(sequence, theirs, ours);
        if (difference?.reason) used.add(difference.reason.name);
        else if (difference) unexplained.push(difference.told);
      },
    );
    expect(corpus.size).toBeGreaterThanOrEqual(1000);
    expect(unexplained.join("\n\n")).toBe("");
    expect(accepted.map(({ name }) => name).filter((name) => !used.has(name))).toEqual([]);
  },
  PATIENCE,
);
