/** Schedules among all faults of the simulation: no occurrence is lost, none is double, whatever is edited meanwhile. */
import { Random } from "../platform/random.ts";
import { Violation } from "./invariants.ts";
import { mixOf } from "./mix.ts";
import { scheduleOf } from "./schedule.ts";
import { type Ground, World } from "./world.ts";

const STEPS = 150;
/** Milliseconds between two steps, on average: an occurrence or two go by in each ten. */
const PACE = 6_000;
/** Part of the steps that edit the deployment beside what else they do. */
const EDITS = 0.1;
/** Simulated minutes within which every run has ended once faults are over. */
const LONGEST = 75;
const SETTLING = 3;
/** Hours for which schedules are planned ahead, with a good deal more. */
const LONGEST_AHEAD = 4;

export interface ScheduleTrial {
  seeds: number;
  occurrences: number;
  edits: number;
  failed: Record<string, string>;
}

export async function scheduleTrial(
  from: number,
  seeds: number,
  ground: Ground,
  trace: boolean,
): Promise<ScheduleTrial> {
  const sum: ScheduleTrial = { seeds, occurrences: 0, edits: 0, failed: {} };
  for (let seed = from; seed < from + seeds; seed++) {
    const mix = { ...mixOf(seed), pace: PACE };
    const world = new World(seed, mix, ground);
    const dice = new Random(seed, "edits");
    const scheduled = world.schedule();
    try {
      for (const step of scheduleOf(seed, mix, STEPS)) {
        if (dice.chance(EDITS)) {
          world.note(scheduled.edit(dice));
          sum.edits += 1;
        }
        await world.take(step);
      }
      world.heal();
      // What was missed is caught up before the end.
      await world.pass(10 * 60_000);
      scheduled.end();
      for (let minute = 0; minute < LONGEST; minute++) {
        await world.pass(60_000);
        world.invariants.check();
        if (minute >= 10 && world.invariants.unfinished().length === 0) break;
      }
      const { time } = world.platform;
      await world.pass(SETTLING * 60_000 + time.mostSkew - time.leastSkew);
      // A row that a late message brought back is on lists until the sweep looks at it, when it is due.
      for (let hour = 0; hour < LONGEST_AHEAD && scheduled.isListed(); hour++) await world.pass(3_600_000);
      world.invariants.checkEnd();
      scheduled.check(time.mostSkew === time.leastSkew);
    } catch (error) {
      sum.failed[seed] = error instanceof Violation ? error.message : String((error as Error).stack ?? error);
    }
    if (trace) console.info(world.trace.join("\n"));
    sum.occurrences += scheduled.count;
    world.end();
  }
  return sum;
}
