/**
 * A flow run where it lives: its ledger with alarm, outbox and watchers around it, and what follows each commit. The calls are
 * flow-run.ts.
 *
 * FO8  Whoever watches a run is sent its changes in the order in which they were committed.
 * FO9  An alarm never throws, and arms the next one before it works.
 */
import { nextDue } from "@millrace/domain/alarms.ts";
import type { SlotNeed } from "@millrace/domain/flow-run/needs.ts";
import type { SlotAnswer } from "@millrace/domain/flow-run/rule.ts";
import type { FlowRun } from "@millrace/domain/flow-run/run.ts";
import { isTerminal } from "@millrace/domain/state.ts";
import type { TaskRun } from "@millrace/domain/task-run/run.ts";
import { plusSeconds } from "@millrace/domain/time.ts";
import { uuidv7 } from "uuidv7";
import { eventHubAt } from "../addresses.ts";
import type { ObjectEnv } from "../env.ts";
import { now, PhysicalAlarm } from "../kit/alarms.ts";
import { ColdStore } from "../kit/cold-store.ts";
import { pack } from "../kit/packed.ts";
import { Release } from "../kit/release.ts";
import { SqliteStore } from "../kit/store.ts";
import { releaseSlots } from "../slots.ts";
import { freeTagSlots } from "../task-facts.ts";
import { Claims } from "./claims.ts";
import { askForSlot } from "./deployment-slot.ts";
import { Errands } from "./errands.ts";
import type { Head } from "./head.ts";
import { type Clock, Ledger, type Owner } from "./ledger.ts";
import { BY_CLAIM, Lifecycle } from "./lifecycle.ts";
import { Outbox } from "./outbox.ts";
import { Records } from "./records.ts";
import { Tasks } from "./tasks.ts";
import { Waking } from "./waking.ts";
import { Watchers } from "./watchers.ts";

const clock: Clock = { now, newId: uuidv7 };

const DAY_SECONDS = 86_400;
/** Seconds after which what a packed run left in the bucket is deleted, once it was taken back. */
const SWEEP_SECONDS = 5;
/** Seconds until a deleted run is taken off the lists again, where that failed. */
const REBURY_SECONDS = 5;

export class Host {
  readonly ledger: Ledger;
  readonly life: Lifecycle;
  readonly claims: Claims;
  readonly waking: Waking;
  readonly tasks: Tasks;
  readonly records: Records;
  readonly outbox: Outbox;
  readonly watchers: Watchers;
  readonly #store: ColdStore;
  readonly #env: ObjectEnv;
  readonly #errands: Errands;
  readonly #alarm: PhysicalAlarm;
  readonly #release: Release;
  /** Task runs that are about to take slots, or to give them back. */
  #taking = 0;

  constructor(ctx: DurableObjectState, env: ObjectEnv) {
    this.#store = new ColdStore(new SqliteStore(ctx.storage), env.BLOBS, () => void this.#thawed());
    if (this.#store.isPacked) void ctx.blockConcurrencyWhile(() => this.#store.load());
    const days = Number(env.ARCHIVE_AFTER_DAYS ?? 0);
    this.ledger = new Ledger(this.#store, clock, days > 0 ? days * DAY_SECONDS : null);
    this.life = new Lifecycle(this.ledger);
    this.claims = new Claims(this.ledger);
    this.waking = new Waking(this.ledger);
    this.tasks = new Tasks(this.ledger, this.waking);
    this.records = new Records(this.ledger);
    this.outbox = new Outbox(
      this.ledger,
      clock,
      ({ workspace, shard }, announcement, urgent) =>
        this.during(eventHubAt(env, workspace).announce({ workspace, shard }, pack([announcement]), urgent)),
      () => this.#tellLater(),
    );
    this.watchers = new Watchers(ctx);
    this.#env = env;
    this.#errands = new Errands(env, this.ledger);
    this.#alarm = new PhysicalAlarm(ctx.storage);
    this.#release = new Release(ctx, () => env.RELEASE_ENDED_RUNS === "1" && this.#isDone());
  }

  /** Takes note that a call came in. */
  touch(): void {
    this.#release.touch();
  }

  /** Keeps the object until `work` has ended. */
  during<T>(work: Promise<T>): Promise<T> {
    return this.#release.during(work);
  }

  /** What the limit of the run's deployment answers to a need; null where there is none. */
  slotFor(owner: Owner, need: SlotNeed): Promise<SlotAnswer | null> {
    return this.during(askForSlot(this.#env, owner, this.ledger, need));
  }

  /** Keeps what is known of slots until `work` has ended, which takes some for a task run or gives them back. */
  async taking<T>(work: () => Promise<T>): Promise<T> {
    this.#taking += 1;
    try {
      return await this.during(work());
    } finally {
      this.#taking -= 1;
    }
  }

  /** Gives back what a task run has of the slots of its tags; by the alarm, where that fails now. */
  async freeTags(owner: Owner, taskRun: Pick<TaskRun, "id" | "tags">): Promise<void> {
    try {
      await freeTagSlots(this.#env, owner, taskRun);
      this.ledger.tagsFreed(taskRun.id);
    } catch (error) {
      console.error("Slots of a task run could not be given back", error);
      this.ledger.tagsLeft(taskRun);
      await this.arm();
    }
  }

  /** What follows a commit: watchers see it, alarms are armed, pool and parent are told. */
  afterChange(): Promise<void> {
    return this.during(this.#follow());
  }

  noteTaskRuns(changed: readonly TaskRun[]): void {
    if (changed.length === 0) return;
    this.outbox.noteTaskRuns(changed);
    this.outbox.soon();
    this.watchers.showTaskRuns(changed, now());
  }

  async arm(): Promise<void> {
    // Of a run that is packed nothing is expected.
    if (!this.#store.isPacked) await this.#alarm.wakeBy(nextDue(this.ledger.alarms));
  }

  /** What follows a deletion: agent or pool hear of it, and lists forget the run. */
  async afterRemoval(owner: Owner, run: FlowRun): Promise<void> {
    this.watchers.dismiss("The run was deleted.");
    await this.#alarm.wakeBy(plusSeconds(now(), REBURY_SECONDS));
    await this.during(this.#errands.perform(owner, run));
    await this.during(this.#bury());
  }

  async ring(): Promise<void> {
    this.#alarm.rang();
    try {
      await this.#store.sweep();
      if (this.#store.isPacked) return;
      await this.during(this.#bury());
      const { unheard, entered, cold } = this.waking.ring(await this.#slotIfLate());
      await this.arm();
      if (entered) await this.afterChange();
      else {
        this.noteTaskRuns(this.ledger.takeCancelledTasks());
        await this.during(this.#perform());
      }
      if (unheard) await this.outbox.tell(false);
      if (cold) await this.during(this.#pack());
    } catch (error) {
      console.error("A flow run's alarm failed", error);
    } finally {
      await this.arm();
    }
  }

  /** Packs a run of which nothing is expected any more. */
  async #pack(): Promise<void> {
    const { head } = this.ledger;
    if (!head || !this.#isOver(head) || this.ledger.unfreed(head).length > 0) return;
    if (head.receipts?.some(({ answered }) => answered === null)) return;
    // What lists do not show yet would never be told.
    if ((await this.outbox.tell(false)) && (await this.#store.pack(head.workspace))) await this.#alarm.off();
  }

  /** A packed run was changed: its package is of no use, and its alarms count again. */
  async #thawed(): Promise<void> {
    await this.during(this.#alarm.wakeBy(plusSeconds(now(), SWEEP_SECONDS)));
  }

  /** A run that is about to be Late may be one too many for its deployment. */
  async #slotIfLate(): Promise<SlotAnswer | null> {
    const { head } = this.ledger;
    const late = head?.alarms.late;
    if (!head || late === undefined || late > now()) return null;
    const need = this.life.slotNeed(head, { type: "SCHEDULED", name: "Late" }, BY_CLAIM);
    return need && this.slotFor(head, need);
  }

  async #follow(): Promise<void> {
    const { head } = this.ledger;
    if (!head) return;
    const { workspace, shard, run, surroundings } = head;
    this.watchers.showRun(head, now());
    this.noteTaskRuns(this.ledger.takeCancelledTasks());
    this.outbox.soon();
    await this.arm();
    await this.#perform();
    void this.during(this.#errands.tellParent(run, surroundings.parentFlowRunId, { workspace, shard }));
  }

  async #perform(): Promise<void> {
    const { head } = this.ledger;
    if (head) await this.#errands.perform({ workspace: head.workspace, shard: head.shard }, head.run);
  }

  /** Gives back what a deleted run had, and takes it off the lists; what fails is done again by the alarm. */
  async #bury(): Promise<void> {
    const { removed } = this.ledger;
    if (!removed) return;
    try {
      for (const lease of removed.leases) await releaseSlots(this.#env, removed, lease);
      await this.outbox.tellRemoved(removed);
      for (const taskRun of removed.holders) await freeTagSlots(this.#env, removed, taskRun);
      if (this.#taking > 0) throw new Error("A task run is about to take slots.");
      this.ledger.buried();
    } catch {
      await this.#alarm.wakeBy(plusSeconds(now(), REBURY_SECONDS));
    }
  }

  #tellLater(): void {
    this.ledger.tellLater();
    void this.arm();
  }

  /** Nothing more is expected of the run, and all of it is known elsewhere. */
  #isDone(): boolean {
    const { head } = this.ledger;
    return !head || (this.#isOver(head) && this.outbox.isQuiet());
  }

  #isOver = ({ run, claim }: Head): boolean => run.state !== null && isTerminal(run.state.type) && claim === null;
}
