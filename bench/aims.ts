/** The figures that the service is to reach, held against the rows of a bench. */

import { number } from "./report.ts";
import type { Row } from "./row.ts";
import {
  DISPATCHED_TASK,
  DUE_TOGETHER,
  FIVE_TASKS,
  IDLE_AGENTS,
  LARGE_RUN,
  MANY_SCHEDULES,
  PYTHON_LINE,
} from "./row-names.ts";

interface Aim {
  /** What is wanted, in words. */
  what: string;
  /** The row, by the beginning of its name. */
  row: string;
  /** Where the state lies for which it is wanted; null: wherever it was measured. */
  where: string | null;
  /** The figure of the row; null where it has none. */
  figure(row: Row, rows: readonly Row[]): number | null;
  holds(figure: number): boolean;
}

const atMost = (most: number) => (figure: number) => figure <= most;
const atLeast = (least: number) => (figure: number) => figure >= least;
const fact =
  (name: string) =>
  (row: Row): number | null =>
    row.facts[name] ?? null;

const LIFE = "run life cycle, 32 clients";
const CLAIM = "trigger to the claim";
const COLD_LINE = "trigger to the first line of user code, a new Node";
const WARM_LINE = "trigger to the first line of user code, a Node process that waited";
const ROWS = "rows written by a run";
const SYNCS = "syncs to disk";

/** An aim of a row, wherever it was measured. */
const aim = (what: string, row: string, figure: Aim["figure"], holds: Aim["holds"]): Aim => ({
  ...{ what, row, where: null, figure, holds },
});
const cpu: Aim["figure"] = (row) => row.cpu;

const ORCHESTRATION: readonly Aim[] = [
  aim(
    "trigger to first line of a Python flow in a process that waited, p50 ms: at most 150",
    PYTHON_LINE,
    ({ p50 }) => p50,
    atMost(150),
  ),
  aim(
    "states set, of the floor «one row into an existing object»: at least 0.6",
    "a state set",
    fact("ofFloor"),
    atLeast(0.6),
  ),
  aim(
    "dispatched runs, of the floor «one row into a new object»: at least 0.4",
    "runs created, dispatched",
    fact("ofFloor"),
    atLeast(0.4),
  ),
  aim(
    "polls that find nothing, of an empty Worker: at least 0.5",
    "a poll that finds nothing",
    fact("ofFloor"),
    atLeast(0.5),
  ),
  aim("CPU ms of a dispatched run of one task: at most 8", DISPATCHED_TASK, cpu, atMost(8)),
  aim("CPU ms of a run of 5 tasks through the wire: at most 12", FIVE_TASKS, cpu, atMost(12)),
  aim("task-run events of one run, a second: at least 2,000", LARGE_RUN, fact("eventsPerSecond"), atLeast(2_000)),
  aim("ms of the graph of 10,000 task runs: at most 300", LARGE_RUN, fact("graph"), atMost(300)),
  aim("MB of a run of 10,000 task runs: at most 6", LARGE_RUN, fact("megabytes"), atMost(6)),
  aim("runs due together that were late for ever, early or double: none", DUE_TOGETHER, fact("wrong"), atMost(0)),
  aim("ms after due of the last of 100: at most 1,000", DUE_TOGETHER, fact("last"), atMost(1_000)),
  aim("rows that 1,000 idle agents write: none", IDLE_AGENTS, fact("rows"), atMost(0)),
  aim(
    "seconds until 10,000 schedules are planned after a start: at most 10",
    MANY_SCHEDULES,
    fact("replanned"),
    atMost(10),
  ),
  aim("rows a minute of 10,000 schedules: none", MANY_SCHEDULES, fact("rows"), atMost(0)),
];

const AIMS: readonly Aim[] = [
  {
    what: "life cycles, of the floor «one row into a new object»: at least 0.5",
    row: LIFE,
    where: null,
    figure: fact("ofFloor"),
    holds: atLeast(0.5),
  },
  {
    what: "life cycles, times the other server's: at least 10",
    row: LIFE,
    where: "memory",
    figure: timesPeer,
    holds: atLeast(10),
  },
  { what: "CPU ms of a life cycle: at most 5", row: LIFE, where: null, figure: ({ cpu }) => cpu, holds: atMost(5) },
  {
    what: "reads by id, of an empty Worker: at least 0.5",
    row: "read a run by id",
    where: null,
    figure: fact("ofFloor"),
    holds: atLeast(0.5),
  },
  {
    what: "log lines a second: at least 20,000",
    row: "log lines",
    where: null,
    figure: ({ perSecond }) => perSecond,
    holds: atLeast(20_000),
  },
  {
    what: "trigger to claim, p50 ms: at most 15",
    row: CLAIM,
    where: null,
    figure: ({ p50 }) => p50,
    holds: atMost(15),
  },
  {
    what: "trigger to claim, p99 ms: at most 60",
    row: CLAIM,
    where: null,
    figure: ({ p99 }) => p99,
    holds: atMost(60),
  },
  {
    what: "trigger to first line of user code in a process that waited, p50 ms: at most 25",
    row: WARM_LINE,
    where: null,
    figure: ({ p50 }) => p50,
    holds: atMost(25),
  },
  {
    what: "trigger to first line of user code in a process that waited, p99 ms: at most 80",
    row: WARM_LINE,
    where: null,
    figure: ({ p99 }) => p99,
    holds: atMost(80),
  },
  {
    what: "trigger to first line of user code in a new process, p50 ms: at most 250",
    row: COLD_LINE,
    where: null,
    figure: ({ p50 }) => p50,
    holds: atMost(250),
  },
  {
    what: "rows of a run in its FlowRun: at most 25",
    row: ROWS,
    where: null,
    figure: fact("FlowRun"),
    holds: atMost(25),
  },
  { what: "rows of a run in the index: at most 8", row: ROWS, where: null, figure: fact("index"), holds: atMost(8) },
  { what: "rows of a run in its pool: at most 4", row: ROWS, where: null, figure: fact("WorkPool"), holds: atMost(4) },
  { what: "syncs of a life cycle: at most 12", row: SYNCS, where: null, figure: fact("life"), holds: atMost(12) },
  {
    what: "syncs of a dispatched run: at most 20",
    row: SYNCS,
    where: null,
    figure: fact("dispatched"),
    holds: atMost(20),
  },
  {
    what: "seconds from start to ready: at most 6",
    row: "start-up to ready",
    where: null,
    figure: fact("slowest"),
    holds: atMost(6),
  },
  {
    what: "MB of server and agent at rest: at most 400",
    row: "memory and CPU at rest",
    where: null,
    figure: fact("megabytes"),
    holds: atMost(400),
  },
  ...ORCHESTRATION,
];

function timesPeer({ name, perSecond }: Row, rows: readonly Row[]): number | null {
  const other = rows.find((row) => row.name === name && row.who === "peer")?.perSecond;
  return perSecond === null || !other ? null : perSecond / other;
}

export interface Verdict {
  where: string;
  what: string;
  figure: number;
  holds: boolean;
}

/** What became of each aim that the rows have a figure for. */
export function verdictsOn(rows: readonly Row[]): Verdict[] {
  return AIMS.flatMap((aim) =>
    rows
      .filter((row) => row.who === "millrace" && row.name.startsWith(aim.row))
      .filter(({ where }) => aim.where === null || where === aim.where)
      .flatMap((row) => {
        const figure = aim.figure(row, rows);
        return figure === null ? [] : [{ where: row.where, what: aim.what, figure, holds: aim.holds(figure) }];
      }),
  );
}

/** A line for each aim. */
export const aimLines = (verdicts: readonly Verdict[]): string[] =>
  verdicts.map(
    ({ where, what, figure, holds }) =>
      `${holds ? "holds        " : "DOES NOT HOLD"}  ${where.padEnd(6)}  ${number(figure).padStart(7)}  ${what}`,
  );
