/** Schedules beside Prefect itself: cases that were not recorded, made while the test runs. `MILLRACE_SCHEDULE_SEED` chooses others. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Case, type Surprise, surprisesOf } from "@millrace/domain/schedule/differential.ts";
import { expect, test } from "vitest";
import { leftOut, prefectBin } from "../support/prefect.ts";

const maker = fileURLToPath(new URL("../../domain/schedule/recorded/make.py", import.meta.url));
/** A leap year, and not that of the recording. */
const YEARS = ["2028"];

/** What is known to differ (domain/schedule/differential.test.ts): summer and winter in Dublin, and a step over a shorter month. */
const isKnown = ({ kind, text, zone }: Surprise): boolean =>
  (kind === "rrule" && zone === "Europe/Dublin") || (kind === "cron-and" && text === "0 0 */10 * 1");

test.skipIf(leftOut)("[SC9] [CF42] fresh cases of 24 zones are due when Prefect says", async () => {
  const seed = process.env.MILLRACE_SCHEDULE_SEED ?? "11";
  const python = join(await prefectBin(), "python");
  const { stdout } = await promisify(execFile)(python, [maker, seed, ...YEARS], { maxBuffer: 100 * 1024 * 1024 });
  const cases = JSON.parse(stdout) as Case[];
  expect(cases.length).toBeGreaterThan(1000);
  const { surprises, same } = surprisesOf(cases);
  expect(surprises.filter((one) => !isKnown(one))).toEqual([]);
  expect(same / cases.length).toBeGreaterThan(0.9);
});
