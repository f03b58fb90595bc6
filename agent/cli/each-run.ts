/** One action over several runs: each is tried, each is told of, and the exit code is that of the first that failed. */
import type { WireReceipt } from "@millrace/contract/cancellations.ts";
import type { WireFlowRun } from "@millrace/contract/flow-runs.ts";
import { type Api, apiOf } from "./api.ts";
import type { Call } from "./command.ts";
import { EXIT_CODES } from "./exit-codes.ts";
import { findRun } from "./find-run.ts";
import { toProblem } from "./problem.ts";

export interface Done {
  id: string;
  name: string;
  state: string | null;
  /** What was said of it. */
  note: string;
  /** What became of all that belonged to it, where that was waited for. */
  receipts?: readonly WireReceipt[];
}

export async function eachRun(call: Call, act: (run: WireFlowRun, api: Api) => Promise<Done>): Promise<number> {
  const api = await apiOf(call);
  const done: Done[] = [];
  let code: number = EXIT_CODES.ok;
  for (const meant of new Set(call.args)) {
    try {
      done.push(await act(await findRun(api.call, meant), api));
    } catch (error) {
      const problem = toProblem(error);
      call.out.complain(`${meant}: ${problem.message}`);
      if (code === EXIT_CODES.ok) code = problem.exitCode;
    }
  }
  call.out.list({
    rows: done,
    columns: {
      id: { title: "ID", of: (row) => row.id },
      name: { title: "NAME", of: (row) => row.name },
      state: { title: "STATE", of: (row) => row.state },
      note: { title: "", of: (row) => row.note },
    },
    name: (row) => row.id,
    empty: "Nothing was done.",
  });
  return code;
}
