/** The only writer of one flow run: what others may ask of it (rpc.ts), each call over the run as its host (host.ts) keeps it. */
import { DurableObject } from "cloudflare:workers";
import { flowRunToWire, verdictToWire } from "@millrace/contract/flow-runs.ts";
import type { LogLineInput } from "@millrace/contract/logs.ts";
import type { WireGraph } from "@millrace/contract/run-graphs.ts";
import { stateToWire } from "@millrace/contract/states.ts";
import type { TaskRunFilter } from "@millrace/domain/filter/task-runs.ts";
import { type Cancelled, cancelledWith, type Receipt } from "@millrace/domain/flow-run/cancellation.ts";
import type { Checkpoint, CheckpointContent } from "@millrace/domain/flow-run/checkpoint.ts";
import { isWorked } from "@millrace/domain/flow-run/claim.ts";
import type { Verdict } from "@millrace/domain/flow-run/decide.ts";
import type { RunEvidence } from "@millrace/domain/flow-run/diagnosis.ts";
import type { Exit } from "@millrace/domain/flow-run/exit.ts";
import type { RerunWishes } from "@millrace/domain/flow-run/rerun.ts";
import type { FlowRun as FlowRunRecord } from "@millrace/domain/flow-run/run.ts";
import type { JsonObject } from "@millrace/domain/json.ts";
import type { Log } from "@millrace/domain/log.ts";
import type { Problem } from "@millrace/domain/problem.ts";
import type { State, StateInput } from "@millrace/domain/state.ts";
import type { NewTaskRun } from "@millrace/domain/task-run/create.ts";
import type { TaskNeeds } from "@millrace/domain/task-run/needs.ts";
import type { TaskRun } from "@millrace/domain/task-run/run.ts";
import {
  countTaskRuns,
  figuresOf,
  type RunFigures,
  selectTaskRuns,
  type TaskRunQuery,
} from "@millrace/domain/task-run/select.ts";
import { workPoolAt } from "../addresses.ts";
import type { ObjectEnv } from "../env.ts";
import { now } from "../kit/alarms.ts";
import { type Packed, pack, unpack } from "../kit/packed.ts";
import { type GatheredFacts, gatherTaskFacts, keepAnswers, leavesTags, NOTHING_GATHERED } from "../task-facts.ts";
import type { Offer } from "../work-pool/rpc.ts";
import { isProblem, isUnbegun, type Reporter } from "./admission.ts";
import type { CheckpointQuery } from "./checkpoints.ts";
import { giveBackUnused } from "./deployment-slot.ts";
import { offerOf } from "./errands.ts";
import { type GraphQuery, wireGraph } from "./graph.ts";
import { Host } from "./host.ts";
import type { InputQuery, RunInput } from "./inputs.ts";
import type { Owner } from "./ledger.ts";
import { type Birth, BY_CLAIM, type Edit, type Proposal } from "./lifecycle.ts";
import type { Answer, ClaimAnswer, Created, FlowRunRpc, LogQuery, PackedRun, Record } from "./rpc.ts";

export class FlowRun extends DurableObject<ObjectEnv> implements FlowRunRpc {
  readonly #host: Host;

  constructor(ctx: DurableObjectState, env: ObjectEnv) {
    super(ctx, env);
    this.#host = new Host(ctx, env);
  }

  async create(owner: Owner, birth: Packed<Birth>): Promise<Created | Problem> {
    const created = this.#use().life.create(owner, unpack(birth));
    if (isProblem(created)) return created;
    const body = this.#body(created.run);
    // A create that is repeated because nobody heard its answer does what the first one may have left undone.
    const head = this.#host.ledger.head;
    const unheard = head !== null && head.told < head.version;
    const announcement = unheard ? this.#host.outbox.announcement() : null;
    if (created.kind === "created" || unheard) await this.#host.afterChange();
    return { kind: created.kind, body, announcement: announcement && pack([announcement]) };
  }

  async read(owner: Owner): Promise<PackedRun | null> {
    const head = this.#use().ledger.headOf(owner);
    return head && this.#body(head.run);
  }

  async record(owner: Owner): Promise<Record | null> {
    const head = this.#use().ledger.headOf(owner);
    return head && { run: head.run, parentFlowRunId: head.surroundings.parentFlowRunId };
  }

  async propose(owner: Owner, id: string, state: Packed<StateInput>, how: Proposal): Promise<Answer | Problem> {
    const proposed = unpack(state);
    const need = this.#use().life.slotNeed(owner, proposed, how);
    const slot = need && (await this.#host.slotFor(owner, need));
    const verdict = this.#use().life.propose(owner, id, proposed, { ...how, slot });
    if (slot) await giveBackUnused(this.env, owner, this.#host.ledger, slot);
    return this.#answer(verdict);
  }

  async cancelWith(owner: Owner, id: string, parent: Cancelled): Promise<string | null> {
    const head = this.#use().ledger.headOf(owner);
    if (!head) return null;
    const to = cancelledWith(parent, head.run);
    if (to) await this.propose(owner, id, pack(to), { force: false, reporter: null });
    return this.#host.ledger.headOf(owner)?.run.state?.name ?? null;
  }

  async receipts(owner: Owner): Promise<readonly Receipt[] | null> {
    return this.#use().ledger.receipts(owner);
  }

  async retry(owner: Owner, id: string, reporter: Reporter): Promise<Answer | Problem> {
    return this.#answer(this.#use().life.retry(owner, id, reporter));
  }

  async resume(owner: Owner, id: string, answer: JsonObject | null, reporter: Reporter): Promise<Answer | Problem> {
    const verdict = this.#use().life.resume(owner, id, answer, reporter);
    if (isProblem(verdict) || verdict.kind !== "refuse") return this.#answer(verdict);
    const { status, reason } = verdict;
    const state = status === "REJECT" ? (this.#host.ledger.head?.run.state ?? null) : null;
    const details = { type: "abort_details", reason } as const;
    return { entered: false, body: pack({ state: state && stateToWire(state), status, details }) };
  }

  async edit(owner: Owner, id: string, edit: Edit, reporter: Reporter): Promise<"done" | Problem> {
    const done = this.#use().life.edit(owner, id, edit, reporter);
    if (done === "done") await this.#host.afterChange();
    return done;
  }

  async remove(owner: Owner, id: string): Promise<"done" | Problem> {
    const run = this.#use().life.remove(owner, id);
    if (isProblem(run)) return run;
    await this.#host.afterRemoval(owner, run);
    return "done";
  }

  async discard(owner: Owner, id: string): Promise<"gone" | "begun"> {
    const head = this.#use().ledger.headOf(owner);
    if (head && !isUnbegun(head)) return "begun";
    if (head) await this.remove(owner, id);
    return "gone";
  }

  async states(owner: Owner): Promise<State[] | null> {
    return this.#use().ledger.states(owner);
  }

  async claim(owner: Owner, id: string, claimant: { agent: string; session: string }): Promise<ClaimAnswer> {
    const need = this.#use().life.slotNeed(owner, { type: "PENDING" }, BY_CLAIM);
    const slot = need && (await this.#host.slotFor(owner, need));
    const outcome = this.#use().claims.claim(owner, id, claimant, slot);
    if (slot) await giveBackUnused(this.env, owner, this.#host.ledger, slot);
    if (isProblem(outcome)) return outcome;
    if (outcome.kind === "claimed" || outcome.reason === "no_slot") await this.#host.afterChange();
    if (outcome.kind === "refused") return outcome;
    const { flow, code } = this.#use().ledger.head?.surroundings ?? {};
    const { claim, run } = outcome;
    return { kind: "claimed", generation: claim.generation, run, flowName: flow?.name ?? "", deployment: code ?? null };
  }

  async finish(owner: Owner, generation: number, how: Exit): Promise<"done" | "stale"> {
    return this.#done(this.#use().claims.finish(owner, generation, how));
  }

  async release(owner: Owner, generation: number): Promise<"done" | "stale" | "begun"> {
    const done = this.#use().claims.release(owner, generation);
    if (done === "done") await this.#host.afterChange();
    return done;
  }

  async lose(owner: Owner, generation: number): Promise<"done" | "stale"> {
    return this.#done(this.#use().claims.lose(owner, generation));
  }

  async holds(owner: Owner, generation: number): Promise<boolean> {
    return this.#use().ledger.headOf(owner)?.claim?.generation === generation;
  }

  async waitsIn(owner: Owner): Promise<{ pool: string; offer: Offer } | null> {
    const head = this.#use().ledger.headOf(owner);
    const pool = head?.run.workPoolId;
    if (!head || !pool || head.claim || head.run.state?.type !== "SCHEDULED" || isWorked(head.run)) return null;
    return { pool, offer: offerOf(head.run, head.run.state.details.scheduledTime ?? now()) };
  }

  async isWorked(owner: Owner): Promise<boolean> {
    const head = this.#use().ledger.headOf(owner);
    return head !== null && head.claim === null && isWorked(head.run);
  }

  async leavePool(owner: Owner, pool: string): Promise<void> {
    if (this.#use().claims.leavePool(owner, pool)) await this.#host.afterChange();
  }

  async findTaskRuns(owner: Owner, query: TaskRunQuery): Promise<Packed<TaskRun[]>> {
    const tasks = this.#use().tasks.tasksOf(owner);
    return pack(tasks ? selectTaskRuns(tasks.all(), query, now()).map((run) => tasks.whole(run)) : []);
  }

  async countTaskRuns(owner: Owner, filter: TaskRunFilter): Promise<number> {
    return countTaskRuns(this.#use().tasks.tasksOf(owner)?.all() ?? [], filter);
  }

  async taskRunFigures(owner: Owner, filter: TaskRunFilter): Promise<Packed<RunFigures[]>> {
    return pack(figuresOf(this.#use().tasks.tasksOf(owner)?.all() ?? [], filter, now()));
  }

  async taskRunStates(owner: Owner, id: string): Promise<State[] | null> {
    return this.#use().tasks.tasksOf(owner)?.states(id) ?? null;
  }

  async stateOfTaskRun(owner: Owner, state: string): Promise<State | null> {
    return this.#use().tasks.tasksOf(owner)?.state(state) ?? null;
  }

  async taskRun(owner: Owner, id: string): Promise<TaskRun | null> {
    return this.#use().tasks.taskRun(owner, id);
  }

  async recordEvents(owner: Owner, events: readonly unknown[], reporter: Reporter): Promise<boolean | Problem> {
    const changed = this.#use().tasks.recordEvents(owner, events, reporter);
    if (isProblem(changed)) return changed;
    if (changed) this.#host.noteTaskRuns(changed);
    await this.#host.arm();
    return changed !== null;
  }

  async createTaskRun(
    owner: Owner,
    flowRunId: string,
    input: NewTaskRun & { id: string | null; offeredName: string },
    reporter: Reporter,
  ): Promise<{ kind: "created" | "existing"; taskRun: TaskRun } | Problem> {
    const created = this.#use().tasks.createTaskRun(owner, flowRunId, input, reporter);
    if (isProblem(created)) return created;
    if (created.kind === "created") {
      this.#host.noteTaskRuns([created.taskRun]);
      // Whoever made it is about to begin a subflow under it, and everybody has to know where that belongs.
      await this.#host.during(this.#host.outbox.tellTaskRun(created.taskRun));
      await this.#host.arm();
    }
    return created;
  }

  async setTaskRunState(
    owner: Owner,
    id: string,
    state: StateInput,
    how: { force: boolean; reporter: Reporter },
  ): Promise<Answer | null | Problem> {
    const needs = this.#use().tasks.taskNeeds(owner, id, state, how);
    const judged = await (needs
      ? this.#host.taking(() => this.#taskRunWithFacts(owner, id, needs, state, how))
      : this.#judgeTaskRun(owner, id, state, { ...how, gathered: NOTHING_GATHERED }));
    if (judged === null || isProblem(judged)) return judged;
    const { verdict, known } = judged;
    const entered = (verdict.kind === "accept" || verdict.kind === "reject") && verdict.changed;
    if (entered) {
      this.#host.noteTaskRuns([verdict.run]);
      await this.#host.arm();
    }
    return { entered, body: pack(verdictToWire(verdict, known.state)) };
  }

  async #taskRunWithFacts(
    owner: Owner,
    id: string,
    needs: TaskNeeds,
    state: StateInput,
    how: { force: boolean; reporter: Reporter },
  ) {
    const { ledger } = this.#host;
    const gathered = await gatherTaskFacts(this.env, owner, id, needs, now(), () => ledger.tagsHeld(id));
    const judged = await this.#judgeTaskRun(owner, id, state, { ...how, gathered });
    // It, or its reporter's claim, was gone by then.
    const unjudged = judged === null || isProblem(judged);
    if (unjudged && gathered.slots?.kind === "granted") await this.#host.freeTags(owner, { id, tags: [...needs.tags] });
    return judged;
  }

  async #judgeTaskRun(
    owner: Owner,
    id: string,
    state: StateInput,
    how: { force: boolean; reporter: Reporter; gathered: GatheredFacts },
  ) {
    const judged = this.#use().tasks.setTaskRunState(owner, id, state, how);
    if (judged === null || isProblem(judged)) return judged;
    const { verdict, known } = judged;
    if (leavesTags(verdict, how.gathered)) await this.#host.taking(() => this.#host.freeTags(owner, known));
    await this.#host.during(keepAnswers(this.env, owner, verdict, now()));
    return judged;
  }

  async renameTaskRun(owner: Owner, id: string, name: string, reporter: Reporter): Promise<"done" | Problem> {
    const renamed = this.#use().tasks.renameTaskRun(owner, id, name, reporter);
    if (isProblem(renamed)) return renamed;
    this.#host.noteTaskRuns([renamed]);
    return "done";
  }

  async removeTaskRun(owner: Owner, id: string, reporter: Reporter): Promise<"done" | Problem> {
    const done = this.#use().tasks.removeTaskRun(owner, id, reporter);
    if (done === "done") await this.#host.afterChange();
    return done;
  }

  async mirror(owner: Owner, taskRun: string, state: StateInput): Promise<void> {
    await this.setTaskRunState(owner, taskRun, state, { force: true, reporter: null });
  }

  async appendLogs(owner: Owner, lines: readonly LogLineInput[], reporter: Reporter): Promise<boolean | Problem> {
    const logs = this.#use().records.appendLogs(
      owner,
      lines.map((line) => ({ ...line, taskRunId: line.task_run_id })),
      reporter,
    );
    if (isProblem(logs)) return logs;
    if (logs) this.#host.watchers.showLogs(logs);
    return logs !== null;
  }

  async logs(owner: Owner, query: LogQuery): Promise<Log[] | null> {
    return this.#use().records.logs(owner, query);
  }

  async evidence(owner: Owner): Promise<RunEvidence | null> {
    return this.#use().waking.evidence(owner);
  }

  async reconcile(owner: Owner): Promise<boolean> {
    const head = this.#use().ledger.headOf(owner);
    if (!head) return false;
    this.#host.outbox.retell();
    await this.#host.outbox.tell(false);
    this.#host.waking.watch();
    await this.#host.arm();
    const pool = head.run.workPoolId;
    // Who has the run may be gone, and the pool have slept over it.
    if (pool && (head.claim || isWorked(head.run))) await workPoolAt(this.env, owner.workspace, pool).look(owner);
    return true;
  }

  async writeCheckpoint(
    owner: Owner,
    id: string,
    key: string,
    content: Packed<CheckpointContent>,
    how: { expected: number | null; reporter: Reporter },
  ): Promise<Packed<Checkpoint> | Problem> {
    const written = this.#use().records.writeCheckpoint(owner, id, key, unpack(content), how);
    return isProblem(written) ? written : pack(written);
  }

  async checkpoint(owner: Owner, key: string): Promise<Packed<Checkpoint> | null> {
    const checkpoint = this.#use().records.checkpointsOf(owner)?.get(key);
    return checkpoint ? pack(checkpoint) : null;
  }

  async checkpoints(owner: Owner, query: CheckpointQuery): Promise<Packed<Checkpoint[]> | null> {
    const checkpoints = this.#use().records.checkpointsOf(owner)?.list(query);
    return checkpoints ? pack(checkpoints) : null;
  }

  async removeCheckpoint(owner: Owner, id: string, key: string, reporter: Reporter): Promise<"done" | Problem> {
    return this.#use().records.removeCheckpoint(owner, id, key, reporter);
  }

  async rerun(
    owner: Owner,
    id: string,
    wishes: RerunWishes & { fromTask: string | null },
    reporter: Reporter,
  ): Promise<Packed<Omit<Birth, "id" | "offeredName">> | Problem> {
    const birth = this.#use().life.rerun(owner, id, wishes, reporter);
    return isProblem(birth) ? birth : pack(birth);
  }

  async standIns(owner: Owner): Promise<{ taskRun: string; flowRun: string }[] | null> {
    const all = this.#use().tasks.tasksOf(owner)?.all();
    if (!all) return null;
    return all.flatMap(({ id, state }) => {
      const child = state?.details.childFlowRunId;
      return child ? [{ taskRun: id, flowRun: child }] : [];
    });
  }

  async graph(owner: Owner, query: GraphQuery): Promise<Packed<WireGraph> | "too large" | null> {
    const { ledger } = this.#use();
    const run = ledger.headOf(owner)?.run;
    const states = ledger.states(owner);
    if (!run || !states) return null;
    const graph = wireGraph({ run, states }, this.#use().tasks.tasksOf(owner)?.all() ?? [], query);
    return graph === null ? "too large" : pack(graph);
  }

  async addInput(
    owner: Owner,
    id: string,
    input: Pick<RunInput, "key" | "value" | "sender">,
    reporter: Reporter,
  ): Promise<"done" | Problem> {
    return this.#use().records.addInput(owner, id, input, reporter);
  }

  async inputs(owner: Owner, query: InputQuery): Promise<RunInput[] | null> {
    return this.#use().records.inputs(owner, query);
  }

  async input(owner: Owner, key: string): Promise<RunInput | null> {
    return this.#use().records.input(owner, key);
  }

  async removeInput(owner: Owner, key: string, reporter: Reporter): Promise<"done" | Problem> {
    return this.#use().records.removeInput(owner, key, reporter);
  }

  /** Websockets of those who watch the run; the Worker has said who they are and what they want. */
  override async fetch(request: Request): Promise<Response> {
    const head = this.#use().ledger.head;
    const workspace = request.headers.get("x-millrace-workspace");
    if (!head || head.workspace !== workspace) return new Response(null, { status: 404 });
    const owner = { workspace, shard: head.shard };
    const url = new URL(request.url);
    if (url.pathname === "/logs") {
      const { filter, past } = JSON.parse(url.searchParams.get("query") ?? "{}");
      return this.#host.watchers.watchLogs(filter, past ? (this.#use().records.logs(owner, past) ?? []) : []);
    }
    return this.#host.watchers.watchRun(head, this.#use().tasks.tasksOf(owner)?.all() ?? [], now());
  }

  override webSocketMessage(): void {
    // Watchers have nothing to say; the Worker answers their pings.
  }

  override webSocketClose(socket: WebSocket): void {
    socket.close();
  }

  override async alarm(): Promise<void> {
    await this.#host.ring();
  }

  /** The run, for a call that came in. */
  #use(): Host {
    this.#host.touch();
    return this.#host;
  }

  #body(run: FlowRunRecord): PackedRun {
    return pack(flowRunToWire(run, now()));
  }

  async #answer(verdict: Verdict | Problem): Promise<Answer | Problem> {
    if (isProblem(verdict)) return verdict;
    const entered = (verdict.kind === "accept" || verdict.kind === "reject") && verdict.changed;
    if (entered) await this.#host.afterChange();
    return { entered, body: pack(verdictToWire(verdict, this.#host.ledger.head?.run.state ?? null)) };
  }

  async #done(done: "done" | "stale"): Promise<"done" | "stale"> {
    if (done === "done") await this.#host.afterChange();
    return done;
  }
}
