/**
 * Those who watch a run: its page in a browser, `logs -f`, `/logs/out`. The Worker at the other end of each socket has
 * authenticated whoever sits behind it.
 */
import { flowRunToWire } from "@millrace/contract/flow-runs.ts";
import { logToWire } from "@millrace/contract/logs.ts";
import { taskRunToWire } from "@millrace/contract/task-runs.ts";
import { type LogFilter, matchesLog } from "@millrace/domain/filter/logs.ts";
import type { Log } from "@millrace/domain/log.ts";
import type { TaskRun } from "@millrace/domain/task-run/run.ts";
import type { Instant } from "@millrace/domain/time.ts";
import { acceptSocket, close, send } from "../kit/sockets.ts";
import type { Head } from "./head.ts";

const RUN = "run";
const LOGS = "logs";

export class Watchers {
  readonly #ctx: DurableObjectState;

  constructor(ctx: DurableObjectState) {
    this.#ctx = ctx;
  }

  /** A socket that gets the run as it is, then each change. */
  watchRun(head: Head, taskRuns: readonly TaskRun[], now: Instant): Response {
    const snapshot = {
      type: "snapshot",
      flow_run: flowRunToWire(head.run, now),
      task_runs: taskRuns.map((taskRun) => taskRunToWire(taskRun, now)),
      version: head.version,
    };
    return acceptSocket(this.#ctx, [RUN], null, [snapshot]);
  }

  /** A socket that gets past lines, then each new one that the filter means. */
  watchLogs(filter: LogFilter, past: readonly Log[]): Response {
    return acceptSocket(this.#ctx, [LOGS], filter, past.map(logFrame));
  }

  showRun(head: Head, now: Instant): void {
    const sockets = this.#ctx.getWebSockets(RUN);
    if (sockets.length === 0) return;
    const frame = JSON.stringify({ type: "flow_run", flow_run: flowRunToWire(head.run, now), version: head.version });
    for (const socket of sockets) send(socket, frame);
  }

  showTaskRuns(taskRuns: readonly TaskRun[], now: Instant): void {
    const sockets = this.#ctx.getWebSockets(RUN);
    if (sockets.length === 0) return;
    const frame = JSON.stringify({
      type: "task_runs",
      task_runs: taskRuns.map((taskRun) => taskRunToWire(taskRun, now)),
    });
    for (const socket of sockets) send(socket, frame);
  }

  showLogs(lines: readonly Log[]): void {
    for (const socket of this.#ctx.getWebSockets(LOGS)) {
      const filter = (socket.deserializeAttachment() ?? {}) as LogFilter;
      for (const line of lines) if (matchesLog(filter, line)) send(socket, logFrame(line));
    }
  }

  /** Closes all sockets: there is nothing left to watch. */
  dismiss(reason: string): void {
    for (const socket of this.#ctx.getWebSockets()) close(socket, 1000, reason);
  }
}

const logFrame = (line: Log): string => JSON.stringify({ type: "log", log: logToWire(line) });
