/**
 * Alarms at their worst, and nothing else that is wrong but agents that die: what is due is done all the same, once, and soon.
 *
 * A run that starts late, waits for its next attempt, or is asked to end looks after itself by alarms, and so do leases. The sweep
 * over runs that have not ended finds those whose alarm was lost.
 */
import { isTerminal } from "@millrace/domain/state.ts";
import { Random } from "../platform/random.ts";
import { FINE } from "../platform/weather.ts";
import { ALONE, type Mix, mixOf } from "./mix.ts";
import { type Ground, World } from "./world.ts";

/** Runs of one world, simulated milliseconds between two of them, and after the last one. */
const RUNS = 300;
const PACE = 2_000;
const AFTER = 30 * 60_000;
/** Simulated milliseconds between two deaths of an agent. */
const DEATHS = 90_000;

export interface AlarmTrial {
  runs: number;
  lost: number;
  /** Runs that have not ended, and those whose user code was at work in two places at once. */
  unfinished: number;
  /** Simulated seconds, at most, for which a run's due work had no alarm that was still to ring. */
  longestOverdue: number;
}

const ALARM_MIX = (seed: number): Mix => ({
  ...mixOf(seed),
  ...ALONE,
  weather: { ...FINE, alarmLost: 0.05, alarmFails: 0.02, alarmLate: 0.2, alarmTwice: 0.3 },
  agents: Array.from({ length: 3 }, () => ({ slots: 10, leaseSeconds: 15 })),
  limit: null,
});

/** Throws the violation of anything that may not be at any time: nothing is done twice. */
export async function alarmTrial(seeds: number, ground: Ground): Promise<AlarmTrial> {
  const sum: AlarmTrial = { runs: 0, lost: 0, unfinished: 0, longestOverdue: 0 };
  for (let seed = 1; seed <= seeds; seed++) {
    const world = new World(seed, ALARM_MIX(seed), ground);
    const dice = new Random(seed, "runs");
    const look = watchAlarms(world);
    const pass = async (milliseconds: number) => {
      for (const end = world.platform.time.now + milliseconds; world.platform.time.now < end; ) {
        await world.pass(1_000);
        sum.longestOverdue = Math.max(sum.longestOverdue, look());
      }
      world.invariants.check();
    };
    for (let made = 0; made < RUNS; made++) {
      const failures = dice.chance(0.2) ? 1 : 0;
      const program = {
        seconds: dice.around(5),
        failures,
        retries: failures,
        tasks: 0,
        lines: 0,
        tagged: false,
        vanishes: false,
      };
      const run = world.people.begin(made, program, { later: dice.chance(0.5) ? dice.around(60) : 0, reclaim: true });
      if (dice.chance(0.1)) world.platform.time.after(dice.around(20_000), () => world.people.cancel(run));
      if ((made * PACE) % DEATHS === 0) world.kill(dice);
      await pass(PACE);
    }
    await pass(AFTER);
    for (const run of world.runs.all()) {
      const state = world.truth.head(run.id)?.run.state;
      sum.runs += 1;
      if (!state || !isTerminal(state.type)) sum.unfinished += 1;
    }
    for (const host of world.platform.hosts.values()) sum.lost += host.lostAlarms;
    world.end();
  }
  return sum;
}

/** Says for how many seconds, at most, work has been due since an alarm for it was lost, and no other was set. */
function watchAlarms(world: World): () => number {
  const { time } = world.platform;
  const since = new Map<string, { at: number; lost: number }>();
  return () => {
    let longest = 0;
    for (const run of world.runs.all()) {
      const head = world.truth.head(run.id);
      const alarms = Object.entries(head?.alarms ?? {}).filter(([, at]) => at / 1000 <= time.wall);
      const { rings = false, lostAlarms = 0 } = world.truth.hostOf(run.id) ?? {};
      const known = since.get(run.id);
      // What lists show already needs no telling: the alarm for it is set all the same until the run is written again.
      const isShown = () => world.truth.index().some(({ id, version }) => id === run.id && version === head?.version);
      const isDue = () => alarms.some(([name]) => name !== "tell") || (alarms.length > 0 && !isShown());
      if (alarms.length === 0 || rings || !isDue()) since.delete(run.id);
      else if (known?.lost === lostAlarms) longest = Math.max(longest, (time.now - known.at) / 1000);
      else since.set(run.id, { at: time.now, lost: lostAlarms });
    }
    return longest;
  };
}
