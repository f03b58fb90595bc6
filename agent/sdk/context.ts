/** Where the running code is: `ctx()`. */
import type { Logger } from "./logger.ts";
import type { RunInfo } from "./run-info.ts";
import { currentScope } from "./scope.ts";

/** What `ctx().task` shows. */
export interface TaskInfo {
  readonly id: string;
  readonly name: string;
  readonly key: string;
  /** 1 for the first attempt. */
  readonly attempt: number;
}

export interface Context {
  /**
   * Aborted when this attempt has to end: `reason` is a CancelledError, a TimeoutError or a LeaseLostError. Each attempt
   * has a fresh one; hand it to `fetch` and everything else that takes a signal.
   */
  readonly signal: AbortSignal;
  readonly log: Logger;
  readonly run: RunInfo;
  /** The task run this code belongs to; null in the flow itself. */
  readonly task: TaskInfo | null;
}

/** The context of the running flow or task. Throws outside of both. */
export function ctx(): Context {
  const scope = currentScope();
  if (!scope)
    throw new Error("ctx() was called outside of a flow or task: there is no run here that it could tell of.");
  return scope;
}
