/**
 * The task runs of one flow run: one row each.
 *
 * FO6  Events that come together are stored together: each task run that they touch is written once.
 */

import { type Recording, recordTaskRunEvent, taskRunTarget } from "@millrace/domain/task-run/record.ts";
import type { TaskRun } from "@millrace/domain/task-run/run.ts";
import type { Instant } from "@millrace/domain/time.ts";
import type { Store } from "../kit/store.ts";

const PREFIX = "task/";

export class TaskRuns {
  readonly #store: Store;
  #all: Map<string, TaskRun> | null = null;
  /** Ids by what names a task run within its flow run, whatever id an event gives it. */
  #byKey = new Map<string, string>();

  constructor(store: Store) {
    this.#store = store;
  }

  all(): TaskRun[] {
    return [...this.#load().values()];
  }

  ids(): string[] {
    return [...this.#load().keys()];
  }

  /** Says that nothing is stored yet, which a run that has just begun knows without looking. */
  begin(): void {
    this.#all = new Map();
  }

  get(id: string): TaskRun | null {
    return this.#load().get(id) ?? null;
  }

  /** Records events in the order given; answers the task runs that changed. Must stand in a transaction. */
  record(events: readonly unknown[], now: Instant): TaskRun[] {
    const changed = new Map<string, TaskRun>();
    for (const event of events) {
      const target = taskRunTarget(event);
      if (target === null) continue;
      const known = this.#known(target.taskRunId, target.taskKey, target.dynamicKey);
      const recording: Recording = recordTaskRunEvent(known, event, now);
      if (recording.kind !== "recorded") continue;
      this.#remember(recording.taskRun);
      changed.set(recording.taskRun.id, recording.taskRun);
    }
    for (const taskRun of changed.values()) this.#write(taskRun);
    return [...changed.values()];
  }

  /** The task run that an id, or a task key and dynamic key, name. */
  find(id: string | null, taskKey: string | null, dynamicKey: string | null): TaskRun | null {
    return this.#known(id ?? "", taskKey, dynamicKey);
  }

  /** Stores one task run. Must stand in a transaction. */
  put(taskRun: TaskRun): void {
    this.#remember(taskRun);
    this.#write(taskRun);
  }

  /** Drops what is only in memory, after a transaction that failed. */
  forget(): void {
    this.#all = null;
    this.#byKey.clear();
  }

  #known(id: string, taskKey: string | null, dynamicKey: string | null): TaskRun | null {
    const all = this.#load();
    const direct = all.get(id);
    if (direct || taskKey === null || dynamicKey === null) return direct ?? null;
    return all.get(this.#byKey.get(keyOf(taskKey, dynamicKey)) ?? "") ?? null;
  }

  #load(): Map<string, TaskRun> {
    if (this.#all) return this.#all;
    this.#all = new Map();
    for (const [, value] of this.#store.list(PREFIX)) this.#remember(JSON.parse(value) as TaskRun);
    return this.#all;
  }

  #remember(taskRun: TaskRun): void {
    this.#all?.set(taskRun.id, taskRun);
    this.#byKey.set(keyOf(taskRun.taskKey, taskRun.dynamicKey), taskRun.id);
  }

  #write(taskRun: TaskRun): void {
    this.#store.put(PREFIX + taskRun.id, JSON.stringify(taskRun));
  }
}

const keyOf = (taskKey: string, dynamicKey: string): string => `${taskKey}\u0000${dynamicKey}`;
