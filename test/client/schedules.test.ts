/** Schedules beside Prefect itself: cases that were not recorded, made while the test runs. `MILLRACE_SCHEDULE_SEED` chooses others. */
import { execFile, spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { ScheduleIn, scheduleToWire } from "@millrace/contract/schedules.ts";
import { type Case, type Surprise, surprisesOf } from "@millrace/domain/schedule/differential.ts";
import fc from "fast-check";
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

/** Parts of rules, good ones and bad ones. */
const PARTS = [
  ..."INTERVAL=1 INTERVAL=0 INTERVAL=1,2 COUNT=5 COUNT=x WKST=SU WKST=XX BYMONTH=1,2 BYMONTH=13 BYMONTHDAY=-1 BYMONTHDAY=0".split(
    " ",
  ),
  ..."BYYEARDAY=366 BYWEEKNO=53 BYEASTER=0 BYDAY=MO,TU BYDAY=-1FR BYDAY=0MO BYDAY=MO(1) BYDAY=+1MO BYWEEKDAY=MO BYHOUR=23".split(
    " ",
  ),
  ..."BYMINUTE=60 BYSECOND=30 BYSETPOS=-1 UNTIL=20271231T000000Z UNTIL=20271231T000000 UNTIL=20271231 UNTIL=2027-12-31".split(
    " ",
  ),
  ..."UNTIL=2027-12-31T00:00:00Z UNTIL=20271231T000000+0100 FOO=1".split(" "),
];
const STARTS = [
  ..."DTSTART:20260101T000000 DTSTART:20260101T000000Z DTSTART;TZID=Europe/Paris:20260101T000000 DTSTART:20260101".split(
    " ",
  ),
  ..."DTSTART;VALUE=DATE:20260101 DTSTART:2026-01-01T00:00:00 dtstart:20260101T000000".split(" "),
];
const MORE = [
  ..."EXDATE:20260102T000000 EXDATE:20260102T000000Z EXDATE;TZID=Europe/Paris:20260102T000000 EXDATE;VALUE=DATE:20260102".split(
    " ",
  ),
  ..."RDATE:20260103T000000 RDATE;VALUE=DATE:20260103 EXRULE:FREQ=WEEKLY RRULE:FREQ=YEARLY;COUNT=3".split(" "),
];
const ZONES =
  "Europe/Paris europe/paris UTC utc PST EST5EDT Etc/GMT+5 +01:00 US/Pacific Asia/Kolkata Asia/Calcutta GB Zulu".split(
    " ",
  );
const MARKS =
  "* */5 0 1-5 5-1 60 L ? MON mon-fri 1W 1#2 */0 0/5 1-10/3 JAN 7 0-7 5L 00 -1 MON#1 FRI-MON @daily H".split(" ");

const rules = fc
  .tuple(
    fc.constantFrom("", "", ...STARTS),
    fc.constantFrom("RRULE:", ""),
    fc.constantFrom("YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY", "daily"),
    fc.array(fc.constantFrom(...PARTS), { maxLength: 3 }),
    fc.constantFrom("", "", "", ...MORE),
  )
  .map(([start, name, often, parts, more]) =>
    [start, `${name}${[`FREQ=${often}`, ...parts].join(";")}`, more].filter((line) => line !== "").join("\n"),
  );
const given = fc.oneof(
  fc.record({ rrule: rules }),
  fc.record({ rrule: rules, timezone: fc.constantFrom(...ZONES) }),
  fc.record({ interval: fc.integer({ min: 1, max: 1e6 }), timezone: fc.constantFrom(...ZONES) }),
  fc.record({
    cron: fc
      .array(fc.constantFrom("*", "*", ...MARKS), { minLength: 5, maxLength: 5 })
      .map((fields) => fields.join(" ")),
    timezone: fc.constantFrom(null, ...ZONES),
  }),
);

test.skipIf(leftOut)("[SC15] what is taken as a schedule, Prefect's client can read", async () => {
  const taken = fc
    .sample(given, { numRuns: 20_000, seed: Number(process.env.MILLRACE_SCHEDULE_SEED ?? 11) })
    .flatMap((one) => {
      const read = ScheduleIn.safeParse(one);
      return read.success ? [scheduleToWire(read.data)] : [];
    });
  expect(taken.length).toBeGreaterThan(3_000);
  const python = join(await prefectBin(), "python");
  const reader = fileURLToPath(new URL("read-schedules.py", import.meta.url));
  const { stdout, stderr } = spawnSync(python, [reader], { input: JSON.stringify(taken), encoding: "utf8" });
  expect(JSON.parse(stdout || `[${JSON.stringify(stderr)}]`)).toEqual([]);
});
