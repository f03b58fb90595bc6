/**
 * What one flow run is, and how a change of it is committed: the head, the rows beside it, and what the world has to hear or do
 * afterwards. The calls about it stand in files of their own, each over this ledger: lifecycle.ts, claims.ts, waking.ts, tasks.ts,
 * records.ts. None of them knows the network; the simulation of test/faults drives them as they are.
 *
 * FO1  Every call reads, decides in domain/, and commits in one transaction.
 * FO2  What others must learn is remembered as `version > told` in the head, and told after the commit, as often as it takes.
 * FO4  Another workspace than the owner's gets the answer for a run that does not exist.
 */
import { type Alarms, clearAlarms, setAlarm } from "@millrace/domain/alarms.ts";
import { answeredAt, liveNodes, type Receipt } from "@millrace/domain/flow-run/cancellation.ts";
import { waitsInProcess } from "@millrace/domain/flow-run/claim.ts";
import { type Effect, NO_FACTS } from "@millrace/domain/flow-run/rule.ts";
import { mayHoldSlot, releaseSlot } from "@millrace/domain/flow-run/rules/release-slot.ts";
import type { FlowRun } from "@millrace/domain/flow-run/run.ts";
import { TIMERS, timersOf } from "@millrace/domain/flow-run/timers.ts";
import type { Problem } from "@millrace/domain/problem.ts";
import { isTerminal, type State } from "@millrace/domain/state.ts";
import type { TaskRun } from "@millrace/domain/task-run/run.ts";
import { type Instant, plusSeconds } from "@millrace/domain/time.ts";
import { Logs } from "../kit/logs.ts";
import type { Store } from "../kit/store.ts";
import { notFound, type Reporter, refusal } from "./admission.ts";
import { Checkpoints } from "./checkpoints.ts";
import { type Duty, dutyOf } from "./duties.ts";
import { allStates, type Head, readHead, writeHead } from "./head.ts";
import { Heartbeats } from "./heartbeats.ts";
import { Inputs } from "./inputs.ts";
import { cancelNodes, LATE_NODES_SECONDS, lateNodes, REASK_SECONDS } from "./nodes.ts";
import { TaskRuns } from "./task-runs.ts";

/** Who owns a run, and where its workspace's index is. */
export interface Owner {
  workspace: string;
  shard: number;
}

export interface Clock {
  now(): Instant;
  newId(): string;
}

/** A run that was deleted. */
export interface Removed extends Owner {
  id: string;
  /** When it had begun: another run may begin under the same id, by an idempotency key. */
  created: Instant;
  /** Leases of slots that it had, or had left, and that are not known to be given back. */
  leases: readonly string[];
  /** Task runs that may have slots of their tags' limits. */
  holders: readonly Pick<TaskRun, "id" | "tags">[];
}

/** How the infrastructure of a run that an agent has is called. */
export const AGENT = "agent:";
const REMOVED = "removed";
/** Seconds after which a slot that could not be given back is given back again. */
export const REFREE_SECONDS = 10;
/** Seconds after which what could not be told is told again. */
export const RETELL_SECONDS = 5;

interface Saving {
  seen?: boolean;
  /** What came below a cancelled run since it was is cancelled too. */
  late?: boolean;
  effects?: readonly Effect[];
}

/** What follows from the state that a run has entered, whoever brought it there. */
function effectsOf({ states }: Head, run: FlowRun): readonly Effect[] {
  const from = states.at(-1) ?? null;
  if (run.state === null || run.state.id === from?.id) return [];
  return releaseSlot.effects({ run, from, state: run.state, rejected: false, facts: NO_FACTS });
}

const isOver = ({ state }: FlowRun): boolean => state !== null && isTerminal(state.type);

/** Without the alarm that gives slots back, where none is to be given back. */
const withoutNeedless = (head: Head): Head =>
  head.left?.length || head.holding?.length || head.freeing?.length
    ? head
    : { ...head, alarms: clearAlarms(head.alarms, ["free"]) };

/** Nobody executes the run, or will be allowed to say so: what its task runs had is theirs no more. */
const hasNoProcess = ({ run, claim }: Pick<Head, "run" | "claim">): boolean =>
  isOver(run) || (run.state?.type === "SCHEDULED" && claim === null && !waitsInProcess(run));

export class Ledger {
  readonly clock: Clock;
  /** The rows beside the head. What changes them stands in a transaction of `transact`. */
  readonly taskRuns: TaskRuns;
  readonly logs: Logs;
  readonly beats: Heartbeats;
  readonly inputs: Inputs;
  readonly checkpoints: Checkpoints;
  readonly #store: Store;
  readonly #archiveAfter: number | null;
  /** `undefined`: not read yet. */
  #head: Head | null | undefined;
  #duties: Duty[] = [];
  readonly #cancelledTasks: TaskRun[] = [];

  /** `archiveAfter`: seconds after its end when the run is to be packed; null: never. */
  constructor(store: Store, clock: Clock, archiveAfter: number | null = null) {
    this.#store = store;
    this.clock = clock;
    this.#archiveAfter = archiveAfter;
    this.taskRuns = new TaskRuns(store, () => ({ flowRunId: this.head?.run.id ?? null }));
    this.logs = new Logs(store);
    this.beats = new Heartbeats(store);
    this.inputs = new Inputs(store);
    this.checkpoints = new Checkpoints(store);
  }

  /** The head as it stands, whoever owns it; null where there is no run. */
  get head(): Head | null {
    if (this.#head === undefined) this.#head = readHead(this.#store);
    return this.#head;
  }

  /** The head, for its owner. */
  headOf(owner: Owner): Head | null {
    return this.head?.workspace === owner.workspace ? this.head : null;
  }

  /** The head, for a call that may change something: `id` is what its caller takes the run for. */
  admit(owner: Owner, id: string, reporter: Reporter): Head | Problem {
    const head = this.headOf(owner);
    return head ? (refusal(head, reporter) ?? head) : notFound(id);
  }

  states(owner: Owner): State[] | null {
    const head = this.headOf(owner);
    return head && allStates(this.#store, head);
  }

  get alarms(): Alarms {
    return this.head?.alarms ?? {};
  }

  /** Has the object do something after the commit. */
  ask(duty: Duty): void {
    this.#duties.push(duty);
  }

  /** What is to be done since the last call. */
  takeDuties(): Duty[] {
    const duties = this.#duties;
    this.#duties = [];
    return duties;
  }

  /** Task runs that were cancelled with the run since the last call. */
  takeCancelledTasks(): TaskRun[] {
    return this.#cancelledTasks.splice(0);
  }

  /** Forgets the run with all that belongs to it, but for a mark that it was here: see `removed`. */
  clear(owner: Owner, head: Head): void {
    const { workspace, shard } = owner;
    const { run, left = [], holding = [] } = head;
    const { id, created, state } = run;
    const holders = this.#withTagsFreed(head, holding).freeing ?? [];
    const lease = state && mayHoldSlot(state) ? state.details.deploymentConcurrencyLeaseId : null;
    const leases = lease === null ? left : [...left, lease];
    this.transact(() => {
      this.#store.clear();
      this.#store.put(REMOVED, JSON.stringify({ workspace, shard, id, created, leases, holders } satisfies Removed));
    });
    this.#head = null;
    this.#forget();
  }

  /** The run that was here, while lists may still show it. */
  get removed(): Removed | null {
    const removed = this.head ? null : (JSON.parse(this.#store.get(REMOVED) ?? "null") as Removed | null);
    // Marks of earlier releases name no leases, and no holders.
    return removed && { ...removed, leases: removed.leases ?? [], holders: removed.holders ?? [] };
  }

  /** Lists have forgotten the run. */
  buried(): void {
    if (this.removed) this.#store.clear();
  }

  /** Remembers what was heard. It is written with the next change, or lost: telling twice is harmless. */
  told(version: number, states: number): void {
    const head = this.head;
    if (!head) return;
    this.#head = { ...head, told: Math.max(head.told, version), toldStates: Math.max(head.toldStates, states) };
  }

  /** What could not be told is told again later, even if the object is forgotten meanwhile. */
  tellLater(): void {
    const head = this.head;
    if (!head || head.alarms.tell) return;
    const alarms = setAlarm(head.alarms, "tell", plusSeconds(this.clock.now(), RETELL_SECONDS));
    this.transact(() => this.write({ ...head, alarms }));
  }

  /** A slot was given back. It is written with the next change, or lost: giving back twice is harmless. */
  freed(lease: string): void {
    const { head } = this;
    if (head) this.#head = withoutNeedless({ ...head, left: head.left?.filter((one) => one !== lease) ?? [] });
  }

  /** A task run may have slots from now on, until `tagsFreed`. False where there is no run any more that would remember it. */
  tagsHeld(taskRun: string): boolean {
    const { head } = this;
    if (!head) return false;
    if (head.holding?.includes(taskRun)) return true;
    const freeing = head.freeing?.filter(({ id }) => id !== taskRun) ?? [];
    this.transact(() => this.write({ ...head, holding: [...(head.holding ?? []), taskRun], freeing }));
    return true;
  }

  /** A task run has no slots any more; as `freed`. */
  tagsFreed(taskRun: string): void {
    const { head } = this;
    if (!head) return;
    const holding = head.holding?.filter((one) => one !== taskRun) ?? [];
    const freeing = head.freeing?.filter(({ id }) => id !== taskRun) ?? [];
    this.#head = withoutNeedless({ ...head, holding, freeing });
  }

  /** What is to be given back and was not yet: slots that the run left, and those of task runs that nobody executes. */
  unfreed({ left = [], freeing = [] }: Head): Duty[] {
    return [
      ...left.map((lease) => ({ kind: "free", lease }) as const),
      ...freeing.map((taskRun) => ({ kind: "free-tags", taskRun }) as const),
    ];
  }

  /** Slots of a task run could not be given back: they are to be later, whatever becomes of this object. */
  tagsLeft({ id, tags }: Pick<TaskRun, "id" | "tags">): void {
    const { head, removed } = this;
    if (removed) this.#store.put(REMOVED, JSON.stringify({ ...removed, holders: [...removed.holders, { id, tags }] }));
    if (!head) return;
    const holding = head.holding?.filter((one) => one !== id) ?? [];
    const freeing = [...(head.freeing ?? []).filter((one) => one.id !== id), { id, tags }];
    this.transact(() => this.write({ ...head, ...this.#toFree(head), holding, freeing }));
  }

  /** A task run is forgotten, with what it had. */
  forgetTask(id: string): void {
    const { head } = this;
    if (!head) return;
    this.transact(() => {
      const freed = this.#withTagsFreed(head, head.holding?.includes(id) ? [id] : []);
      this.taskRuns.remove(id);
      this.logs.removeOf(id);
      this.save(freed, head.run);
    });
  }

  /** A subflow that was told of its parent's cancellation has answered; null: it is not there any more. */
  childAnswered(run: string, state: string | null): void {
    const head = this.head;
    if (!head?.receipts) return;
    const receipts = answeredAt(head.receipts, run, state, this.clock.now());
    const alarms = receipts.every(({ answered }) => answered !== null)
      ? clearAlarms(head.alarms, ["nodes"])
      : head.alarms;
    this.transact(() => this.write({ ...head, receipts, alarms }));
  }

  /** The pool has heard that there is something to clean up behind the run. */
  cleaned(): void {
    const head = this.head;
    if (head) this.transact(() => this.write({ ...head, alarms: clearAlarms(head.alarms, ["clean"]) }));
  }

  /** What was asked of the nodes below a run that is being cancelled, or was. */
  receipts(owner: Owner): readonly Receipt[] | null {
    const head = this.headOf(owner);
    return head && (head.receipts ?? []);
  }

  enter(head: Head, run: FlowRun, effects?: readonly Effect[]): void {
    this.transact(() => this.save(head, run, effects ? { effects } : {}));
  }

  /** Its agent does not have the run any more: a cancellation needs not wait for anybody. */
  leave(head: Head, run: FlowRun): void {
    const over = run.state !== null && isTerminal(run.state.type) && run.state.id === head.states.at(-1)?.id;
    const left = run.infrastructurePid?.startsWith(AGENT) ? { ...run, infrastructurePid: null } : run;
    // What lists show of a run that has ended does not change when its process goes too.
    if (over) this.transact(() => this.save(head, run, { seen: false }));
    else this.enter(head, left);
  }

  /**
   * Writes the head with the run as it now is. `seen: false`: nothing that lists show has changed. `effects`: what others have to do
   * about its state; where no rule was asked, what follows from every state.
   */
  save(given: Head, run: FlowRun, { seen = true, late = false, effects = effectsOf(given, run) }: Saving = {}): void {
    const head = this.#withNodes(this.#withEffects(given, effects), run, late);
    const states = run.state && run.state.id !== head.states.at(-1)?.id ? [...head.states, run.state] : head.states;
    const version = head.version + (seen ? 1 : 0);
    const now = this.clock.now();
    // The sweep passes by runs that have ended: a change of one of them has an alarm of its own to be told by.
    const over = isOver(head.run);
    const alarms =
      seen && over && head.version > 0 ? setAlarm(head.alarms, "tell", plusSeconds(now, RETELL_SECONDS)) : head.alarms;
    const timed = states === head.states ? alarms : this.#timed(alarms, run, now);
    const asked = dutyOf({ ...head, alarms: timed, run, states, version }, now);
    if (asked.duty) this.#duties.push(asked.duty);
    const { holding = [] } = asked.head;
    this.write(hasNoProcess(asked.head) ? this.#withTagsFreed(asked.head, holding) : asked.head);
  }

  /** The alarms with those that a new state sets. */
  #timed(alarms: Alarms, run: FlowRun, now: Instant): Alarms {
    const timed = { ...clearAlarms(alarms, [...TIMERS, "archive"]), ...timersOf(run) };
    const cold = isOver(run) && this.#archiveAfter !== null;
    return cold ? setAlarm(timed, "archive", plusSeconds(now, this.#archiveAfter)) : timed;
  }

  /** These task runs have no slots any more, whether or not anybody says so of them. */
  #withTagsFreed(head: Head, ids: readonly string[]): Head {
    if (ids.length === 0) return head;
    const tasks = ids.flatMap((id) => this.taskRuns.get(id) ?? []).map(({ id, tags }) => ({ id, tags }));
    for (const taskRun of tasks) this.#duties.push({ kind: "free-tags", taskRun });
    const holding = head.holding?.filter((id) => !ids.includes(id)) ?? [];
    return { ...head, ...this.#toFree(head), holding, freeing: [...(head.freeing ?? []), ...tasks] };
  }

  /** With the alarm by which slots are given back that could not be at once. */
  #toFree = ({ alarms }: Head): Pick<Head, "alarms"> => ({
    alarms: setAlarm(alarms, "free", plusSeconds(this.clock.now(), REFREE_SECONDS)),
  });

  /** Does what has to be done about inputs and slots, or asks for it; answers the head that remembers it. */
  #withEffects(head: Head, effects: readonly Effect[]): Head {
    for (const effect of effects)
      if (effect.kind === "forget-inputs")
        for (const key of effect.keys) if (this.inputs.get(key)) this.inputs.remove(key);
    if (!head.surroundings.limit) return head;
    let { left = [], alarms } = head;
    for (const effect of effects) {
      if (effect.kind === "hold-slot") this.#duties.push({ kind: "hold", lease: effect.lease });
      if (effect.kind !== "release-slot" || effect.lease === null) continue;
      left = [...left, effect.lease];
      alarms = setAlarm(alarms, "free", plusSeconds(this.clock.now(), REFREE_SECONDS));
      this.#duties.push({ kind: "free", lease: effect.lease });
    }
    return left === head.left ? head : { ...head, left, alarms };
  }

  /** Task runs have come or moved: those of a run that was cancelled already are not left to themselves. Must stand in a transaction. */
  noteLateNodes(): void {
    const { head } = this;
    if (head?.run.state?.type !== "CANCELLED" || head.alarms.nodes) return;
    const { tasks, subflows } = lateNodes(head.receipts ?? [], this.taskRuns);
    if (tasks.length === 0 && subflows.length === 0) return;
    const then = plusSeconds(this.clock.now(), LATE_NODES_SECONDS);
    this.write({ ...head, alarms: setAlarm(head.alarms, "nodes", then) });
  }

  /** Cancels what is below a run that has just been, or is to be; answers the head with the receipts. */
  #withNodes(head: Head, run: FlowRun, late: boolean): Head {
    const type = run.state?.type;
    if (type !== "CANCELLING" && type !== "CANCELLED") return head;
    const isNew = run.state?.id !== head.states.at(-1)?.id;
    if (!isNew && !(late && type === "CANCELLED")) return head;
    const known = head.receipts ?? [];
    const below = isNew ? liveNodes(this.taskRuns.all()) : lateNodes(known, this.taskRuns);
    const { receipts, cancelled, duties } = cancelNodes(known, type, below, this.taskRuns, this.clock);
    this.#cancelledTasks.push(...cancelled);
    this.#duties.push(...duties);
    if (receipts.length === (head.receipts?.length ?? 0) && duties.length === 0) return head;
    const again = plusSeconds(this.clock.now(), REASK_SECONDS);
    return { ...head, receipts, alarms: duties.length > 0 ? setAlarm(head.alarms, "nodes", again) : head.alarms };
  }

  write(head: Head): void {
    this.#head = writeHead(this.#store, head);
  }

  /** Runs `work` in one transaction; what a failed one left in memory is dropped with it. */
  transact<T>(work: () => T): T {
    const head = this.#head;
    const duties = this.#duties;
    try {
      this.#duties = [...duties];
      return this.#store.transaction(work as () => T extends PromiseLike<unknown> ? never : T);
    } catch (error) {
      this.#head = head;
      this.#duties = duties;
      this.#cancelledTasks.length = 0;
      this.#forget();
      throw error;
    }
  }

  #forget(): void {
    this.taskRuns.forget();
    this.logs.forget();
    this.beats.forget();
    this.checkpoints.forget();
  }
}
