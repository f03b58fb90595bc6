/**
 * One action over several runs: those that were named, or all that a filter means. Each is tried, each is told of, and the exit code is
 * that of the first that failed.
 */
import type { WireReceipt } from "@millrace/contract/cancellations.ts";
import type { WireFlowRun } from "@millrace/contract/flow-runs.ts";
import { type Api, apiOf } from "./api.ts";
import type { Call, OptionSpec } from "./command.ts";
import { confirm, YES_OPTION } from "./confirm.ts";
import { EXIT_CODES } from "./exit-codes.ts";
import { findRun } from "./find-run.ts";
import { toProblem, usage } from "./problem.ts";
import { filteredRuns, isFiltered, RUN_FILTER } from "./run-filter.ts";

export interface Done {
  id: string;
  name: string;
  state: string | null;
  /** What was said of it. */
  note: string;
  /** What became of all that belonged to it, where that was waited for. */
  receipts?: readonly WireReceipt[];
}

/** Most runs of one call by a filter. */
const MOST = 5_000;
/** Runs at once. */
const LANES = 8;

/** Options of commands that act on many runs. */
export const MANY_RUNS: Readonly<Record<string, OptionSpec>> = {
  ...RUN_FILTER,
  limit: { type: "string", short: "n", value: "N", description: `at most so many of those that fit: ${MOST}` },
  "dry-run": { type: "boolean", description: "list the runs that are meant, and do nothing" },
  yes: YES_OPTION,
};

/** `verb`: what is asked of a person, as in "Delete". `asks`: of named runs too, since it cannot be undone. */
export async function eachRun(
  call: Call,
  act: (run: WireFlowRun, api: Api) => Promise<Done>,
  { verb, asks = false }: { verb: string; asks?: boolean },
): Promise<number> {
  const api = await apiOf(call);
  const done: Done[] = [];
  let code: number = EXIT_CODES.ok;
  const failed = (of: string, error: unknown): void => {
    const problem = toProblem(error);
    call.out.complain(`${of}: ${problem.message}`);
    if (code === EXIT_CODES.ok) code = problem.exitCode;
  };
  const runs = await meant(call, api, failed);
  const dry = call.flag("dry-run");
  const byFilter = call.args.length === 0;
  if (!dry && runs.length > 0 && (asks || byFilter)) await confirm(call, `${verb} ${countOf(runs)}?`);
  const left = [...runs];
  const lane = async (): Promise<void> => {
    for (let run = left.shift(); run; run = left.shift()) {
      try {
        done.push(dry ? { id: run.id, name: run.name, state: run.state_name, note: "" } : await act(run, api));
      } catch (error) {
        failed(byFilter ? run.id : run.name, error);
      }
    }
  };
  await Promise.all(Array.from({ length: byFilter ? LANES : 1 }, lane));
  call.out.list({
    rows: done,
    columns: {
      id: { title: "ID", of: (row) => row.id },
      name: { title: "NAME", of: (row) => row.name },
      state: { title: "STATE", of: (row) => row.state },
      note: { title: "", of: (row) => row.note },
    },
    name: (row) => row.id,
    empty: code === EXIT_CODES.ok ? "No run fits; nothing was done." : "Nothing was done.",
  });
  return code;
}

async function meant(
  call: Call,
  { call: api }: Api,
  failed: (of: string, error: unknown) => void,
): Promise<WireFlowRun[]> {
  const filtered = isFiltered(call);
  if (call.args.length === 0) {
    if (!filtered)
      throw usage("Which runs? Name them, or say which by --state, --flow, --deployment, --tag or --since.", "<run>");
    return filteredRuns(api, call, call.count("limit", 1) ?? MOST);
  }
  if (filtered) throw usage("Runs are meant by their names or by a filter, not by both.", "<run>");
  const runs = new Map<string, WireFlowRun>();
  for (const name of new Set(call.args)) {
    try {
      const run = await findRun(api, name);
      runs.set(run.id, run);
    } catch (error) {
      failed(name, error);
    }
  }
  return [...runs.values()];
}

export const countOf = (runs: readonly { name: string }[]): string =>
  runs.length === 1 ? `the run ${runs[0]?.name}` : `${runs.length} runs`;
