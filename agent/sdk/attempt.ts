/**
 * One attempt at a user's function: with a signal of its own, a time limit, and an end that does not wait for ever for a
 * function which does not listen to its signal.
 */
import { readable } from "./duration.ts";
import { CancelledError, LeaseLostError, TimeoutError } from "./errors.ts";

/** What became of an attempt. */
export type Outcome<T> =
  | { kind: "returned"; value: T }
  | { kind: "threw"; error: unknown }
  | { kind: "timed-out"; error: TimeoutError }
  /** The signal of the parent ended it: cancelled, timed out above, or lost. */
  | { kind: "stopped"; reason: unknown };

/** How long a function may clean up after its signal, before it is given up. */
export interface Patience {
  timeoutMs: number;
  cancelMs: number;
}

export const PATIENCE: Patience = { timeoutMs: 1000, cancelMs: 25_000 };

export interface AttemptOptions {
  parent: AbortSignal;
  /** Milliseconds; null: no limit. */
  limitMs: number | null;
  patience?: Patience;
}

/** Runs `work` once. Never rejects. All listeners and timers are gone when it resolves. */
export async function attempt<T>(
  work: (signal: AbortSignal) => T | PromiseLike<T>,
  { parent, limitMs, patience = PATIENCE }: AttemptOptions,
): Promise<Outcome<T>> {
  if (parent.aborted) return { kind: "stopped", reason: parent.reason };
  const controller = new AbortController();
  const stop = () => controller.abort(parent.reason);
  parent.addEventListener("abort", stop, { once: true });
  const timer =
    limitMs === null
      ? undefined
      : setTimeout(() => controller.abort(new TimeoutError(`took longer than ${readable(limitMs)}`)), limitMs);
  const giveUp = afterSignal(controller.signal, parent, patience);
  try {
    const settled = await Promise.race([settle(work, controller.signal), giveUp.promise]);
    const reason: unknown = controller.signal.reason;
    if (controller.signal.aborted) {
      return parent.aborted ? { kind: "stopped", reason } : { kind: "timed-out", error: reason as TimeoutError };
    }
    return settled;
  } finally {
    parent.removeEventListener("abort", stop);
    clearTimeout(timer);
    giveUp.dispose();
  }
}

async function settle<T>(work: (signal: AbortSignal) => T | PromiseLike<T>, signal: AbortSignal): Promise<Outcome<T>> {
  try {
    return { kind: "returned", value: await work(signal) };
  } catch (error) {
    return { kind: "threw", error };
  }
}

/** Resolves when the patience after an abort is over. */
function afterSignal(signal: AbortSignal, parent: AbortSignal, patience: Patience) {
  let timer: NodeJS.Timeout | undefined;
  let onAbort = () => {};
  const promise = new Promise<Outcome<never>>((resolve) => {
    onAbort = () => {
      const end = () => resolve({ kind: "stopped", reason: signal.reason });
      if (parent.reason instanceof LeaseLostError) end();
      else timer = setTimeout(end, parent.aborted ? patience.cancelMs : patience.timeoutMs);
    };
  });
  signal.addEventListener("abort", onAbort, { once: true });
  return {
    promise,
    dispose() {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    },
  };
}

/** Whether `reason` ends the whole run, rather than one attempt. */
export const endsRun = (reason: unknown): boolean =>
  reason instanceof CancelledError || reason instanceof LeaseLostError;
