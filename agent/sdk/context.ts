/** Where the running code is: `ctx()`, carried through awaits by AsyncLocalStorage. */
import { AsyncLocalStorage } from "node:async_hooks";
import type { FlowRunScope, RunInfo } from "./flow-run-scope.ts";
import type { Logger } from "./logger.ts";

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

/** The context with what only the SDK needs. */
export interface Scope extends Context {
  readonly flowRun: FlowRunScope;
  readonly logPrints: boolean;
}

const storage = new AsyncLocalStorage<Scope>();

/** The context of the running flow or task. Throws outside of both. */
export function ctx(): Context {
  const scope = storage.getStore();
  if (!scope)
    throw new Error("ctx() was called outside of a flow or task: there is no run here that it could tell of.");
  return scope;
}

/** The scope of the running code, or undefined outside of every run. */
export const currentScope = (): Scope | undefined => storage.getStore();

export const inScope = <T>(scope: Scope, work: () => T): T => storage.run(scope, work);
