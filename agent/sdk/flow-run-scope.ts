/** One attempt of one flow run, as its tasks see it: who it is, what was started in it, and where values came from. */
import { Checkpoints } from "./checkpoints.ts";
import { type Future, futuresIn, isCollection } from "./future.ts";
import type { RunInfo } from "./run-info.ts";
import type { RunSession } from "./run-session.ts";
import { Slots } from "./slots.ts";

export class FlowRunScope {
  readonly session: RunSession;
  readonly run: RunInfo;
  readonly logPrints: boolean;
  /** Aborted when this attempt ends early, and when it has ended: nothing of it goes on after it. */
  readonly signal: AbortSignal;
  readonly slots: Slots;
  readonly checkpoints: Checkpoints;
  /** Whether tasks that do not say so themselves keep their results. */
  readonly keepsResults: boolean;
  readonly #calls = new Map<string, number>();
  readonly #futures = new Set<Future<unknown>>();
  /** Which task run an object came from, so that a later task's inputs can say so. */
  readonly #origins = new WeakMap<object, string>();

  constructor(options: {
    session: RunSession;
    run: RunInfo;
    logPrints: boolean;
    signal: AbortSignal;
    concurrentTasks: number;
    keepsResults: boolean;
  }) {
    this.session = options.session;
    this.run = options.run;
    this.logPrints = options.logPrints;
    this.signal = options.signal;
    this.slots = new Slots(options.concurrentTasks);
    this.checkpoints = new Checkpoints(options.session.api, options.run.id);
    this.keepsResults = options.keepsResults;
  }

  /** Numbers the calls of one task, in the order in which they are made. */
  nextCall(taskKey: string): number {
    const count = this.#calls.get(taskKey) ?? 0;
    this.#calls.set(taskKey, count + 1);
    return count;
  }

  track<T>(future: Future<T>): Future<T> {
    this.#futures.add(future);
    return future;
  }

  /** Everything that was started in this attempt so far has settled, and what settling started as well. */
  async allSettled(): Promise<void> {
    for (let known = -1; known !== this.#futures.size; ) {
      known = this.#futures.size;
      await Promise.all([...this.#futures].map((future) => future.settled()));
    }
  }

  /** The futures that failed without anybody having asked for their outcome. */
  async unseenFailures(): Promise<{ future: Future<unknown>; reason: unknown }[]> {
    const failures: { future: Future<unknown>; reason: unknown }[] = [];
    for (const future of this.#futures) {
      if (future.observed) continue;
      const outcome = await future.settled();
      if (outcome.status === "rejected") failures.push({ future, reason: outcome.reason });
    }
    return failures;
  }

  /** Remembers that `value` is the result of a task run. Only objects can be told apart. */
  noteOrigin(value: unknown, taskRunId: string): void {
    if (typeof value === "object" && value !== null) this.#origins.set(value, taskRunId);
  }

  /** Ids of the task runs that `value` waits for or came from. */
  originsOf(value: unknown): string[] {
    const ids = new Set<string>();
    for (const future of futuresIn(value)) ids.add(future.taskRun.id);
    this.#collectOrigins(value, ids, 2);
    return [...ids];
  }

  #collectOrigins(value: unknown, ids: Set<string>, depth: number): void {
    if (typeof value !== "object" || value === null) return;
    const id = this.#origins.get(value);
    if (id) ids.add(id);
    else if (depth > 0 && isCollection(value)) {
      for (const item of Array.isArray(value) ? value : Object.values(value))
        this.#collectOrigins(item, ids, depth - 1);
    }
  }
}
