/**
 * A queue at its worst, and nothing else that is wrong: every run is dispatched all the same, once, and soon. Two agents race for the
 * runs.
 */
import type { DispatchMessage } from "@millrace/contract/messages/dispatch.ts";
import { isTerminal } from "@millrace/domain/state.ts";
import { Random } from "../platform/random.ts";
import { FINE } from "../platform/weather.ts";
import { ALONE, type Mix, mixOf } from "./mix.ts";
import { type Ground, World } from "./world.ts";

/** Runs of one world. */
const RUNS = 1_000;
/** Simulated milliseconds between two runs, and after the last one. */
const PACE = 50;
const AFTER = 20 * 60_000;

export interface QueueTrial {
  messages: number;
  lost: number;
  doubled: number;
  runs: number;
  /** Runs that did not complete, that were given out more than once, and whose user code began more than once. */
  unfinished: number;
  claimedTwice: number;
  executedTwice: number;
  /** Simulated seconds, at most, from the loss of a message to the next one for the same run. */
  longestRedispatch: number;
}

const QUEUE_MIX = (seed: number): Mix => ({
  ...mixOf(seed),
  ...ALONE,
  weather: { ...FINE, queueLost: 0.1, queueTwice: 0.3, queueLate: 1, queueForgets: 0.05 },
  agents: Array.from({ length: 2 }, () => ({ slots: 50, leaseSeconds: 30 })),
  limit: null,
});

/** Sends at least so many messages, about as many runs. */
export async function queueTrial(messages: number, ground: Ground): Promise<QueueTrial> {
  const sum: QueueTrial = {
    messages: 0,
    lost: 0,
    doubled: 0,
    runs: 0,
    unfinished: 0,
    claimedTwice: 0,
    executedTwice: 0,
    longestRedispatch: 0,
  };
  for (let seed = 1; sum.messages < messages || sum.runs < messages; seed++) {
    const world = new World(seed, QUEUE_MIX(seed), ground);
    await world.pass(1_000);
    const longest = watchLosses(world);
    const dice = new Random(seed, "runs");
    for (let made = 0; made < RUNS; made++) {
      const program = {
        seconds: dice.around(1),
        failures: 0,
        retries: 0,
        tasks: 0,
        lines: 0,
        tagged: false,
        vanishes: false,
      };
      world.people.begin(made, program);
      await world.pass(PACE);
    }
    await world.pass(AFTER);
    const { counts } = world.platform.queue;
    sum.messages += counts.sent;
    sum.lost += counts.lost;
    sum.doubled += counts.doubled;
    for (const run of world.runs.all()) {
      const head = world.truth.head(run.id);
      sum.runs += 1;
      if (!head?.run.state || !isTerminal(head.run.state.type)) sum.unfinished += 1;
      if (head && head.generation > 1) sum.claimedTwice += 1;
      if (run.begun.length > 1) sum.executedTwice += 1;
    }
    sum.longestRedispatch = Math.max(sum.longestRedispatch, longest());
    world.end();
  }
  return sum;
}

/** Measures the time from each loss to the next message for the same run, if it takes one. */
function watchLosses(world: World): () => number {
  const { time, queue } = world.platform;
  const lostAt = new Map<string, number>();
  let longest = 0;
  queue.onTaken = (body) => {
    const { run } = body as DispatchMessage;
    const since = lostAt.get(run);
    if (since === undefined) return;
    longest = Math.max(longest, (time.now - since) / 1000);
    lostAt.delete(run);
  };
  queue.onLost = (body) => {
    lostAt.set((body as DispatchMessage).run, time.now);
  };
  return () => longest;
}
