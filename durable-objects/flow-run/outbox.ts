/**
 * What a flow run tells the rest of the service: its index row, its ended task runs, its events.
 *
 * FO2  Telling is repeated until it is heard. What was not heard when the object was forgotten is told again by its alarm, or by
 *      the sweep over index rows of runs that have not ended.
 *
 * A run that begins, ends or is deleted tells it at once; what happens between is gathered for a moment.
 */
import type { WireEvent } from "@millrace/contract/events.ts";
import { flowRunStateEvent } from "@millrace/domain/flow-run/events.ts";
import { isTerminal } from "@millrace/domain/state.ts";
import type { TaskRun } from "@millrace/domain/task-run/run.ts";
import { formatInstant } from "@millrace/domain/time.ts";
import type { Announcement } from "../event-hub/rpc.ts";
import type { Head } from "./head.ts";
import type { Clock, Ledger, Owner } from "./ledger.ts";
import { flowRunRow, taskRunsRow } from "./projection.ts";
import { hasEnded } from "./task-runs.ts";

/** Milliseconds for which changes are gathered that are not urgent. */
const PATIENCE = 100;
/** Milliseconds after which the hub counts as away. A create must not wait for it for ever. */
const DEADLINE = 3_000;
/** Ended task runs that are told of before their run has ended: those of a long run must be found too. */
const TASK_RUNS_AT_ONCE = 200;

/** How far was told: a version of the run, and a count of its states. */
interface Mark {
  version: number;
  states: number;
}

/** How the workspace's hub is told; resolves when it has stored what it was told. */
export type TellHub = (owner: Owner, announcement: Announcement, urgent: boolean) => Promise<void>;

export class Outbox {
  readonly #ledger: Ledger;
  readonly #clock: Clock;
  readonly #tellHub: TellHub;
  /** Task runs that have ended and were not told of. */
  #ended = new Map<string, TaskRun>();
  /** Task runs that the hub should know the whereabouts of. */
  #located = new Set<string>();
  /** What is told or on its way; undefined until the head was read. */
  #sent: Mark | undefined;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(ledger: Ledger, clock: Clock, tellHub: TellHub) {
    this.#ledger = ledger;
    this.#clock = clock;
    this.#tellHub = tellHub;
  }

  /** Takes note of task runs that changed. */
  noteTaskRuns(taskRuns: readonly TaskRun[]): void {
    for (const taskRun of taskRuns) {
      this.#located.add(taskRun.id);
      if (hasEnded(taskRun)) this.#ended.set(taskRun.id, taskRun);
      else this.#ended.delete(taskRun.id);
    }
  }

  /** Tells what is new: at once where the run has ended, otherwise after a moment. */
  soon(): void {
    const head = this.#ledger.head;
    if (!head) return;
    const ended = isOver(head) && head.version > this.#mark(head).version;
    if (ended || this.#ended.size >= TASK_RUNS_AT_ONCE) void this.tell(true);
    else this.#timer ??= setTimeout(() => void this.tell(false), PATIENCE);
  }

  /** Tells the index row alone, for a caller who waits to be found in lists; the events follow with the rest. */
  async tellRow(): Promise<void> {
    const head = this.#ledger.head;
    if (head) await this.#announce(head, { run: flowRunRow(head, this.#clock.now()), events: [] }, true);
  }

  /** Tells all that is new. True when it was heard; otherwise it will be told again. */
  async tell(urgent: boolean): Promise<boolean> {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    const head = this.#ledger.head;
    if (!head) return true;
    const before = this.#mark(head);
    const mark: Mark = { version: head.version, states: head.states.length };
    const taskRuns = this.#takeEnded(head);
    const located = [...this.#located];
    if (mark.version === before.version && taskRuns.length === 0 && located.length === 0) return true;
    const now = this.#clock.now();
    const announcement: Announcement = { events: this.#events(head, before.states) };
    if (mark.version > before.version) announcement.run = flowRunRow(head, now);
    if (taskRuns.length > 0) announcement.taskRuns = taskRunsRow(head.run.id, taskRuns, now);
    if (located.length > 0) announcement.located = { flowRun: head.run.id, taskRuns: located };
    this.#sent = mark;
    this.#located.clear();
    if (await this.#announce(head, announcement, urgent)) {
      this.#ledger.told(mark.version, mark.states);
      return true;
    }
    this.#sent = undefined;
    for (const taskRun of taskRuns) if (!this.#ended.has(taskRun.id)) this.#ended.set(taskRun.id, taskRun);
    for (const id of located) this.#located.add(id);
    return false;
  }

  /** Tells of the deletion of a run, which no longer has a head. */
  async tellRemoved({ workspace, shard }: Owner, run: string): Promise<void> {
    await withDeadline(this.#tellHub({ workspace, shard }, { removed: run, events: [] }, true));
  }

  /** True while nothing waits to be told. */
  isQuiet(): boolean {
    const head = this.#ledger.head;
    return (
      this.#timer === null && this.#ended.size === 0 && (head === null || head.version <= this.#mark(head).version)
    );
  }

  /** Forgets what was heard, so that all is told anew. */
  retell(taskRuns: readonly TaskRun[]): void {
    this.#sent = { version: 0, states: this.#ledger.head?.toldStates ?? 0 };
    this.noteTaskRuns(taskRuns);
  }

  async #announce({ workspace, shard }: Head, announcement: Announcement, urgent: boolean): Promise<boolean> {
    try {
      await withDeadline(this.#tellHub({ workspace, shard }, announcement, urgent));
      return true;
    } catch {
      this.#ledger.tellLater();
      return false;
    }
  }

  #mark(head: Head): Mark {
    this.#sent ??= { version: head.told, states: head.toldStates };
    return this.#sent;
  }

  /** The ended task runs whose time has come: a run's go with its end, in one row. */
  #takeEnded(head: Head): TaskRun[] {
    if (!isOver(head) && this.#ended.size < TASK_RUNS_AT_ONCE) return [];
    const taken = [...this.#ended.values()];
    this.#ended.clear();
    return taken;
  }

  /** The events of the states that were entered since `from` states were told of. */
  #events(head: Head, from: number): WireEvent[] {
    const received = formatInstant(this.#clock.now());
    return head.states.slice(from).map((state, at) => {
      const before = head.states[from + at - 1] ?? null;
      const event = flowRunStateEvent({ ...head.run, state }, before, head.surroundings);
      return { ...(event as unknown as WireEvent), received };
    });
  }
}

const isOver = ({ run }: Head): boolean => run.state !== null && isTerminal(run.state.type);

/** Rejects where the other side does not answer in time; its late answer is then of no interest. */
function withDeadline(call: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout>;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("the event hub does not answer")), DEADLINE);
  });
  return Promise.race([call, deadline]).finally(() => clearTimeout(timer));
}
