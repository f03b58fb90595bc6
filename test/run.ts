/**
 * The test command. `node test/run.ts` runs every part, `node test/run.ts unit types` those alone, `--list` names them.
 *
 * - Two parts run at a time; each one's whole output is in test-output/<part>.log, the screen gets a line per part and
 *   the failures. The last line is `N passed, N failed, N skipped`; a static gate counts as one.
 * - Exit 1 when anything failed or nothing ran. A part that was killed, or ended badly without a failing test, counts as
 *   one failure.
 */
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./gates/tree.ts";
import { type Part, parts } from "./parts.ts";
import { killAll, runCommand } from "./support/command.ts";
import { readReport } from "./support/report.ts";

interface Outcome {
  passed: number;
  failed: number;
  skipped: number;
  seconds: number;
  /** What to show under the part's line: failures, and why something was skipped. */
  notes: string[];
}

/** How many parts run at once: the command is meant for two cores. Three of them end no sooner. */
const LANES = 2;
const OUTPUT = join(ROOT, "test-output");
/** Lines of a gate's output to show when it fails. */
const TAIL = 30;

async function runGate(part: Part, log: string): Promise<Outcome> {
  let seconds = 0;
  const notes: string[] = [];
  for (const step of part.steps ?? []) {
    const start = existsSync(log) ? readFileSync(log, "utf8").length : 0;
    const ended = await runCommand(step.argv, {
      log,
      cwd: join(ROOT, step.cwd ?? "."),
      env: { NO_COLOR: "1", FORCE_COLOR: undefined },
      timeoutSeconds: part.limit,
    });
    seconds += ended.seconds;
    if (ended.code === 0) continue;
    if (ended.timedOut) notes.push(`killed after ${part.limit} s`);
    notes.push(...readFileSync(log, "utf8").slice(start).trimEnd().split("\n").slice(-TAIL));
    if (part.stopAtFirst) break;
  }
  const failed = notes.length > 0 ? 1 : 0;
  return { passed: 1 - failed, failed, skipped: 0, seconds, notes };
}

async function runProject(part: Part, log: string): Promise<Outcome> {
  const report = join(OUTPUT, `${part.name}.json`);
  rmSync(report, { force: true });
  const vitest = join(ROOT, "node_modules/vitest/vitest.mjs");
  const args = [
    "run",
    "--project",
    part.project as string,
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${report}`,
  ];
  const ended = await runCommand([process.execPath, vitest, ...args], {
    log,
    cwd: ROOT,
    env: { NO_COLOR: "1", FORCE_COLOR: undefined },
    timeoutSeconds: part.limit,
  });
  const outcome = existsSync(report)
    ? readReport(readFileSync(report, "utf8"))
    : { passed: 0, failed: 0, skipped: 0, notes: [] };
  if (ended.timedOut) outcome.notes.push(`killed after ${part.limit} s`);
  if (ended.code !== 0 && outcome.failed === 0) {
    outcome.failed = 1;
    outcome.notes.push(...readFileSync(log, "utf8").trimEnd().split("\n").slice(-TAIL));
  }
  return { ...outcome, seconds: ended.seconds };
}

async function runPart(part: Part): Promise<Outcome> {
  const log = join(OUTPUT, `${part.name}.log`);
  rmSync(log, { force: true });
  const outcome = await (part.project === undefined ? runGate(part, log) : runProject(part, log));
  const counts = `${outcome.passed} passed, ${outcome.failed} failed, ${outcome.skipped} skipped`;
  const mark = outcome.failed > 0 ? "✗" : outcome.passed > 0 ? "✓" : "-";
  if (outcome.skipped > 0 && part.leftOutWhen !== undefined) {
    outcome.notes = [`left out: ${part.leftOutWhen}`, ...outcome.notes.filter((note) => !note.startsWith("- skipped"))];
  }
  console.log(`${mark} ${part.name.padEnd(12)} ${counts}  (${outcome.seconds.toFixed(1)} s)`);
  for (const note of outcome.notes) console.log(`    ${note}`);
  if (outcome.failed > 0) console.log(`    whole output: test-output/${part.name}.log`);
  return outcome;
}

/** Runs all of `wanted`, `LANES` at a time; a part that needs the build waits for it. */
async function runAll(wanted: readonly Part[]): Promise<Outcome[]> {
  const waiting = [...wanted];
  const outcomes: Outcome[] = [];
  let building = wanted.some((part) => part.name === "build");
  let wake: () => void = () => {};
  const lane = async () => {
    while (waiting.length > 0) {
      const index = waiting.findIndex((part) => !(building && part.needsBuild));
      if (index === -1) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        continue;
      }
      const [part] = waiting.splice(index, 1);
      outcomes.push(await runPart(part as Part));
      if (part?.name === "build") {
        building = false;
        wake();
      }
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return outcomes;
}

async function main(args: readonly string[]): Promise<number> {
  const all = parts();
  if (args.includes("--list")) {
    console.log(all.map((part) => `${part.name}${part.present() ? "" : " (nothing there)"}`).join("\n"));
    return 0;
  }
  const unknown = args.filter((name) => !all.some((part) => part.name === name));
  if (unknown.length > 0) {
    console.error(`There is no part «${unknown.join("», «")}»; there are ${all.map((part) => part.name).join(", ")}.`);
    return 2;
  }
  const wanted = all.filter((part) => (args.length === 0 || args.includes(part.name)) && part.present());
  mkdirSync(OUTPUT, { recursive: true });
  const outcomes = await runAll(wanted);
  const sum = (of: (outcome: Outcome) => number) => outcomes.reduce((total, outcome) => total + of(outcome), 0);
  const [passed, failed, skipped] = [sum((one) => one.passed), sum((one) => one.failed), sum((one) => one.skipped)];
  if (passed + failed === 0) console.log("Nothing ran.");
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  return failed > 0 || passed === 0 ? 1 : 0;
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    killAll();
    process.exit(1);
  });
}
process.exitCode = await main(process.argv.slice(2));
