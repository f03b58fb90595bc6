/**
 * The only writer of one flow run: the ledger with a network around it.
 *
 * FO8  Whoever watches a run is sent its changes in the order in which they were committed.
 * FO9  An alarm never throws, and arms the next one before it works.
 */

import { DurableObject } from "cloudflare:workers";
import { flowRunToWire, verdictToWire } from "@millrace/contract/flow-runs.ts";
import type { LogLineInput } from "@millrace/contract/logs.ts";
import type { WireGraph } from "@millrace/contract/run-graphs.ts";
import { stateToWire } from "@millrace/contract/states.ts";
import { nextDue } from "@millrace/domain/alarms.ts";
import { wishesOf } from "@millrace/domain/dispatch/wishes.ts";
import type { TaskRunFilter } from "@millrace/domain/filter/task-runs.ts";
import { type Cancelled, cancelledWith, type Receipt } from "@millrace/domain/flow-run/cancellation.ts";
import type { Checkpoint, CheckpointContent } from "@millrace/domain/flow-run/checkpoint.ts";
import { isWorked } from "@millrace/domain/flow-run/claim.ts";
import type { Verdict } from "@millrace/domain/flow-run/decide.ts";
import type { RunEvidence } from "@millrace/domain/flow-run/diagnosis.ts";
import type { Exit } from "@millrace/domain/flow-run/exit.ts";
import type { SlotNeed } from "@millrace/domain/flow-run/needs.ts";
import type { RerunWishes } from "@millrace/domain/flow-run/rerun.ts";
import type { SlotAnswer } from "@millrace/domain/flow-run/rule.ts";
import type { FlowRun as FlowRunRecord } from "@millrace/domain/flow-run/run.ts";
import type { JsonObject } from "@millrace/domain/json.ts";
import type { Log } from "@millrace/domain/log.ts";
import type { Problem } from "@millrace/domain/problem.ts";
import { isTerminal, type State, type StateInput } from "@millrace/domain/state.ts";
import type { NewTaskRun } from "@millrace/domain/task-run/create.ts";
import type { TaskRun } from "@millrace/domain/task-run/run.ts";
import {
  countTaskRuns,
  figuresOf,
  type RunFigures,
  selectTaskRuns,
  type TaskRunQuery,
} from "@millrace/domain/task-run/select.ts";
import { stateOfStandIn } from "@millrace/domain/task-run/subflow.ts";
import { type Instant, plusSeconds } from "@millrace/domain/time.ts";
import { uuidv7 } from "uuidv7";
import { eventHubAt, flowRunAt, workPoolAt } from "../addresses.ts";
import type { ObjectEnv } from "../env.ts";
import { now, PhysicalAlarm } from "../kit/alarms.ts";
import { type Packed, pack, unpack } from "../kit/packed.ts";
import { Release } from "../kit/release.ts";
import { SqliteStore } from "../kit/store.ts";
import { releaseSlots } from "../slots.ts";
import { afterTaskVerdict, gatherTaskFacts, NOTHING_GATHERED } from "../task-facts.ts";
import type { Offer } from "../work-pool/rpc.ts";
import { isProblem, isUnbegun, type Reporter } from "./admission.ts";
import type { CheckpointQuery } from "./checkpoints.ts";
import { askForSlot, holdSlot } from "./deployment-slot.ts";
import type { Duty } from "./duties.ts";
import { type GraphQuery, wireGraph } from "./graph.ts";
import type { InputQuery, RunInput } from "./inputs.ts";
import { type Birth, BY_CLAIM, type Clock, type Edit, Ledger, type Owner, type Proposal } from "./ledger.ts";
import { Outbox } from "./outbox.ts";
import type { Answer, ClaimAnswer, Created, FlowRunRpc, LogQuery, PackedRun, Record } from "./rpc.ts";
import { Watchers } from "./watchers.ts";

const clock: Clock = { now, newId: uuidv7 };

/** Seconds until a deleted run is taken off the lists again, where that failed. */
const REBURY_SECONDS = 5;

export class FlowRun extends DurableObject<ObjectEnv> implements FlowRunRpc {
  readonly #ledger: Ledger;
  readonly #outbox: Outbox;
  readonly #alarm: PhysicalAlarm;
  readonly #watchers: Watchers;
  readonly #release: Release;

  constructor(ctx: DurableObjectState, env: ObjectEnv) {
    super(ctx, env);
    this.#ledger = new Ledger(new SqliteStore(ctx.storage), clock);
    this.#outbox = new Outbox(
      this.#ledger,
      clock,
      ({ workspace, shard }, announcement, urgent) =>
        this.#release.during(eventHubAt(env, workspace).announce({ workspace, shard }, pack([announcement]), urgent)),
      () => this.#tellLater(),
    );
    this.#alarm = new PhysicalAlarm(ctx.storage);
    this.#watchers = new Watchers(ctx);
    this.#release = new Release(ctx, () => env.RELEASE_ENDED_RUNS === "1" && this.#isDone());
  }

  async create(owner: Owner, birth: Packed<Birth>): Promise<Created | Problem> {
    const created = this.#use().create(owner, unpack(birth));
    if (isProblem(created)) return created;
    const body = this.#body(created.run);
    // A create that is repeated because nobody heard its answer does what the first one may have left undone.
    const head = this.#ledger.head;
    const unheard = head !== null && head.told < head.version;
    const announcement = unheard ? this.#outbox.announcement() : null;
    if (created.kind === "created" || unheard) await this.#afterChange();
    return { kind: created.kind, body, announcement: announcement && pack([announcement]) };
  }

  async read(owner: Owner): Promise<PackedRun | null> {
    const head = this.#use().headOf(owner);
    return head && this.#body(head.run);
  }

  async record(owner: Owner): Promise<Record | null> {
    const head = this.#use().headOf(owner);
    return head && { run: head.run, parentFlowRunId: head.surroundings.parentFlowRunId };
  }

  async propose(owner: Owner, id: string, state: Packed<StateInput>, how: Proposal): Promise<Answer | Problem> {
    const proposed = unpack(state);
    const need = this.#use().slotNeed(owner, proposed, how);
    const slot = need && (await this.#slotFor(owner, need));
    const verdict = this.#use().propose(owner, id, proposed, { ...how, slot });
    if (slot) await this.#giveBackUnused(owner, slot);
    return this.#answer(verdict);
  }

  /** What the limit of the run's deployment answers to a need. */
  async #slotFor(owner: Owner, need: SlotNeed): Promise<SlotAnswer | null> {
    const head = this.#ledger.headOf(owner);
    const limit = head?.surroundings.limit;
    if (!head || !limit) return null;
    const held = head.claim !== null;
    return this.#release.during(askForSlot(this.env, owner, head.run.id, limit, need, { held }));
  }

  /** A slot that the run did not take after all. */
  async #giveBackUnused(owner: Owner, slot: SlotAnswer): Promise<void> {
    if (slot.kind !== "granted") return;
    const lease = this.#ledger.headOf(owner)?.run.state?.details.deploymentConcurrencyLeaseId;
    if (lease !== slot.lease) await releaseSlots(this.env, owner, slot.lease);
  }

  async cancelWith(owner: Owner, id: string, parent: Cancelled): Promise<string | null> {
    const head = this.#use().headOf(owner);
    if (!head) return null;
    const to = cancelledWith(parent, head.run);
    if (to) await this.propose(owner, id, pack(to), { force: false, reporter: null });
    return this.#ledger.headOf(owner)?.run.state?.name ?? null;
  }

  async receipts(owner: Owner): Promise<readonly Receipt[] | null> {
    return this.#use().receipts(owner);
  }

  async retry(owner: Owner, id: string, reporter: Reporter): Promise<Answer | Problem> {
    return this.#answer(this.#use().retry(owner, id, reporter));
  }

  async resume(owner: Owner, id: string, answer: JsonObject | null, reporter: Reporter): Promise<Answer | Problem> {
    const verdict = this.#use().resume(owner, id, answer, reporter);
    if (isProblem(verdict) || verdict.kind !== "refuse") return this.#answer(verdict);
    const { status, reason } = verdict;
    const state = status === "REJECT" ? (this.#ledger.head?.run.state ?? null) : null;
    const details = { type: "abort_details", reason } as const;
    return { entered: false, body: pack({ state: state && stateToWire(state), status, details }) };
  }

  async edit(owner: Owner, id: string, edit: Edit, reporter: Reporter): Promise<"done" | Problem> {
    const done = this.#use().edit(owner, id, edit, reporter);
    if (done === "done") await this.#afterChange();
    return done;
  }

  async remove(owner: Owner, id: string): Promise<"done" | Problem> {
    const run = this.#use().remove(owner, id);
    if (isProblem(run)) return run;
    this.#watchers.dismiss("The run was deleted.");
    await this.#alarm.wakeBy(plusSeconds(now(), REBURY_SECONDS));
    await this.#release.during(this.#perform(owner, run));
    await this.#release.during(this.#bury());
    return "done";
  }

  async discard(owner: Owner, id: string): Promise<"gone" | "begun"> {
    const head = this.#use().headOf(owner);
    if (head && !isUnbegun(head)) return "begun";
    if (head) await this.remove(owner, id);
    return "gone";
  }

  async states(owner: Owner): Promise<State[] | null> {
    return this.#use().states(owner);
  }

  async claim(owner: Owner, id: string, claimant: { agent: string; session: string }): Promise<ClaimAnswer> {
    const need = this.#use().slotNeed(owner, { type: "PENDING" }, BY_CLAIM);
    const slot = need && (await this.#slotFor(owner, need));
    const outcome = this.#use().claim(owner, id, claimant, slot);
    if (slot) await this.#giveBackUnused(owner, slot);
    if (isProblem(outcome)) return outcome;
    if (outcome.kind === "claimed" || outcome.reason === "no_slot") await this.#afterChange();
    if (outcome.kind === "refused") return outcome;
    const { flow, code } = this.#use().head?.surroundings ?? {};
    const { claim, run } = outcome;
    return { kind: "claimed", generation: claim.generation, run, flowName: flow?.name ?? "", deployment: code ?? null };
  }

  async finish(owner: Owner, generation: number, how: Exit): Promise<"done" | "stale"> {
    return this.#done(this.#use().finish(owner, generation, how));
  }

  async release(owner: Owner, generation: number): Promise<"done" | "stale" | "begun"> {
    const done = this.#use().release(owner, generation);
    if (done === "done") await this.#afterChange();
    return done;
  }

  async lose(owner: Owner, generation: number): Promise<"done" | "stale"> {
    return this.#done(this.#use().lose(owner, generation));
  }

  async holds(owner: Owner, generation: number): Promise<boolean> {
    return this.#use().headOf(owner)?.claim?.generation === generation;
  }

  async waitsIn(owner: Owner): Promise<{ pool: string; offer: Offer } | null> {
    const head = this.#use().headOf(owner);
    const pool = head?.run.workPoolId;
    if (!head || !pool || head.claim || head.run.state?.type !== "SCHEDULED" || isWorked(head.run)) return null;
    return { pool, offer: offerOf(head.run, head.run.state.details.scheduledTime ?? now()) };
  }

  async isWorked(owner: Owner): Promise<boolean> {
    const head = this.#use().headOf(owner);
    return head !== null && head.claim === null && isWorked(head.run);
  }

  async leavePool(owner: Owner, pool: string): Promise<void> {
    if (this.#use().leavePool(owner, pool)) await this.#afterChange();
  }

  async findTaskRuns(owner: Owner, query: TaskRunQuery): Promise<Packed<TaskRun[]>> {
    const tasks = this.#use().tasksOf(owner);
    return pack(tasks ? selectTaskRuns(tasks.all(), query, now()).map((run) => tasks.whole(run)) : []);
  }

  async countTaskRuns(owner: Owner, filter: TaskRunFilter): Promise<number> {
    return countTaskRuns(this.#use().tasksOf(owner)?.all() ?? [], filter);
  }

  async taskRunFigures(owner: Owner, filter: TaskRunFilter): Promise<Packed<RunFigures[]>> {
    return pack(figuresOf(this.#use().tasksOf(owner)?.all() ?? [], filter, now()));
  }

  async taskRunStates(owner: Owner, id: string): Promise<State[] | null> {
    return this.#use().tasksOf(owner)?.states(id) ?? null;
  }

  async stateOfTaskRun(owner: Owner, state: string): Promise<State | null> {
    return this.#use().tasksOf(owner)?.state(state) ?? null;
  }

  async taskRun(owner: Owner, id: string): Promise<TaskRun | null> {
    return this.#use().taskRun(owner, id);
  }

  async recordEvents(owner: Owner, events: readonly unknown[], reporter: Reporter): Promise<boolean | Problem> {
    const changed = this.#use().recordEvents(owner, events, reporter);
    if (isProblem(changed)) return changed;
    if (changed) this.#noteTaskRuns(changed);
    await this.#arm();
    return changed !== null;
  }

  async createTaskRun(
    owner: Owner,
    flowRunId: string,
    input: NewTaskRun & { id: string | null; offeredName: string },
    reporter: Reporter,
  ): Promise<{ kind: "created" | "existing"; taskRun: TaskRun } | Problem> {
    const created = this.#use().createTaskRun(owner, flowRunId, input, reporter);
    if (isProblem(created)) return created;
    if (created.kind === "created") {
      this.#noteTaskRuns([created.taskRun]);
      // Whoever made it is about to begin a subflow under it, and everybody has to know where that belongs.
      await this.#release.during(this.#outbox.tellTaskRun(created.taskRun));
    }
    return created;
  }

  async setTaskRunState(
    owner: Owner,
    id: string,
    state: StateInput,
    how: { force: boolean; reporter: Reporter },
  ): Promise<Answer | null | Problem> {
    const needs = this.#use().taskNeeds(owner, id, state, how);
    const gathered = needs
      ? await this.#release.during(gatherTaskFacts(this.env, owner, id, needs, now()))
      : NOTHING_GATHERED;
    const judged = this.#use().setTaskRunState(owner, id, state, { ...how, gathered });
    if (judged === null || isProblem(judged)) return judged;
    const { verdict, known } = judged;
    const asks =
      needs !== null || ((verdict.kind === "accept" || verdict.kind === "reject") && verdict.effects.length > 0);
    if (asks) await this.#release.during(afterTaskVerdict(this.env, owner, known, verdict, gathered, now()));
    const entered = (verdict.kind === "accept" || verdict.kind === "reject") && verdict.changed;
    if (entered) this.#noteTaskRuns([verdict.run]);
    return { entered, body: pack(verdictToWire(verdict, known.state)) };
  }

  async renameTaskRun(owner: Owner, id: string, name: string, reporter: Reporter): Promise<"done" | Problem> {
    const renamed = this.#use().renameTaskRun(owner, id, name, reporter);
    if (isProblem(renamed)) return renamed;
    this.#noteTaskRuns([renamed]);
    return "done";
  }

  async removeTaskRun(owner: Owner, id: string, reporter: Reporter): Promise<"done" | Problem> {
    const done = this.#use().removeTaskRun(owner, id, reporter);
    if (done === "done") await this.#afterChange();
    return done;
  }

  async mirror(owner: Owner, taskRun: string, state: StateInput): Promise<void> {
    await this.setTaskRunState(owner, taskRun, state, { force: true, reporter: null });
  }

  async appendLogs(owner: Owner, lines: readonly LogLineInput[], reporter: Reporter): Promise<boolean | Problem> {
    const logs = this.#use().appendLogs(
      owner,
      lines.map((line) => ({ ...line, taskRunId: line.task_run_id })),
      reporter,
    );
    if (isProblem(logs)) return logs;
    if (logs) this.#watchers.showLogs(logs);
    return logs !== null;
  }

  async logs(owner: Owner, query: LogQuery): Promise<Log[] | null> {
    return this.#use().logs(owner, query);
  }

  async evidence(owner: Owner): Promise<RunEvidence | null> {
    return this.#use().evidence(owner);
  }

  async reconcile(owner: Owner): Promise<boolean> {
    const head = this.#use().headOf(owner);
    if (!head) return false;
    this.#outbox.retell();
    await this.#outbox.tell(false);
    this.#ledger.watch();
    await this.#arm();
    return true;
  }

  async writeCheckpoint(
    owner: Owner,
    id: string,
    key: string,
    content: Packed<CheckpointContent>,
    how: { expected: number | null; reporter: Reporter },
  ): Promise<Packed<Checkpoint> | Problem> {
    const written = this.#use().writeCheckpoint(owner, id, key, unpack(content), how);
    return isProblem(written) ? written : pack(written);
  }

  async checkpoint(owner: Owner, key: string): Promise<Packed<Checkpoint> | null> {
    const checkpoint = this.#use().checkpointsOf(owner)?.get(key);
    return checkpoint ? pack(checkpoint) : null;
  }

  async checkpoints(owner: Owner, query: CheckpointQuery): Promise<Packed<Checkpoint[]> | null> {
    const checkpoints = this.#use().checkpointsOf(owner)?.list(query);
    return checkpoints ? pack(checkpoints) : null;
  }

  async removeCheckpoint(owner: Owner, id: string, key: string, reporter: Reporter): Promise<"done" | Problem> {
    return this.#use().removeCheckpoint(owner, id, key, reporter);
  }

  async rerun(
    owner: Owner,
    id: string,
    wishes: RerunWishes & { fromTask: string | null },
    reporter: Reporter,
  ): Promise<Packed<Omit<Birth, "id" | "offeredName">> | Problem> {
    const birth = this.#use().rerun(owner, id, wishes, reporter);
    return isProblem(birth) ? birth : pack(birth);
  }

  async standIns(owner: Owner): Promise<{ taskRun: string; flowRun: string }[] | null> {
    const all = this.#use().tasksOf(owner)?.all();
    if (!all) return null;
    return all.flatMap(({ id, state }) => {
      const child = state?.details.childFlowRunId;
      return child ? [{ taskRun: id, flowRun: child }] : [];
    });
  }

  async graph(owner: Owner, query: GraphQuery): Promise<Packed<WireGraph> | "too large" | null> {
    const head = this.#use().headOf(owner);
    if (!head) return null;
    const graph = wireGraph(head, this.#use().tasksOf(owner)?.all() ?? [], query);
    return graph === null ? "too large" : pack(graph);
  }

  async addInput(
    owner: Owner,
    id: string,
    input: Pick<RunInput, "key" | "value" | "sender">,
    reporter: Reporter,
  ): Promise<"done" | Problem> {
    return this.#use().addInput(owner, id, input, reporter);
  }

  async inputs(owner: Owner, query: InputQuery): Promise<RunInput[] | null> {
    return this.#use().inputs(owner, query);
  }

  async input(owner: Owner, key: string): Promise<RunInput | null> {
    return this.#use().input(owner, key);
  }

  async removeInput(owner: Owner, key: string, reporter: Reporter): Promise<"done" | Problem> {
    return this.#use().removeInput(owner, key, reporter);
  }

  /** Websockets of those who watch the run; the Worker has said who they are and what they want. */
  override async fetch(request: Request): Promise<Response> {
    const head = this.#use().head;
    const workspace = request.headers.get("x-millrace-workspace");
    if (!head || head.workspace !== workspace) return new Response(null, { status: 404 });
    const owner = { workspace, shard: head.shard };
    const url = new URL(request.url);
    if (url.pathname === "/logs") {
      const { filter, past } = JSON.parse(url.searchParams.get("query") ?? "{}");
      return this.#watchers.watchLogs(filter, past ? (this.#use().logs(owner, past) ?? []) : []);
    }
    return this.#watchers.watchRun(head, this.#use().tasksOf(owner)?.all() ?? [], now());
  }

  override webSocketMessage(): void {
    // Watchers have nothing to say; the Worker answers their pings.
  }

  override webSocketClose(socket: WebSocket): void {
    socket.close();
  }

  override async alarm(): Promise<void> {
    this.#alarm.rang();
    try {
      await this.#release.during(this.#bury());
      const need = this.#needIfLate();
      const { unheard, entered } = this.#ledger.ring(need && (await this.#slotFor(need.head, need.slot)));
      await this.#arm();
      if (entered) await this.#afterChange();
      else await this.#release.during(this.#performForOwner());
      if (unheard) await this.#outbox.tell(false);
    } catch (error) {
      console.error("A flow run's alarm failed", error);
    } finally {
      await this.#arm();
    }
  }

  /** A run that is about to be Late may be one too many for its deployment. */
  #needIfLate(): { head: Owner; slot: SlotNeed } | null {
    const head = this.#ledger.head;
    const late = head?.alarms.late;
    if (!head || late === undefined || late > now()) return null;
    const slot = this.#ledger.slotNeed(head, { type: "SCHEDULED", name: "Late" }, BY_CLAIM);
    return slot && { head, slot };
  }

  #body(run: FlowRunRecord): PackedRun {
    return pack(flowRunToWire(run, now()));
  }

  async #answer(verdict: Verdict | Problem): Promise<Answer | Problem> {
    if (isProblem(verdict)) return verdict;
    const entered = (verdict.kind === "accept" || verdict.kind === "reject") && verdict.changed;
    if (entered) await this.#afterChange();
    return { entered, body: pack(verdictToWire(verdict, this.#ledger.head?.run.state ?? null)) };
  }

  async #done(done: "done" | "stale"): Promise<"done" | "stale"> {
    if (done === "done") await this.#afterChange();
    return done;
  }

  #noteTaskRuns(changed: readonly TaskRun[]): void {
    if (changed.length === 0) return;
    this.#outbox.noteTaskRuns(changed);
    this.#outbox.soon();
    this.#watchers.showTaskRuns(changed, now());
  }

  /** Takes a deleted run off the lists; what fails is done again by the alarm. */
  async #bury(): Promise<void> {
    const removed = this.#ledger.removed;
    if (!removed) return;
    try {
      await this.#outbox.tellRemoved(removed);
      this.#ledger.buried();
    } catch {
      await this.#alarm.wakeBy(plusSeconds(now(), REBURY_SECONDS));
    }
  }

  #tellLater(): void {
    this.#ledger.tellLater();
    void this.#arm();
  }

  /** The ledger, for a call that came in. */
  #use(): Ledger {
    this.#release.touch();
    return this.#ledger;
  }

  /** Nothing more is expected of the run, and all of it is known elsewhere. */
  #isDone(): boolean {
    const head = this.#ledger.head;
    if (!head) return true;
    const over = head.run.state !== null && isTerminal(head.run.state.type);
    return over && head.claim === null && this.#outbox.isQuiet();
  }

  #afterChange(): Promise<void> {
    return this.#release.during(this.#follow());
  }

  /** What follows a commit: watchers see it, alarms are armed, pool and parent are told. */
  async #follow(): Promise<void> {
    const head = this.#ledger.head;
    if (!head) return;
    this.#watchers.showRun(head, now());
    this.#noteTaskRuns(this.#ledger.takeCancelledTasks());
    this.#outbox.soon();
    await this.#arm();
    await this.#performForOwner();
    this.#tellParent(head.run, head.surroundings.parentFlowRunId, head);
  }

  async #arm(): Promise<void> {
    await this.#alarm.wakeBy(nextDue(this.#ledger.alarms));
  }

  async #performForOwner(): Promise<void> {
    const head = this.#ledger.head;
    if (head) await this.#perform({ workspace: head.workspace, shard: head.shard }, head.run);
  }

  /** Does what the ledger asked for. A failure is no harm: the ledger's alarm asks again. */
  async #perform(owner: Owner, run: FlowRunRecord): Promise<void> {
    for (const duty of this.#ledger.takeDuties()) {
      try {
        await this.#performOne(owner, run, duty);
      } catch (error) {
        console.error(`A flow run could not ${duty.kind}`, error);
      }
    }
  }

  async #performOne(owner: Owner, run: FlowRunRecord, duty: Duty): Promise<void> {
    if (duty.kind === "hold") return void (await holdSlot(this.env, owner, duty.lease));
    if (duty.kind === "cancel-child") {
      const child = flowRunAt(this.env, owner.workspace, duty.run);
      return this.#ledger.childAnswered(duty.run, await child.cancelWith(owner, duty.run, duty.parent));
    }
    if (duty.kind === "free") {
      await releaseSlots(this.env, owner, duty.lease);
      return this.#ledger.freed(duty.lease);
    }
    const pool = run.workPoolId;
    if (!pool) return;
    switch (duty.kind) {
      case "offer":
        return void (await this.env.DISPATCH.send({
          v: 1,
          workspace: owner.workspace,
          shard: owner.shard,
          pool,
          ...offerOf(run, duty.due),
        }));
      case "occupy":
        return workPoolAt(this.env, owner.workspace, pool).occupy(owner, offerOf(run, duty.due));
      case "withdraw":
        return workPoolAt(this.env, owner.workspace, pool).withdraw(owner, run.id);
      case "cancel":
        return workPoolAt(this.env, owner.workspace, pool).cancel(owner, run.id, duty.generation);
      default:
        return duty satisfies never;
    }
  }

  /** A subflow's stand-in in its parent follows it. */
  #tellParent(run: FlowRunRecord, parent: string | null, owner: Owner): void {
    if (!parent || !run.parentTaskRunId) return;
    const state = stateOfStandIn(run, { now: now(), newId: uuidv7 });
    if (!state) return;
    const { workspace, shard } = owner;
    const told = flowRunAt(this.env, workspace, parent).mirror({ workspace, shard }, run.parentTaskRunId, state);
    this.ctx.waitUntil(told.catch((error: unknown) => console.error("A parent run could not be told", error)));
  }
}

/** The run as its pool is offered it. */
function offerOf({ id, workQueueId, jobVariables }: FlowRunRecord, due: Instant): Offer {
  const { priority, key, weight } = wishesOf(jobVariables);
  return { run: id, queue: workQueueId, due, priority, ...(key !== "" && { key, weight }) };
}
