/** Follows a run on the terminal: its states, its task runs as they end, its log. */
import type { WireFlowRun } from "@millrace/contract/flow-runs.ts";
import type { ApiSettings } from "../sdk/api/settings.ts";
import { followRun } from "./follow-run.ts";
import { logLineText } from "./log-line.ts";
import type { Output } from "./output.ts";
import { tellEnd } from "./run-end.ts";
import { paintState } from "./state-colour.ts";

/** Resolves with the exit code that says how the run ended. */
export async function watchRun(settings: ApiSettings, id: string, out: Output, signal: AbortSignal): Promise<number> {
  let shown = "";
  const tellState = (run: WireFlowRun) => {
    const state = `${run.state_name}`;
    if (state === shown) return;
    shown = state;
    out.say(`${out.colours.dim(run.name)} ${paintState(state, run.state_type, out.colours)}`);
  };
  const run = await followRun(
    settings,
    id,
    { onRun: tellState, onLog: (line) => out.say(logLineText(line, out.colours)) },
    signal,
  );
  return tellEnd(run, settings.url, out);
}
