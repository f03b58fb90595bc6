/**
 * The task runs of one flow run: one row each (kit/task-run-rows.ts), all of them in memory while the object lives.
 *
 * FO6  Events that come together are stored together: each task run that they touch is written once.
 */

import type { State } from "@millrace/domain/state.ts";
import { movedOn, statesOf, type TaskRunRecord, withEarlier } from "@millrace/domain/task-run/history.ts";
import { recordTaskRunEvent, taskRunTarget } from "@millrace/domain/task-run/record.ts";
import type { TaskRun } from "@millrace/domain/task-run/run.ts";
import type { Usual } from "@millrace/domain/task-run/stored.ts";
import type { Instant } from "@millrace/domain/time.ts";
import type { Store } from "../kit/store.ts";
import { TaskRunRows } from "../kit/task-run-rows.ts";

export class TaskRuns {
  readonly #rows: TaskRunRows;
  #all: Map<string, TaskRunRecord> | null = null;
  /** Ids by what names a task run within its flow run, whatever id an event gives it. */
  #byKey = new Map<string, string>();

  constructor(store: Store, usual: () => Usual) {
    this.#rows = new TaskRunRows(store, usual);
  }

  /** All task runs, without large data of their states: see `whole`. */
  all(): TaskRun[] {
    return [...this.#load().values()].map(({ run }) => run);
  }

  ids(): string[] {
    return [...this.#load().keys()];
  }

  get count(): number {
    return this.#load().size;
  }

  /** Says that nothing is stored yet, which a run that has just begun knows without looking. */
  begin(): void {
    this.#all = new Map();
  }

  get(id: string): TaskRun | null {
    const run = this.#load().get(id)?.run;
    return run ? this.#rows.whole(run) : null;
  }

  /** The task run with all the data of its state. */
  whole(run: TaskRun): TaskRun {
    return this.#rows.whole(run);
  }

  /** The states of a task run, oldest first. */
  states(id: string): State[] | null {
    const record = this.#load().get(id);
    return record ? statesOf(record).map((state) => this.#rows.wholeState(state)) : null;
  }

  /** A state of one of the task runs. */
  state(id: string): State | null {
    for (const record of this.#load().values()) {
      const state = statesOf(record).find((one) => one.id === id);
      if (state) return this.#rows.wholeState(state);
    }
    return null;
  }

  /** Records events in the order given; answers the task runs that changed. Must stand in a transaction. */
  record(events: readonly unknown[], now: Instant): TaskRun[] {
    const touched = new Map<string, TaskRunRecord>();
    const changed = new Set<string>();
    for (const event of events) {
      const target = taskRunTarget(event);
      if (target === null) continue;
      const known = this.#known(target.taskRunId, target.taskKey, target.dynamicKey);
      const recording = recordTaskRunEvent(known?.run ?? null, event, now);
      const next =
        recording.kind === "recorded"
          ? movedOn(known ?? { run: recording.taskRun, past: [] }, recording.taskRun)
          : recording.kind === "late" && known
            ? withEarlier(known, recording.state)
            : known;
      if (!next || next === known) continue;
      this.#remember(next);
      touched.set(next.run.id, next);
      if (recording.kind === "recorded") changed.add(next.run.id);
    }
    const kept = [...touched.values()].map((record) => this.#write(record));
    return kept.flatMap((record) => (record && changed.has(record.run.id) ? [record.run] : []));
  }

  /** The task run that an id, or a task key and dynamic key, name. */
  find(id: string | null, taskKey: string | null, dynamicKey: string | null): TaskRun | null {
    return this.#known(id ?? "", taskKey, dynamicKey)?.run ?? null;
  }

  /** Stores one task run, whose state may be a new one; false where no row can hold it. Must stand in a transaction. */
  put(taskRun: TaskRun): boolean {
    const known = this.#load().get(taskRun.id);
    return this.#write(movedOn(known ?? { run: taskRun, past: [] }, taskRun)) !== null;
  }

  /** Must stand in a transaction. */
  remove(id: string): void {
    const record = this.#load().get(id);
    if (!record) return;
    this.#rows.remove(record);
    this.#all?.delete(id);
    this.#byKey.delete(keyOf(record.run));
  }

  /** Drops what is only in memory, after a transaction that failed. */
  forget(): void {
    this.#all = null;
    this.#byKey.clear();
  }

  #known(id: string, taskKey: string | null, dynamicKey: string | null): TaskRunRecord | null {
    const all = this.#load();
    const direct = all.get(id);
    if (direct || taskKey === null || dynamicKey === null) return direct ?? null;
    return all.get(this.#byKey.get(keyOf({ taskKey, dynamicKey })) ?? "") ?? null;
  }

  #load(): Map<string, TaskRunRecord> {
    if (this.#all) return this.#all;
    this.#all = new Map();
    for (const record of this.#rows.all()) this.#remember(record);
    return this.#all;
  }

  #remember(record: TaskRunRecord): void {
    this.#all?.set(record.run.id, record);
    this.#byKey.set(keyOf(record.run), record.run.id);
  }

  /** What no row can hold is forgotten again. */
  #write(record: TaskRunRecord): TaskRunRecord | null {
    const kept = this.#rows.put(record);
    if (kept) this.#remember(kept);
    else {
      const before = this.#rows.get(record.run.id);
      if (before) this.#remember(before);
      else {
        this.#all?.delete(record.run.id);
        this.#byKey.delete(keyOf(record.run));
      }
    }
    return kept;
  }
}

const keyOf = ({ taskKey, dynamicKey }: Pick<TaskRun, "taskKey" | "dynamicKey">): string =>
  `${taskKey}\u0000${dynamicKey}`;
