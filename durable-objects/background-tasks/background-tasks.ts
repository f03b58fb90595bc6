/**
 * The only writer of a workspace's task runs that belong to no flow run, and the counter at which task workers fetch them.
 *
 * The ledger is desk.ts, the sockets are workers.ts. One object a workspace: a worker takes tasks of several keys in the order in
 * which they wait, and a task run is found by its id alone. Where it stops is said in docs/decisions.
 */
import { DurableObject } from "cloudflare:workers";
import { verdictToWire } from "@millrace/contract/flow-runs.ts";
import type { LogLineInput } from "@millrace/contract/logs.ts";
import type { LogFilter } from "@millrace/domain/filter/logs.ts";
import type { LogSort } from "@millrace/domain/filter/order.ts";
import type { TaskRunFilter } from "@millrace/domain/filter/task-runs.ts";
import type { Log } from "@millrace/domain/log.ts";
import type { Problem } from "@millrace/domain/problem.ts";
import type { State, StateInput } from "@millrace/domain/state.ts";
import type { TaskRun } from "@millrace/domain/task-run/run.ts";
import {
  countTaskRuns,
  figuresOf,
  type RunFigures,
  selectTaskRuns,
  type TaskRunQuery,
} from "@millrace/domain/task-run/select.ts";
import { uuidv7 } from "uuidv7";
import type { ObjectEnv } from "../env.ts";
import { now } from "../kit/alarms.ts";
import { type Packed, pack } from "../kit/packed.ts";
import { SqliteStore } from "../kit/store.ts";
import type { Judged, TaskRunsOwner as Owner } from "../kit/task-runs-rpc.ts";
import { freeTagSlots, gatherTaskFacts, keepAnswers, leavesTags, NOTHING_GATHERED } from "../task-facts.ts";
import { Desk, type NewBackgroundTask } from "./desk.ts";
import type { BackgroundTasksRpc, TaskWorker } from "./rpc.ts";
import { TaskWorkers } from "./workers.ts";

export class BackgroundTasks extends DurableObject<ObjectEnv> implements BackgroundTasksRpc {
  readonly #desk: Desk;
  readonly #workers: TaskWorkers;

  constructor(ctx: DurableObjectState, env: ObjectEnv) {
    super(ctx, env);
    this.#desk = new Desk(new SqliteStore(ctx.storage), { now, newId: uuidv7 });
    this.#workers = new TaskWorkers(ctx, this.#desk);
  }

  async create(
    owner: Owner,
    input: NewBackgroundTask,
  ): Promise<{ kind: "created" | "existing"; taskRun: TaskRun } | Problem> {
    if (!this.#isMine(owner)) return { code: "not_found", what: "workspace", id: owner.workspace };
    const created = this.#desk.create(input);
    if ("kind" in created && created.kind === "created") this.#workers.handOut();
    return created;
  }

  async record(owner: Owner, events: readonly unknown[]): Promise<void> {
    if (this.#isMine(owner)) this.#desk.record(events);
  }

  async known(owner: Owner, ids: readonly string[]): Promise<string[]> {
    return this.#isMine(owner) ? ids.filter((id) => this.#desk.get(id) !== null) : [];
  }

  async findTaskRuns(owner: Owner, query: TaskRunQuery): Promise<Packed<TaskRun[]>> {
    const selected = selectTaskRuns(this.#all(owner), query, now());
    return pack(selected.map(({ id }) => this.#desk.get(id)).filter((run) => run !== null));
  }

  async countTaskRuns(owner: Owner, filter: TaskRunFilter): Promise<number> {
    return countTaskRuns(this.#all(owner), filter);
  }

  async taskRunFigures(owner: Owner, filter: TaskRunFilter): Promise<Packed<RunFigures[]>> {
    return pack(figuresOf(this.#all(owner), filter, now()));
  }

  async taskRun(owner: Owner, id: string): Promise<TaskRun | null> {
    return this.#isMine(owner) ? this.#desk.get(id) : null;
  }

  async taskRunStates(owner: Owner, id: string): Promise<State[] | null> {
    return this.#isMine(owner) ? this.#desk.states(id) : null;
  }

  async stateOfTaskRun(owner: Owner, state: string): Promise<State | null> {
    return this.#isMine(owner) ? this.#desk.state(state) : null;
  }

  async setTaskRunState(
    owner: Owner,
    id: string,
    state: StateInput,
    { force }: { force: boolean },
  ): Promise<Judged | null | Problem> {
    if (!this.#isMine(owner)) return null;
    const needs = this.#desk.needs(id, state, { force });
    const gathered = needs ? await gatherTaskFacts(this.env, owner, id, needs, now()) : NOTHING_GATHERED;
    const judged = this.#desk.propose(id, state, { force, gathered });
    if (judged === null || "code" in judged) {
      // It was gone by the time that it had a slot.
      if (gathered.slots?.kind === "granted")
        await freeTagSlots(this.env, owner, { id, tags: [...(needs?.tags ?? [])] });
      return judged;
    }
    this.#workers.handOut();
    const { verdict, known } = judged;
    if (leavesTags(verdict, gathered)) await freeTagSlots(this.env, owner, known);
    await keepAnswers(this.env, owner, verdict, now());
    const entered = (verdict.kind === "accept" || verdict.kind === "reject") && verdict.changed;
    return { entered, body: pack(verdictToWire(verdict, known.state)) };
  }

  async renameTaskRun(owner: Owner, id: string, name: string): Promise<"done" | Problem> {
    return this.#isMine(owner) && this.#desk.rename(id, name) ? "done" : notFound(id);
  }

  async removeTaskRun(owner: Owner, id: string): Promise<"done" | Problem> {
    const known = this.#isMine(owner) ? this.#desk.get(id) : null;
    // Once it is forgotten nobody knows what it had.
    if (known) await freeTagSlots(this.env, owner, known);
    return known && this.#desk.remove(id) ? "done" : notFound(id);
  }

  async workers(owner: Owner, keys: readonly string[]): Promise<TaskWorker[]> {
    return this.#isMine(owner) ? this.#workers.list(keys) : [];
  }

  async appendLogs(owner: Owner, lines: readonly LogLineInput[]): Promise<void> {
    if (!this.#isMine(owner)) return;
    this.#desk.appendLogs(
      lines.flatMap(({ task_run_id: taskRunId, ...line }) => (taskRunId ? [{ ...line, taskRunId }] : [])),
    );
  }

  async logs(
    owner: Owner,
    ids: readonly string[],
    query: { filter: LogFilter; sort: LogSort; limit: number },
  ): Promise<Log[]> {
    return this.#isMine(owner) ? this.#desk.logs(ids, query) : [];
  }

  /** A task worker's websocket; the Worker has said whose it is, and what it wants. */
  override async fetch(request: Request): Promise<Response> {
    const { workspace, clientId, keys } = JSON.parse(new URL(request.url).searchParams.get("worker") ?? "{}");
    if (workspace !== this.ctx.id.name) return new Response(null, { status: 404 });
    return this.#workers.open(clientId, keys);
  }

  override webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): void {
    this.#workers.hear(socket, String(message));
  }

  override webSocketClose(socket: WebSocket): void {
    socket.close();
    this.#workers.left(socket);
  }

  override async alarm(): Promise<void> {
    this.#workers.ring();
  }

  #isMine = ({ workspace }: Owner): boolean => workspace === this.ctx.id.name;

  #all = (owner: Owner): Iterable<TaskRun> => (this.#isMine(owner) ? this.#desk.all() : []);
}

const notFound = (id: string): Problem => ({ code: "not_found", what: "task run", id });
