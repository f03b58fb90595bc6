/**
 * Every moment at which an end matters, one after another: before and after each call that an object is given, each call, message and
 * alarm that it sends on its way. A story is told once to list its moments, and then once for each of them, with the end of its object
 * there, or of the whole machine. Whatever the moment, the story comes to its end.
 */
import { Random } from "../platform/random.ts";
import { FINE } from "../platform/weather.ts";
import { Violation } from "./invariants.ts";
import type { Program } from "./known-runs.ts";
import { ALONE, type Mix, mixOf } from "./mix.ts";
import { type Ground, World } from "./world.ts";

/** Who ends at the moment: the object that it is a moment of, or all of them. */
export const ENDS = ["object", "machine"] as const;
type End = (typeof ENDS)[number];

/** Simulated minutes within which the story has ended, and after which index and pool are looked at. */
const LONGEST = 75;
const SETTLING = 3;

export interface CrashTrial {
  /** Kinds of moments, and moments, of which each was the last one of somebody once. */
  kinds: string[];
  moments: number;
  /** What was wrong, and after which end. */
  violations: string[];
}

/** Messages take their time by the dice of a seed: each is another order of what happens. */
const STORY_MIX = (seed: number): Mix => ({
  ...mixOf(seed),
  ...ALONE,
  weather: { ...FINE, mean: 20 },
  releases: false,
  agents: [
    { slots: 2, leaseSeconds: 5 },
    { slots: 2, leaseSeconds: 5 },
  ],
  limit: null,
});

/** Ends `end` at each moment of the story in the order of `seed`; `part` of `parts` takes its share of them. */
export async function crashTrial(
  { seed, end, part, parts }: { seed: number; end: End; part: number; parts: number },
  ground: Ground,
): Promise<CrashTrial> {
  const moments: string[] = [];
  const trial: CrashTrial = { kinds: [], moments: 0, violations: [] };
  const peaceful = await tell(seed, ground, (who, what, { platform }) => {
    // Requests, consumers and processes end with their machine.
    if (end === "machine" || platform.hosts.has(who)) moments.push(what);
  });
  if (peaceful) trial.violations.push(`without any end: ${peaceful}`);
  trial.kinds = [...new Set(moments.map((what) => what.replaceAll(/\d+/g, "n")))].sort();
  for (let last = part; last < moments.length; last += parts) {
    let at = 0;
    const violation = await tell(seed, ground, (who, _, { platform }) => {
      const host = platform.hosts.get(who);
      if ((end === "object" && !host) || at++ !== last) return;
      if (end === "machine") platform.crashAll();
      else host?.crash("it crashed");
    });
    trial.moments += 1;
    if (violation) trial.violations.push(`${end} ends where it ${moments[last]} (${last}): ${violation}`);
  }
  return trial;
}

/** The story: a run that goes well, one that fails first, one that is cancelled, one whose agent dies, one that is due later. */
async function tell(
  seed: number,
  ground: Ground,
  hear: (who: string, what: string, world: World) => void,
): Promise<string | null> {
  const world = new World(seed, STORY_MIX(seed), ground);
  const { people } = world;
  const program = (change: Partial<Program>): Program => ({
    ...{ seconds: 1, failures: 0, retries: 0, tasks: 1, lines: 1, tagged: false, vanishes: false },
    ...change,
  });
  try {
    await world.pass(500);
    let told = false;
    world.onMoment = (who, what) => {
      if (!told) hear(who, `${(who.split("/")[0] as string).toLowerCase()} ${what}`, world);
    };
    people.begin(1, program({}));
    people.begin(2, program({ failures: 1, retries: 1, tasks: 0 }), { reclaim: true });
    const cancelled = people.begin(3, program({ seconds: 60 }));
    people.begin(4, program({ seconds: 8 }), { reclaim: true });
    people.begin(5, program({ tasks: 0, lines: 0 }), { later: 16 });
    await world.pass(3_000);
    people.cancel(cancelled);
    world.kill(new Random(seed, "who dies"));
    for (let minute = 0; minute < LONGEST; minute++) {
      await world.pass(60_000);
      world.invariants.check();
      if (world.invariants.unfinished().length === 0) break;
    }
    told = true;
    await world.pass(SETTLING * 60_000);
    world.invariants.checkEnd();
    return null;
  } catch (error) {
    return error instanceof Violation ? error.message : String((error as Error).stack ?? error);
  } finally {
    world.end();
  }
}
