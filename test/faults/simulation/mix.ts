/**
 * The faults of one seed. Each seed takes some of all faults and leaves the others out: a fault that is always there hides what
 * another would show, and many faults at once keep a system from doing anything at all.
 */
import { Random } from "../platform/random.ts";
import { FINE, type Weather } from "../platform/weather.ts";

/** What a step may do, with how often it is chosen beside the others. */
export const STEP_WEIGHTS = {
  create: 8,
  cancel: 8,
  force: 3,
  retry: 4,
  remove: 2,
  edit: 2,
  "pause-pool": 1,
  "limit-pool": 1,
  "agent-dies": 3,
  "agent-loses-power": 2,
  "agent-freezes": 3,
  "agent-drains": 1,
  "line-breaks": 4,
  "line-is-held": 4,
  "line-is-cut": 3,
  "object-crashes": 8,
  "objects-sleep": 4,
  "machine-stops": 2,
  "database-fails": 3,
  "slots-are-wanted": 3,
  "holder-dies": 2,
  "task-is-asked-for": 3,
  "task-worker-dies": 2,
  "task-worker-loses-power": 1,
  "task-worker's-line": 2,
  "clock-steps": 1,
  nothing: 8,
} as const;

export type StepKind = keyof typeof STEP_WEIGHTS;

/** Steps that are part of every mix: without them nothing would happen to which a fault could happen. */
const ALWAYS: ReadonlySet<StepKind> = new Set(["create", "nothing"]);

/** Milliseconds by which an agent's clock may be wrong. */
const MOST_SKEW = 10 * 60_000;

export interface Mix {
  weather: Weather;
  weights: Record<StepKind, number>;
  /** Objects of ended runs are released early, as on one machine. */
  releases: boolean;
  /** `skew`: milliseconds by which its clock is wrong. */
  agents: { slots: number; leaseSeconds: number; skew?: number }[];
  /** Runs that the pool may have at once. */
  limit: number | null;
  /** Runs that the deployment may have at once; null: it has no limit. */
  deploymentLimit: number | null;
  /** Task runs of one tag that may run at once; null: the tag has no limit. */
  tagLimit: number | null;
  /** A worker of Prefect's takes runs of the pool too. */
  worker: boolean;
  /** Task workers. */
  taskWorkers: number;
  /** Milliseconds between two steps, on average. */
  pace: number;
}

/** The mix of a seed. */
export function mixOf(seed: number): Mix {
  const dice = new Random(seed, "mix");
  const some = (values: readonly number[]) => (dice.chance(0.5) ? dice.pick(values) : 0);
  const weights = Object.fromEntries(
    Object.entries(STEP_WEIGHTS).map(([kind, weight]) => [
      kind,
      ALWAYS.has(kind as StepKind) || dice.chance(0.5) ? weight : 0,
    ]),
  ) as Record<StepKind, number>;
  return {
    weights,
    weather: {
      least: 1,
      mean: dice.pick([2, 10, 50]),
      slow: some([0.01, 0.05]),
      lost: some([0.005, 0.02, 0.08]),
      unanswered: some([0.005, 0.02, 0.08]),
      twice: some([0.02, 0.1]),
      crash: some([0.002, 0.01, 0.03]),
      evict: dice.pick([0, 0, 0, 1]),
      queueLost: some([0.1, 0.3]),
      queueTwice: some([0.3]),
      queueLate: some([0.2, 0.5]),
      queueForgets: some([0.05]),
      alarmLate: some([0.1, 0.3]),
      alarmTwice: some([0.1]),
      // A trial of its own: the sweep finds lost alarms by the index, which among other faults does not know of every run.
      alarmLost: 0,
      alarmFails: 0,
      databaseThrows: some([0.02, 0.1]),
      databaseHangs: some([0.01]),
      databaseLate: some([0.05]),
      databaseForgets: some([0.02, 0.1]),
    },
    releases: dice.chance(0.5),
    agents: Array.from({ length: 1 + dice.below(3) }, () => ({
      slots: dice.pick([1, 2, 4]),
      leaseSeconds: dice.pick([5, 15, 30]),
      skew: dice.pick([0, 0, -MOST_SKEW, MOST_SKEW]),
    })),
    limit: dice.chance(0.3) ? dice.pick([1, 2, 3]) : null,
    pace: dice.pick([200, 1_000, 3_000]),
    deploymentLimit: dice.chance(0.25) ? dice.pick([1, 2]) : null,
    worker: dice.chance(0.3),
    taskWorkers: dice.pick([0, 0, 1, 2]),
    tagLimit: dice.chance(0.3) ? dice.pick([1, 2]) : null,
  };
}

/** For trials of runs and their agents alone. */
export const ALONE = { deploymentLimit: null, tagLimit: null, worker: false, taskWorkers: 0 };

/** What is left of a mix when its faults end. */
export const healed = (mix: Mix): Weather => ({ ...FINE, mean: mix.weather.mean });
