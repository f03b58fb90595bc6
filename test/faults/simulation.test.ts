/** The simulation of many seeds. `MILLRACE_SEEDS` sets how many; the nightly run asks `nightly.ts` for a million. */
import { expect, test } from "vitest";
import { simulate } from "./simulate.ts";

const SEEDS = Number(process.env.MILLRACE_SEEDS ?? 250);
const STEPS = 200;
/** Runs of a seed, on average, that are acknowledged and end: a simulation in which nothing happens breaks nothing. */
const LEAST_ENDED = 20;

test("[FA4] no mix of faults breaks what holds of the whole system", async () => {
  const { report, summary } = await simulate("nightly.ts", "--seeds", String(SEEDS), "--steps", String(STEPS));
  expect(report).toBe("");
  expect(summary).toMatchObject({ seeds: SEEDS, failed: 0 });
  expect(summary.ended).toBeGreaterThan(LEAST_ENDED * SEEDS);
}, 600_000);

test("[FA2] a seed repeats, alone or among others", async () => {
  const among = await simulate("nightly.ts", "--from", "5", "--seeds", "3", "--jobs", "1", "--digest");
  const alone = await simulate("nightly.ts", "--seed", "7", "--digest");
  const digests = among.summary.digests as string[];
  expect(digests).toHaveLength(3);
  expect(new Set(digests).size).toBe(3);
  expect(alone.summary.digests).toEqual([digests[2]]);
}, 60_000);

test("[FA2] a failing seed is printed with all that it takes to see it again", async () => {
  const bug = ["--plant", "one-slot-too-many"];
  const { code, report } = await simulate("nightly.ts", "--seeds", "4", "--jobs", "1", ...bug);
  expect(code).toBe(1);
  expect(report).toMatch(/^seed \d+: slots are kept: /m);
  expect(report).toMatch(/^ {2}commit {2}\S+/m);
  const [, shorter = ""] = /^ {2}shorter node test\/faults\/nightly\.ts (.+)$/m.exec(report) ?? [];
  const again = await simulate("nightly.ts", ...shorter.split(" "));
  expect(again.code).toBe(1);
  expect(again.summary.rules).toHaveProperty("slots are kept");
  const kept = /--keep (\S+)/.exec(shorter)?.[1]?.split(",") ?? [];
  expect(kept.length).toBeLessThan(STEPS / 4);
}, 120_000);
