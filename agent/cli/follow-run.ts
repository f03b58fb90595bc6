/**
 * Follows a run to its end over two sockets: its states and task runs, and its log. Every line is told once, however often a
 * socket breaks; the end is told when the log has been quiet for a moment after it.
 */
import type { WireFlowRun } from "@millrace/contract/flow-runs.ts";
import type { WireLog } from "@millrace/contract/logs.ts";
import type { WireTaskRun } from "@millrace/contract/task-runs.ts";
import { isTerminal, type StateType } from "@millrace/domain/state.ts";
import WebSocket from "ws";
import { authorization, socketToken } from "../sdk/api/connect.ts";
import type { ApiSettings } from "../sdk/api/settings.ts";
import { Problem } from "./problem.ts";

export interface RunListener {
  onRun?: (run: WireFlowRun) => void;
  onTaskRuns?: (taskRuns: readonly WireTaskRun[]) => void;
  /** Absent: the log is not followed. */
  onLog?: (line: WireLog) => void;
}

/** Output of the process and the last batches come within this time after the end. */
const QUIET_MS = 400;
/** The same for a program of Prefect, whose client sends its lines every two seconds and after the end. */
const PREFECT_QUIET_MS = 2_500;
const RETRY_MS = 500;
const TRIES = 10;

/** Resolves with the run as it ended. Rejects with the signal's reason when that is aborted first. */
export async function followRun(
  settings: ApiSettings,
  id: string,
  listener: RunListener,
  signal: AbortSignal,
): Promise<WireFlowRun> {
  const stop = new AbortController();
  const forward = () => stop.abort(signal.reason);
  signal.addEventListener("abort", forward, { once: true });
  const log = listener.onLog ? followLog(settings, id, listener.onLog, stop.signal) : null;
  try {
    const last = await followStates(settings, id, listener, stop.signal);
    if (log) await log.quiet();
    return last;
  } finally {
    signal.removeEventListener("abort", forward);
    stop.abort(new Error("done"));
  }
}

type LiveFrame =
  | { type: "snapshot"; flow_run: WireFlowRun; task_runs: WireTaskRun[] }
  | { type: "flow_run"; flow_run: WireFlowRun }
  | { type: "task_runs"; task_runs: WireTaskRun[] };

function followStates(
  settings: ApiSettings,
  id: string,
  { onRun, onTaskRuns }: RunListener,
  signal: AbortSignal,
): Promise<WireFlowRun> {
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    const told = (run: WireFlowRun) => {
      onRun?.(run);
      if (run.state_type && isTerminal(run.state_type as StateType)) resolve(run);
    };
    subscribe(settings, `/flow_runs/${id}/live`, null, signal, {
      onFrame: (frame: LiveFrame) => {
        if ("task_runs" in frame) onTaskRuns?.(frame.task_runs);
        if ("flow_run" in frame) told(frame.flow_run);
      },
      onGiveUp: reject,
    });
  });
}

function followLog(settings: ApiSettings, id: string, onLog: (line: WireLog) => void, signal: AbortSignal) {
  const seen = new Set<string>();
  let last = performance.now();
  let quiet = QUIET_MS;
  const filter = { type: "filter", filter: { flow_run_id: { any_: [id] } } };
  subscribe(settings, "/logs/out", filter, signal, {
    onFrame: (frame: { type: string; log: WireLog }) => {
      if (frame.type !== "log" || seen.has(frame.log.id)) return;
      seen.add(frame.log.id);
      last = performance.now();
      if (frame.log.name.startsWith("prefect.")) quiet = PREFECT_QUIET_MS;
      onLog(frame.log);
    },
    onGiveUp: () => {},
  });
  return {
    quiet: async () => {
      const ended = performance.now();
      for (let left = quiet; left > 0; left = Math.max(last, ended) + quiet - performance.now()) {
        await new Promise((resolve) => setTimeout(resolve, left));
      }
    },
  };
}

interface Subscriber<Frame> {
  onFrame: (frame: Frame) => void;
  onGiveUp: (why: Error) => void;
}

/** Keeps a subscription open until the signal is aborted. */
function subscribe<Frame>(
  settings: ApiSettings,
  path: string,
  filter: unknown,
  signal: AbortSignal,
  subscriber: Subscriber<Frame>,
): void {
  let failures = 0;
  const open = () => {
    if (signal.aborted) return;
    const socket = new WebSocket(`${settings.url.replace(/^http/, "ws")}${path}`, "prefect", {
      headers: authorization(settings.credential),
    });
    const close = () => socket.close(1000);
    signal.addEventListener("abort", close, { once: true });
    socket.on("open", () => {
      socket.send(JSON.stringify({ type: "auth", token: socketToken(settings.credential) }));
      if (filter) socket.send(JSON.stringify(filter));
    });
    socket.on("message", (data) => {
      failures = 0;
      const frame = JSON.parse(data.toString()) as { type: string };
      if (frame.type !== "auth_success") subscriber.onFrame(frame as Frame);
    });
    let why = "";
    socket.on("error", (error) => {
      why = error.message;
    });
    socket.on("close", (code, reason) => {
      signal.removeEventListener("abort", close);
      if (signal.aborted) return;
      failures += 1;
      const text = reason.toString() || why || `closed with code ${code}`;
      const refused = code === 1002 || code === 1008;
      if (refused || failures > TRIES) {
        const problem = { code: refused ? "auth" : "unreachable" } as const;
        subscriber.onGiveUp(new Problem(`The run cannot be followed: ${text}.`, problem));
      } else setTimeout(open, RETRY_MS * failures);
    });
  };
  open();
}
