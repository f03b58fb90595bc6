/** Follows a run on the terminal: its states, its task runs as they end, its log. */
import type { WireFlowRun } from "@millrace/contract/flow-runs.ts";
import type { WireLog } from "@millrace/contract/logs.ts";
import type { WireTaskRun } from "@millrace/contract/task-runs.ts";
import { isTerminal, type StateType } from "@millrace/domain/state.ts";
import { connect } from "../sdk/api/connect.ts";
import type { ApiSettings } from "../sdk/api/settings.ts";
import { readable } from "../sdk/duration.ts";
import { followRun } from "./follow-run.ts";
import { logLineText } from "./log-line.ts";
import type { Colours, Output } from "./output.ts";
import { tellEnd } from "./run-end.ts";
import { paintState } from "./state-colour.ts";
import { tellWhyWaiting } from "./waiting-hint.ts";

/** Resolves with the exit code that says how the run ended. */
export async function watchRun(settings: ApiSettings, id: string, out: Output, signal: AbortSignal): Promise<number> {
  let shown = "";
  let latest: WireFlowRun | null = null;
  const tellState = (run: WireFlowRun) => {
    latest = run;
    const state = run.state_name ?? "";
    if (state === shown || isTerminal(run.state_type as StateType)) return;
    shown = state;
    out.say(`${out.colours.dim(run.name)} ${paintState(state, run.state_type, out.colours)}`);
  };
  const stopWondering = tellWhyWaiting(
    connect(settings, { budgetMs: 5_000 }),
    () => latest,
    (text) => out.say(text),
  );
  try {
    const listener = {
      onRun: tellState,
      onTaskRuns: taskTeller(out),
      onLog: (line: WireLog) => out.say(logLineText(line, out.colours)),
    };
    return tellEnd(await followRun(settings, id, listener, signal), settings.url, out);
  } finally {
    stopWondering();
  }
}

/** Tells of each task run once, when it has ended, with how many of those begun have. */
function taskTeller(out: Output): (taskRuns: readonly WireTaskRun[]) => void {
  const known = new Map<string, boolean>();
  return (taskRuns) => {
    const ended: WireTaskRun[] = [];
    for (const run of taskRuns) {
      const over = run.state_type !== null && isTerminal(run.state_type as StateType);
      if (over && !known.get(run.id)) ended.push(run);
      known.set(run.id, over);
    }
    const done = [...known.values()].filter(Boolean).length;
    for (const run of ended) out.say(taskLine(run, `${done}/${known.size}`, out.colours));
  };
}

function taskLine(run: WireTaskRun, progress: string, colours: Colours): string {
  const mark = run.state_type === "COMPLETED" ? "✓" : "✗";
  const attempts = run.run_count > 1 ? `, ${run.run_count} attempts` : "";
  const message = run.state?.message ? `: ${run.state.message}` : "";
  const took = readable(run.total_run_time * 1000);
  return `${colours.dim(`[${progress}]`)} ${paintState(`${mark} ${run.name}`, run.state_type, colours)} ${run.state_name} in ${took}${attempts}${message}`;
}
