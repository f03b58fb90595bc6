/** The index away for minutes: runs go on without it, and soon after its return it shows how they stand. */
import { isTerminal } from "@millrace/domain/state.ts";
import { Random } from "../platform/random.ts";
import { FINE, type Weather } from "../platform/weather.ts";
import { ALONE, type Mix, mixOf } from "./mix.ts";
import { type Ground, World } from "./world.ts";

/** How the database fails. */
export const INDEX_FAULTS: Readonly<Record<string, Partial<Weather>>> = {
  throws: { databaseThrows: 1 },
  hangs: { databaseHangs: 1 },
  "answers late": { databaseLate: 1 },
  "commits and forgets": { databaseForgets: 1 },
  "all at once": { databaseThrows: 0.3, databaseHangs: 0.3, databaseLate: 0.5, databaseForgets: 0.3 },
};

/** Simulated milliseconds between two runs, and for which those made last are not asked about at the end of the outage. */
const PACE = 2_000;
const GRACE = 30_000;
/** Simulated seconds after the return of the database for which the index is looked at. */
const LOOK = 300;

export interface IndexTrial {
  runs: number;
  /** Creates that were not acknowledged within the outage, and runs that had not ended by its end though they had the time. */
  unacknowledged: number;
  unfinished: number;
  /** Simulated seconds from the return of the database until the index showed the truth; null where it did not. */
  healed: number | null;
  /** What it showed wrongly to the end. */
  gap: string | null;
}

const INDEX_MIX = (seed: number): Mix => ({
  ...mixOf(seed),
  ...ALONE,
  weather: { ...FINE },
  agents: [
    { slots: 4, leaseSeconds: 15 },
    { slots: 4, leaseSeconds: 30 },
  ],
  limit: null,
});

export async function indexTrial(fault: string, minutes: number, seed: number, ground: Ground): Promise<IndexTrial> {
  const bad = INDEX_FAULTS[fault];
  if (!bad) throw new Error(`There is no fault «${fault}»; there are ${Object.keys(INDEX_FAULTS).join(", ")}.`);
  const world = new World(seed, INDEX_MIX(seed), ground);
  const dice = new Random(seed, "runs");
  const madeAt = new Map<string, number>();
  const { time } = world.platform;
  const work = async (milliseconds: number) => {
    for (const end = time.now + milliseconds; time.now < end; await world.pass(PACE)) {
      const pooled = dice.chance(0.8);
      const [failures, tasks, lines] = [dice.chance(0.2) ? 1 : 0, dice.below(3), dice.below(3)];
      const program = { seconds: dice.around(3), failures, retries: 0, tasks, lines, tagged: false, vanishes: false };
      madeAt.set(world.people.begin(madeAt.size, program, { pooled }).id, time.now);
    }
  };
  await work(60_000);
  world.setWeather({ ...FINE, ...bad });
  await work(minutes * 60_000);
  const late = world.runs.all().filter(({ id }) => (madeAt.get(id) ?? 0) < time.now - GRACE);
  const ended = ({ id }: { id: string }) => {
    const state = world.truth.head(id)?.run.state;
    return state !== null && state !== undefined && isTerminal(state.type);
  };
  const outcome: IndexTrial = {
    runs: late.length,
    unacknowledged: late.filter(({ acknowledged }) => !acknowledged).length,
    unfinished: late.filter((run) => !ended(run)).length,
    healed: null,
    gap: null,
  };
  world.setWeather({ ...FINE });
  const back = time.now;
  for (let second = 0; second < LOOK && outcome.healed === null; second++) {
    // New runs are told of within a moment; those of before the return are what is waited for.
    outcome.gap = world.invariants.indexGap();
    if (outcome.gap === null) outcome.healed = (time.now - back) / 1000;
    else await world.pass(1_000);
  }
  world.end();
  return outcome;
}
