/** What a command prints when a run that it followed has ended, and the exit code that says how. */
import type { WireFlowRun } from "@millrace/contract/flow-runs.ts";
import { readable } from "../sdk/duration.ts";
import { runPage } from "../sdk/run-page.ts";
import { exitCodeOfState } from "./exit-codes.ts";
import type { Output } from "./output.ts";
import { paintState } from "./state-colour.ts";

export function tellEnd(run: WireFlowRun, apiUrl: string, out: Output): number {
  const code = exitCodeOfState(run.state_type);
  if (out.isJson) {
    out.json({
      id: run.id,
      name: run.name,
      state: run.state_type,
      state_name: run.state_name,
      message: run.state?.message ?? null,
      result: run.state?.data ?? null,
      page: runPage(apiUrl, run.id),
    });
    return code;
  }
  const state = paintState(run.state_name ?? "", run.state_type, out.colours);
  const message = run.state?.message ? `: ${run.state.message}` : "";
  out.say(runPage(apiUrl, run.id));
  out.say(`${run.name} ${state} after ${readable(run.total_run_time * 1000)}${message}`);
  if (run.state_type === "COMPLETED" && run.state?.data !== null && run.state?.data !== undefined) {
    out.line(typeof run.state.data === "string" ? run.state.data : JSON.stringify(run.state.data, null, 2));
  }
  return code;
}
