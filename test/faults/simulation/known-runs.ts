/**
 * What the simulation's people know of their runs: what they asked for, and what they were told. The service is held to it.
 */

/** What the program of a run does. */
export interface Program {
  /** Seconds of work in each attempt. */
  seconds: number;
  /** Attempts that fail before one succeeds. */
  failures: number;
  /** Retries that the run has in its own process. */
  retries: number;
  /** Task runs, and log lines, of each attempt. */
  tasks: number;
  lines: number;
  /** Each attempt begins with a task of the tag that has a limit. */
  tagged: boolean;
  /** The process ends without a word instead of telling how the run ended. */
  vanishes: boolean;
}

export interface KnownRun {
  id: string;
  /** A short name for people who read a trace. */
  number: number;
  /** Given to agents by a pool; otherwise a program of somebody else's reports on it. */
  pooled: boolean;
  program: Program;
  /** Somebody was told that it exists. */
  acknowledged: boolean;
  /** Somebody asked for its deletion, and was told that it is done. */
  removing: boolean;
  removed: boolean;
  /** Ids of states that people put in place, by a retry or a proposal of their own: those alone may follow an end. */
  asked: Set<string>;
  /** Ids of states, texts of log lines, ids of ended task runs that somebody was told are stored. */
  states: Set<string>;
  lines: Set<string>;
  /** Under which claims user code began. */
  begun: { generation: number | null; agent: string }[];
  /** Another may take it when whoever had it is lost. */
  reclaim: boolean;
}

export class KnownRuns {
  readonly #byId = new Map<string, KnownRun>();

  add(id: string, number: number, pooled: boolean, program: Program): KnownRun {
    const run: KnownRun = {
      id,
      number,
      pooled,
      program,
      acknowledged: false,
      removing: false,
      removed: false,
      asked: new Set(),
      states: new Set(),
      lines: new Set(),
      begun: [],
      reclaim: false,
    };
    this.#byId.set(id, run);
    return run;
  }

  has(id: string): boolean {
    return this.#byId.has(id);
  }

  get(id: string): KnownRun {
    const run = this.#byId.get(id);
    if (!run) throw new Error(`Nobody made a run ${id}.`);
    return run;
  }

  all(): KnownRun[] {
    return [...this.#byId.values()];
  }
}
