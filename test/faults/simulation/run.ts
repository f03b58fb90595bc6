/** Runs one seed from its first step to the end of all faults and beyond, and says what was wrong, if anything was. */
import { createHash } from "node:crypto";
import { Violation } from "./invariants.ts";
import { type Mix, mixOf } from "./mix.ts";
import { type Step, scheduleOf } from "./schedule.ts";
import { type Ground, World } from "./world.ts";

/** Simulated minutes after the end of all faults within which every run must have ended. */
const LONGEST_HEALING = 75;
/** Simulated minutes after that within which index and pool must be as they should. */
const SETTLING = 3;

export interface Outcome {
  seed: number;
  violation: Violation | null;
  trace: string[];
  /** Simulated milliseconds, and things that happened in them. */
  simulated: number;
  happened: number;
  runs: number;
  /** Runs that were acknowledged and have ended. */
  ended: number;
  /** Simulated milliseconds until every run had ended. */
  healing: number;
  /** Of all that the runs went through, and when: two simulations with the same one were the same. */
  digest: string;
}

export interface Attempt {
  seed: number;
  steps: number;
  /** The steps to take, by index; all where it is left out. */
  keep?: ReadonlySet<number>;
}

/** The mix and steps of an attempt. */
export function planOf({ seed, steps, keep }: Attempt): { mix: Mix; schedule: Step[] } {
  const mix = mixOf(seed);
  const schedule = scheduleOf(seed, mix, steps);
  return { mix, schedule: keep ? schedule.filter(({ index }) => keep.has(index)) : schedule };
}

/** Simulates a seed. What is no violation is an error of the code or of the simulation, and comes as one too. */
export async function simulate(attempt: Attempt, ground: Ground): Promise<Outcome> {
  const { mix, schedule } = planOf(attempt);
  const world = new World(attempt.seed, mix, ground);
  let violation: Violation | null = null;
  let healing = 0;
  try {
    for (const step of schedule) await world.take(step);
    world.heal();
    const { time } = world.platform;
    const healedAt = time.now;
    for (let minute = 0; minute < LONGEST_HEALING; minute++) {
      await world.pass(60_000);
      world.check();
      if (world.isDone) break;
    }
    healing = time.now - healedAt;
    // What was planned by one clock may be as late by another as the two were apart.
    await world.pass(SETTLING * 60_000 + time.mostSkew - time.leastSkew);
    world.checkEnd();
  } catch (error) {
    violation = error instanceof Violation ? error : new Violation("no error", String((error as Error).stack ?? error));
  }
  const digest = digestOf(world);
  world.end();
  const { now, happened } = world.platform.time;
  const { seed } = attempt;
  const { trace } = world;
  const runs = world.runs.all();
  const ended = runs.filter(({ id, acknowledged }) => acknowledged && world.truth.head(id)?.run.endTime).length;
  return { seed, violation, trace, simulated: now, happened, runs: runs.length, ended, healing, digest };
}

function digestOf(world: World): string {
  const hash = createHash("sha256").update(`${world.platform.time.happened} ${world.platform.time.now}`);
  for (const { id } of world.runs.all()) hash.update(JSON.stringify(world.truth.head(id)));
  return hash.digest("hex").slice(0, 16);
}
