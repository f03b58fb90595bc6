/** F12: every order of claims, losses and reports, to a depth. `MILLRACE_CLAIMS_DEPTH` sets it; the nightly run goes deeper. */
import { beforeAll, expect, test } from "vitest";
import { checkClaims } from "./check.ts";
import { bundleLedger, classesOf } from "./edited-ledger.ts";
import { PLANTED } from "./planted.ts";

const DEPTH = Number(process.env.MILLRACE_CLAIMS_DEPTH ?? 8);
const POLICIES = ["crash", "reclaim"] as const;

let bundle: string;
beforeAll(async () => {
  bundle = await bundleLedger();
});

test.each(POLICIES.map((policy) => [policy]))(
  `[FA14] whatever three agents do in ${DEPTH} steps, one claim counts (a lost run: %s)`,
  (policy) => {
    const { positions, steps, violation } = checkClaims(classesOf(bundle), policy, DEPTH);
    console.info(`${policy}: ${positions} positions, ${steps} steps to depth ${DEPTH}`);
    expect(violation).toBeNull();
    expect(positions).toBeGreaterThan(500);
  },
  300_000,
);

test.each(PLANTED.map((bug) => [...bug]))("[FA14] a planted bug is found: %s", (_what, piece, instead) => {
  const classes = classesOf(bundle, piece, instead);
  const found = POLICIES.map((policy) => checkClaims(classes, policy, DEPTH).violation).filter(Boolean);
  expect(found).not.toEqual([]);
});
