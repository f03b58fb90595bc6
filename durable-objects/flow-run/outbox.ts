/**
 * What a flow run tells the rest of the service: its index row, with the ids of its task runs, and its events.
 *
 * FO2  Telling is repeated until it is heard. What was not heard when the object was forgotten is told again by its alarm, or by
 *      the sweep over index rows of runs that have not ended.
 *
 * A run that begins, pauses, ends or is deleted tells it at once; what happens between is gathered for a moment.
 */
import type { WireEvent } from "@millrace/contract/events.ts";
import { flowRunStateEvent, runCountAt } from "@millrace/domain/flow-run/events.ts";
import { type ResultArtifact, resultArtifact } from "@millrace/domain/orchestration/result-artifact.ts";
import { isTerminal } from "@millrace/domain/state.ts";
import type { TaskRun } from "@millrace/domain/task-run/run.ts";
import { formatInstant } from "@millrace/domain/time.ts";
import type { Announcement, FlowRunRow } from "../event-hub/rpc.ts";
import { countStates, type Head } from "./head.ts";
import type { Clock, Ledger, Owner, Removed } from "./ledger.ts";
import { flowRunRow } from "./projection.ts";

/** Milliseconds for which changes are gathered that are not urgent. */
const PATIENCE = 200;
/** New task runs after which the row is told again though the run itself has not changed. */
const TASK_RUNS_AT_ONCE = 200;

/** How far was told: a version of the run, and a count of its states. */
interface Mark {
  version: number;
  states: number;
}

/** Something that was told and not heard yet. */
interface Telling {
  mark: Mark;
  heard: boolean;
  /** Resolves when it was heard, or was not. */
  told: Promise<boolean>;
}

/** How the workspace's hub is told: resolves when it has stored what it was told, rejects where it could not. */
export type TellHub = (owner: Owner, announcement: Announcement, urgent: boolean) => Promise<void>;

export class Outbox {
  readonly #ledger: Ledger;
  readonly #clock: Clock;
  readonly #tellHub: TellHub;
  /** Called when something was not heard: it is to be told again later, even if the object is forgotten meanwhile. */
  readonly #onUnheard: () => void;
  /** Task runs that changed and were not told of. */
  #located = new Set<string>();
  /** What is told or on its way; undefined until the head was read, and after something was not heard. */
  #sent: Mark | undefined;
  /** Tellings on their way, in order. What was heard counts only once all before it was heard too. */
  #underWay: Telling[] = [];
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(ledger: Ledger, clock: Clock, tellHub: TellHub, onUnheard: () => void) {
    this.#ledger = ledger;
    this.#clock = clock;
    this.#tellHub = tellHub;
    this.#onUnheard = onUnheard;
  }

  /** Takes note of task runs that changed. */
  noteTaskRuns(taskRuns: readonly TaskRun[]): void {
    for (const { id } of taskRuns) this.#located.add(id);
  }

  /** Tells what is new: at once where the run has ended or waits for people, otherwise after a moment. */
  soon(): void {
    const head = this.#ledger.head;
    if (!head) return;
    const awaited = (isOver(head) || isPaused(head)) && head.version > this.#mark(head).version;
    if (awaited) void this.tell(true);
    // A timer that rings for nothing costs less than one that is taken back.
    else this.#timer ??= setTimeout(() => this.#ring(), PATIENCE);
  }

  /**
   * The run as it now is, for somebody who tells of it in the run's stead; should that fail, `retell` is to be called. A run that
   * begins is told of by whoever began it, so that this one waits no longer than it must. One that is over tells of itself too.
   */
  announcement(): Announcement | null {
    const head = this.#ledger.head;
    if (!head) return null;
    if (!isOver(head)) this.#sent = { version: head.version, states: this.#mark(head).states };
    return { run: this.#row(head), events: this.#eventsBeside(head) };
  }

  /** Tells that a task run was made, and resolves when it can be found by its id, whoever forgets what. */
  async tellTaskRun({ id }: TaskRun): Promise<void> {
    const head = this.#ledger.head;
    if (!head) return;
    const located = { flowRun: head.run.id, taskRuns: [id] };
    await this.#announce(head, { run: this.#row(head), located, events: this.#eventsBeside(head) }, true);
  }

  /** Tells all that is new. True when it was heard; otherwise it will be told again. */
  async tell(urgent: boolean): Promise<boolean> {
    const head = this.#ledger.head;
    if (!head) return true;
    const before = this.#mark(head);
    const mark: Mark = { version: head.version, states: countStates(head) };
    const located = [...this.#located];
    if (mark.version === before.version && mark.states === before.states && located.length === 0) return true;
    // The telling of an end says all that is not known to be heard: once its row is there, nobody looks for the rest.
    const from = isOver(head) ? Math.min(before.states, head.toldStates) : before.states;
    const announcement: Announcement = { events: this.#events(head, from) };
    const artifacts = this.#artifacts(head, from);
    if (artifacts.length > 0) announcement.artifacts = artifacts;
    if (mark.version > before.version || located.length >= TASK_RUNS_AT_ONCE) announcement.run = this.#row(head);
    if (located.length > 0) announcement.located = { flowRun: head.run.id, taskRuns: located };
    // A row that somebody else tells is not heard of here.
    const heardOf = announcement.run ? mark : { ...mark, version: head.told };
    const telling: Telling = { mark: heardOf, heard: false, told: this.#announce(head, announcement, urgent) };
    this.#sent = mark;
    this.#underWay.push(telling);
    this.#located.clear();
    const heard = await telling.told;
    if (heard) this.#hear(telling);
    else this.#missed(located);
    return heard;
  }

  /** Tells of the deletion of a run. Rejects where the hub is away. */
  async tellRemoved({ workspace, shard, id, created }: Removed): Promise<void> {
    await this.#tellHub({ workspace, shard }, { removed: { id, created }, events: [] }, true);
  }

  /** True while nothing waits to be told or heard. */
  isQuiet(): boolean {
    const head = this.#ledger.head;
    if (this.#underWay.length > 0 || this.#located.size > 0) return false;
    return head === null || head.version <= this.#mark(head).version;
  }

  /** Forgets what was heard of the run, so that all of it is told anew. */
  retell(): void {
    this.#underWay = [];
    this.#sent = { version: 0, states: this.#ledger.head?.toldStates ?? 0 };
  }

  #ring(): void {
    this.#timer = null;
    void this.tell(false);
  }

  /** Remembers how far everything was heard, without a gap. */
  #hear(telling: Telling): void {
    telling.heard = true;
    while (this.#underWay[0]?.heard) {
      const { mark } = this.#underWay.shift() as Telling;
      this.#ledger.told(mark.version, mark.states);
    }
  }

  /** Something was not heard: what was told after it is told again too, so that nothing is left out. */
  #missed(located: readonly string[]): void {
    this.#sent = undefined;
    this.#underWay = [];
    for (const id of located) this.#located.add(id);
  }

  async #announce({ workspace, shard }: Head, announcement: Announcement, urgent: boolean): Promise<boolean> {
    try {
      await this.#tellHub({ workspace, shard }, announcement, urgent);
      return true;
    } catch {
      this.#onUnheard();
      return false;
    }
  }

  #mark(head: Head): Mark {
    this.#sent ??= { version: head.told, states: head.toldStates };
    return this.#sent;
  }

  #row(head: Head): FlowRunRow {
    return flowRunRow(head, this.#ledger.taskRuns.ids());
  }

  /**
   * The events that a row brings along which is told for another reason: where it shows an end, all that is not known to be heard.
   * Once such a row is there, nobody looks for the rest.
   */
  #eventsBeside(head: Head): WireEvent[] {
    return isOver(head) ? this.#events(head, head.toldStates) : [];
  }

  /** The stored results of the states that were entered since `from` states were told of. */
  #artifacts({ run, states, earlier = 0 }: Head, from: number): ResultArtifact[] {
    const of = { flowRunId: run.id, taskRunId: null };
    return states.slice(from - earlier).flatMap((state) => resultArtifact(state, of) ?? []);
  }

  /** The events of the states that were entered since `from` states were told of. */
  #events(head: Head, from: number): WireEvent[] {
    const received = formatInstant(this.#clock.now());
    const first = from - (head.earlier ?? 0);
    return head.states.slice(first).map((state, at) => {
      const before = head.states[first + at - 1] ?? null;
      const runCount = runCountAt(head.run.runCount, head.states, first + at);
      const event = flowRunStateEvent({ ...head.run, runCount, state }, before, head.surroundings);
      return { ...(event as unknown as WireEvent), received };
    });
  }
}

const isPaused = ({ run }: Head): boolean => run.state?.type === "PAUSED";
const isOver = ({ run }: Head): boolean => run.state !== null && isTerminal(run.state.type);
