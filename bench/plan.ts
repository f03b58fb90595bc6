/** How much of each thing is done: enough for a steady figure, and an end in any case. */
import type { Limits } from "./workloads/runs.ts";

export interface Plan {
  /** Rounds of what is compared with a floor; the middle one counts. */
  rounds: number;
  fsync: number;
  empty: Limits;
  floor: Limits;
  d1: Limits;
  lifeAlone: Limits;
  life: Limits;
  read: Limits;
  logs: Limits;
  events: Limits;
  filter: Limits;
  /** Runs to find 200 among, the seconds they may take to make, and how many a second are made. */
  runs: { count: number; seconds: number; paced: number };
  claim: Limits;
  firstLine: Limits;
  warmFirstLine: Limits;
  /** Python flows, by our agent and by Prefect's worker. */
  pythonFirstLine: Limits;
  workerFirstLine: Limits;
  rowRuns: number;
  setState: Limits;
  poll: Limits;
  dispatched: Limits;
  /** Tasks of a large run, schedules due together, agents, and schedules. */
  largeRun: number;
  dueTogether: number;
  idleAgents: number;
  schedules: number;
}

/** `slow`: the state lies on disk, or the server is one that takes its time. */
export function planOf(quick: boolean, slow: boolean): Plan {
  const share = quick ? 0.2 : 1;
  const limits = (count: number, seconds: number): Limits => ({ count: Math.ceil(count * share), seconds });
  return {
    rounds: quick ? 1 : 3,
    fsync: 500,
    empty: limits(15_000, 3),
    floor: limits(slow ? 400 : 1_000, 6),
    d1: limits(slow ? 800 : 2_000, 6),
    lifeAlone: limits(slow ? 100 : 300, 8),
    // As many objects as the floor makes: each live one makes the next dearer.
    life: limits(slow ? 400 : 1_000, 8),
    read: limits(10_000, 5),
    logs: limits(100_000, 8),
    events: limits(6_000, 20),
    filter: limits(100, 6),
    runs: { count: Math.ceil(10_000 * share), seconds: 45, paced: 350 },
    claim: limits(200, 20),
    firstLine: limits(25, 20),
    warmFirstLine: limits(100, 60),
    pythonFirstLine: limits(20, 90),
    workerFirstLine: limits(5, 60),
    rowRuns: 3,
    setState: limits(slow ? 800 : 4_000, 6),
    poll: limits(10_000, 5),
    dispatched: limits(slow ? 400 : 1_000, 10),
    largeRun: Math.ceil(10_000 * share),
    dueTogether: 100,
    idleAgents: Math.ceil(1_000 * share),
    schedules: Math.ceil(10_000 * share),
  };
}
