/**
 * The task runs of a workspace that belong to no flow run, over a store and a clock; and, among them, those that wait for a worker.
 *
 * BT1  Every call reads, decides in domain/ and commits in one transaction.
 * BT2  A scheduled background task waits until a worker has acknowledged it, or it is no longer SCHEDULED.
 * BT3  What waits for a retry, or was handed to a worker that left without a word, goes before the rest; within each, the order is
 *      that of waiting.
 */
import type { LogFilter } from "@millrace/domain/filter/logs.ts";
import { type LogSort, logOrder } from "@millrace/domain/filter/order.ts";
import type { Log } from "@millrace/domain/log.ts";
import type { Problem } from "@millrace/domain/problem.ts";
import { newState, type State, type StateInput } from "@millrace/domain/state.ts";
import { type NewTaskRun, newTaskRun } from "@millrace/domain/task-run/create.ts";
import { decideTaskRun, type TaskVerdict } from "@millrace/domain/task-run/decide.ts";
import { movedOn, statesOf, type TaskRunRecord, withEarlier } from "@millrace/domain/task-run/history.ts";
import { type TaskNeeds, taskNeeds } from "@millrace/domain/task-run/needs.ts";
import { policyForTaskRun } from "@millrace/domain/task-run/policy.ts";
import { recordTaskRunEvent, taskRunTarget } from "@millrace/domain/task-run/record.ts";
import { NO_FACTS } from "@millrace/domain/task-run/rule.ts";
import type { TaskRun } from "@millrace/domain/task-run/run.ts";
import type { Instant } from "@millrace/domain/time.ts";
import { type Line, Logs } from "../kit/logs.ts";
import type { Store } from "../kit/store.ts";
import { TaskRunRows } from "../kit/task-run-rows.ts";
import type { GatheredFacts } from "../task-facts.ts";
import { type Place, WaitingLine } from "./waiting-line.ts";

export interface Clock {
  now(): Instant;
  newId(): string;
}

export type NewBackgroundTask = NewTaskRun & { id: string | null; offeredName: string };

const KEY = "key/";
const LOG = "log/";
/** Background tasks of one key that may wait for a worker. */
const MOST_WAITING = 10_000;
/** Seconds after which it is worth to try again where too many wait. */
const RETRY_AFTER = 10;
const TOO_LARGE: Problem = { code: "too_large", what: "task run", limit: 450_000, unit: "characters" };

export class Desk {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #rows: TaskRunRows;
  readonly line: WaitingLine;

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
    this.#rows = new TaskRunRows(store, () => ({ flowRunId: null }));
    this.line = new WaitingLine(store);
  }

  /** Makes a task run; answers the one that has its id or its keys. */
  create(input: NewBackgroundTask): { kind: "created" | "existing"; taskRun: TaskRun } | Problem {
    const { id, offeredName, ...rest } = input;
    const known = this.#find(id, input.taskKey, input.dynamicKey);
    if (known) return { kind: "existing", taskRun: this.#rows.whole(known.run) };
    if (waits(input.state) && this.line.length(input.taskKey) >= MOST_WAITING) {
      return {
        code: "too_many",
        what: "background tasks of this key wait",
        limit: MOST_WAITING,
        retryAfter: RETRY_AFTER,
      };
    }
    const { newId } = this.#clock;
    const now = this.#clock.now();
    const taskRun = newTaskRun(rest, { id: id ?? newId(), name: offeredName, now, newId });
    const asked = waits(taskRun.state) ? { retry: taskRun.state?.name === "AwaitingRetry" } : undefined;
    return this.#keep({ run: taskRun, past: [] }, asked) ? { kind: "created", taskRun } : TOO_LARGE;
  }

  /** Records events of clients that orchestrate their tasks themselves, in the order given. */
  record(events: readonly unknown[]): void {
    const now = this.#clock.now();
    for (const event of events) {
      const target = taskRunTarget(event);
      if (target?.flowRunId !== null) continue;
      const known = this.#find(target.taskRunId, target.taskKey, target.dynamicKey);
      const recording = recordTaskRunEvent(known?.run ?? null, event, now);
      if (recording.kind === "late" && known) this.#keep(withEarlier(known, recording.state));
      if (recording.kind !== "recorded") continue;
      // An event tells of what its sender does with a task run: only one made or moved over the API waits for somebody else.
      this.#keep(movedOn(known ?? { run: recording.taskRun, past: [] }, recording.taskRun));
    }
  }

  /** What a proposed state needs of others; null where that is nothing. */
  needs(id: string, proposed: StateInput, how: { force: boolean }): TaskNeeds | null {
    const record = this.#rows.get(id);
    if (!record) return null;
    const needs = taskNeeds(record.run, newState(proposed, { id: "", now: this.#clock.now() }), how);
    return needs.cacheKey === null && needs.tags.length === 0 ? null : needs;
  }

  /** Judges a proposed state, and enters what the rules put in place. */
  propose(
    id: string,
    proposed: StateInput,
    { force, gathered }: { force: boolean; gathered: GatheredFacts },
  ): { verdict: TaskVerdict; known: TaskRun } | null | Problem {
    const record = this.#rows.get(id);
    if (!record) return null;
    const now = this.#clock.now();
    const { newId } = this.#clock;
    const to = newState(proposed, { id: newId(), now });
    const known = this.#rows.whole(record.run);
    const facts = { ...NO_FACTS, ...gathered, chance: Math.random() };
    const verdict = decideTaskRun(policyForTaskRun(to, { force }), { run: known, to, now, newId, facts });
    if ((verdict.kind === "accept" || verdict.kind === "reject") && verdict.changed) {
      const asked = verdict.effects.find((effect) => effect.kind === "enqueue");
      if (!this.#keep(movedOn(record, verdict.run), asked)) return TOO_LARGE;
    }
    return { verdict, known };
  }

  rename(id: string, name: string): boolean {
    const known = this.#rows.get(id);
    return known !== null && this.#keep({ ...known, run: { ...known.run, name, updated: this.#clock.now() } });
  }

  remove(id: string): boolean {
    const known = this.#rows.get(id);
    if (!known) return false;
    this.#store.transaction(() => {
      this.#rows.remove(known);
      this.#store.delete(keyOf(known.run.taskKey, known.run.dynamicKey));
      this.line.leave(id);
      this.#logs(id).clear();
    });
    return true;
  }

  get(id: string): TaskRun | null {
    const record = this.#rows.get(id);
    return record && this.#rows.whole(record.run);
  }

  states(id: string): State[] | null {
    const record = this.#rows.get(id);
    return record && statesOf(record).map((state) => this.#rows.wholeState(state));
  }

  state(id: string): State | null {
    for (const record of this.#rows.all()) {
      const state = statesOf(record).find((one) => one.id === id);
      if (state) return this.#rows.wholeState(state);
    }
    return null;
  }

  /** All task runs, without large data of their states. */
  *all(): Iterable<TaskRun> {
    for (const { run } of this.#rows.all()) yield run;
  }

  /** Stores lines of a task run; none where it is not there. */
  appendLogs(lines: readonly (Line & { taskRunId: string })[]): void {
    for (const [id, some] of Map.groupBy(lines, ({ taskRunId }) => taskRunId)) {
      if (!this.#rows.get(id)) continue;
      this.#store.transaction(() => void this.#logs(id).append(null, some, this.#clock.newId));
    }
  }

  /** The lines of these task runs that a filter means, sorted and cut. */
  logs(ids: readonly string[], query: { filter: LogFilter; sort: LogSort; limit: number }): Log[] {
    const lines = ids.flatMap((id) => this.#logs(id).read(null, { ...query, offset: 0 }));
    return lines.sort(logOrder(query.sort)).slice(0, query.limit);
  }

  /** What waits longest for a worker with these keys, of those not handed to one already. */
  next(keys: readonly string[], isOut: (id: string) => boolean): { place: Place; taskRun: TaskRun } | null {
    for (const place of this.line.places(keys)) {
      if (isOut(place.id)) continue;
      const taskRun = this.get(place.id);
      if (taskRun) return { place, taskRun };
    }
    return null;
  }

  /** A worker has the task run: it waits no longer. */
  taken(id: string): void {
    this.#store.transaction(() => this.line.leave(id));
  }

  /** A worker that was handed the task run left without a word. */
  returned(id: string): void {
    this.#store.transaction(() => this.line.moveUp(id));
  }

  #logs = (id: string): Logs => new Logs(this.#store, `${LOG}${id}/`);

  #find(id: string | null, taskKey: string | null, dynamicKey: string | null): TaskRunRecord | null {
    const direct = id === null ? null : this.#rows.get(id);
    if (direct || taskKey === null || dynamicKey === null) return direct;
    const named = this.#store.get(keyOf(taskKey, dynamicKey));
    return named === null ? null : this.#rows.get(named);
  }

  /** Keeps a record, and its place among those that wait: `asked` gives it one. False where no row can hold it. */
  #keep(record: TaskRunRecord, asked?: { retry: boolean }): boolean {
    const { run } = record;
    return this.#store.transaction(() => {
      if (this.#rows.put(record) === null) return false;
      const key = keyOf(run.taskKey, run.dynamicKey);
      if (this.#store.get(key) === null) this.#store.put(key, run.id);
      if (run.state?.type !== "SCHEDULED") this.line.leave(run.id);
      else if (asked) this.line.join(run, { retry: asked.retry, now: this.#clock.now() });
      return true;
    });
  }
}

const keyOf = (taskKey: string, dynamicKey: string): string => `${KEY}${taskKey}\u0000${dynamicKey}`;

/** Whether a task run in this state is for a worker to run: others are run by whoever made them. */
const waits = (state: Pick<StateInput, "type" | "details"> | null | undefined): boolean =>
  state?.type === "SCHEDULED" && state.details?.deferred === true;
