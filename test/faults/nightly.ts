/**
 * The simulation from the command line, and what its tests run:
 *
 *   node test/faults/nightly.ts [--seeds 1000000] [--from 1] [--steps 200] [--jobs 2] [--plant <bug>] [--until-found]
 *   node test/faults/nightly.ts --seed 17 [--steps 200] [--keep 3,9,40] [--plant <bug>] [--trace]
 *
 * It prints failing seeds with their shortened lists of steps, the first of each rule, then one line of JSON, and exits 1 if a seed
 * failed. `--digest` adds a digest of all that happened in each seed.
 */
import { fork } from "node:child_process";
import { parseArgs } from "node:util";
import { prepareGround } from "./simulation/ground.ts";
import { failureReport } from "./simulation/report.ts";
import { simulate } from "./simulation/run.ts";
import { shorten } from "./simulation/shorten.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    seeds: { type: "string", default: "1000000" },
    from: { type: "string", default: "1" },
    steps: { type: "string", default: "200" },
    jobs: { type: "string", default: "2" },
    job: { type: "string" },
    keep: { type: "string" },
    plant: { type: "string" },
    trace: { type: "boolean", default: false },
    digest: { type: "boolean", default: false },
    "until-found": { type: "boolean", default: false },
  },
});

/** Failing seeds that are printed with all they did; the others are counted. */
const MOST_SHOWN = 5;

/** Much is made and soon forgotten, and all of the code is used again and again. */
const FLAGS = ["--max-semi-space-size=32", "--always-sparkplug"];

const say = console.log;
const clock = performance.now.bind(performance);

interface Sum {
  seeds: number;
  failed: number;
  rules: Record<string, number[]>;
  simulatedHours: number;
  happened: number;
  runs: number;
  ended: number;
  longestHealingSeconds: number;
  digests?: string[];
}

const sums = (): Sum => ({
  seeds: 0,
  failed: 0,
  rules: {},
  simulatedHours: 0,
  happened: 0,
  runs: 0,
  ended: 0,
  longestHealingSeconds: 0,
});

const steps = Number(values.steps);
const began = clock();
const isWorker = process.send !== undefined;
const sum = values.seed !== undefined || isWorker ? await work() : await share(Number(values.jobs));
if (process.send) process.send(sum);
else say(JSON.stringify({ ...sum, seconds: Math.round((clock() - began) / 100) / 10 }));
process.exitCode = sum.failed > 0 ? 1 : 0;

/** Prints something, or has it printed by the process that divides the seeds: what several print at once is not readable. */
function report(text: string): void {
  if (process.send) process.send(text);
  else say(text);
}

/** Simulates this process's share of the seeds. */
async function work(): Promise<Sum> {
  const plant = values.plant ?? null;
  const ground = await prepareGround(plant);
  const keep = values.keep === undefined ? undefined : new Set(values.keep.split(",").map(Number));
  const result = sums();
  for (const seed of seedsOfJob()) {
    const outcome = await simulate({ seed, steps, keep }, ground);
    result.seeds += 1;
    result.simulatedHours += outcome.simulated / 3_600_000;
    result.happened += outcome.happened;
    result.runs += outcome.runs;
    result.ended += outcome.ended;
    result.longestHealingSeconds = Math.max(result.longestHealingSeconds, outcome.healing / 1000);
    if (values.trace) report(outcome.trace.join("\n"));
    if (values.digest) result.digests = [...(result.digests ?? []), outcome.digest];
    const { violation } = outcome;
    if (!violation) continue;
    result.failed += 1;
    const known = result.rules[violation.rule] ?? [];
    result.rules[violation.rule] = [...known, seed];
    if (values["until-found"]) break;
    if (keep) report(`seed ${seed}: ${violation.message}`);
    else if (known.length === 0 && Object.keys(result.rules).length <= MOST_SHOWN) {
      const { keep: kept, outcome: shortest } = await shorten(outcome, steps, ground);
      report(failureReport(outcome, { steps, keep: kept, shortest, plant }));
    }
  }
  return result;
}

function* seedsOfJob(): Iterable<number> {
  if (values.seed !== undefined) return yield Number(values.seed);
  const [from, end] = [Number(values.from), Number(values.from) + Number(values.seeds)];
  for (let seed = from + Number(values.job); seed < end; seed += Number(values.jobs)) yield seed;
}

/** Divides the seeds among processes and adds up what they found. */
async function share(jobs: number): Promise<Sum> {
  const total = sums();
  const parts = Array.from({ length: jobs }, (_, job) => {
    const child = fork(import.meta.filename, [...process.argv.slice(2), "--job", String(job)], { execArgv: FLAGS });
    return new Promise<Sum>((resolve, reject) => {
      let part: Sum | null = null;
      child.on("message", (message) => {
        if (typeof message === "string") say(message);
        else part = message as Sum;
      });
      child.once("close", (code, signal) =>
        part ? resolve(part) : reject(new Error(`A simulation ended with ${signal ?? code} and said nothing.`)),
      );
    });
  });
  for (const part of await Promise.all(parts)) {
    for (const key of ["seeds", "failed", "simulatedHours", "happened", "runs", "ended"] as const)
      total[key] += part[key];
    if (part.digests) total.digests = [...(total.digests ?? []), ...part.digests];
    total.longestHealingSeconds = Math.max(total.longestHealingSeconds, part.longestHealingSeconds);
    for (const [rule, seeds] of Object.entries(part.rules))
      total.rules[rule] = [...(total.rules[rule] ?? []), ...seeds].sort((a, b) => a - b);
  }
  return total;
}
