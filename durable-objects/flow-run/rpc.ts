/** What others may ask of a flow run's object. Every answer is a value: a verdict, a record as wire text, or a Problem. */
import type { AssignedDeployment } from "@millrace/contract/channels/agent.ts";
import type { WireFlowRun, WireOrchestration } from "@millrace/contract/flow-runs.ts";
import type { LogLineInput } from "@millrace/contract/logs.ts";
import type { WireGraph } from "@millrace/contract/run-graphs.ts";
import type { LogFilter } from "@millrace/domain/filter/logs.ts";
import type { LogSort } from "@millrace/domain/filter/order.ts";
import type { Cancelled, Receipt } from "@millrace/domain/flow-run/cancellation.ts";
import type { Checkpoint, CheckpointContent } from "@millrace/domain/flow-run/checkpoint.ts";
import type { RunEvidence } from "@millrace/domain/flow-run/diagnosis.ts";
import type { Exit } from "@millrace/domain/flow-run/exit.ts";
import type { RerunWishes } from "@millrace/domain/flow-run/rerun.ts";
import type { FlowRun } from "@millrace/domain/flow-run/run.ts";
import type { JsonObject } from "@millrace/domain/json.ts";
import type { Log } from "@millrace/domain/log.ts";
import type { Problem } from "@millrace/domain/problem.ts";
import type { State, StateInput } from "@millrace/domain/state.ts";
import type { NewTaskRun } from "@millrace/domain/task-run/create.ts";
import type { TaskRun } from "@millrace/domain/task-run/run.ts";
import type { Announcement } from "../event-hub/rpc.ts";
import type { Packed } from "../kit/packed.ts";
import type { TaskRunsRpc } from "../kit/task-runs-rpc.ts";
import type { Offer } from "../work-pool/rpc.ts";
import type { Reporter } from "./admission.ts";
import type { CheckpointQuery } from "./checkpoints.ts";
import type { Refused } from "./claims.ts";
import type { GraphQuery } from "./graph.ts";
import type { InputQuery, RunInput } from "./inputs.ts";
import type { Owner } from "./ledger.ts";
import type { Birth, Edit, Proposal } from "./lifecycle.ts";

export { isProblem, type Reporter } from "./admission.ts";
export type { DeploymentLimit } from "./deployment-slot.ts";
export { heartbeatOf } from "./heartbeats.ts";
export type { InputQuery, RunInput } from "./inputs.ts";
export type { Owner } from "./ledger.ts";
export type { Birth, Edit } from "./lifecycle.ts";
export { flowRunRow } from "./projection.ts";

/** A verdict as the wire tells it. `entered`: a state was put in place by it. */
export interface Answer {
  entered: boolean;
  body: Packed<WireOrchestration>;
}

/** A run as the wire shows it. */
export type PackedRun = Packed<WireFlowRun>;

export interface Created {
  kind: "created" | "existing";
  body: PackedRun;
  /** For the hub, from a caller who wants the run found in lists before it answers; null where the index is known to have it. */
  announcement: Packed<Announcement[]> | null;
}

export interface LogQuery {
  filter: LogFilter;
  sort: LogSort;
  limit: number;
  offset: number;
}

export interface Record {
  run: FlowRun;
  parentFlowRunId: string | null;
}

export type ClaimAnswer =
  | { kind: "claimed"; generation: number; run: FlowRun; flowName: string; deployment: AssignedDeployment | null }
  | Refused
  | Problem;

export interface FlowRunRpc extends TaskRunsRpc<Reporter> {
  /** Begins the run, or answers the one that has the id. */
  create(owner: Owner, birth: Packed<Birth>): Promise<Created | Problem>;
  /** The run as the wire shows it; null where it is not there. */
  read(owner: Owner): Promise<PackedRun | null>;
  record(owner: Owner): Promise<Record | null>;
  propose(owner: Owner, id: string, state: Packed<StateInput>, how: Proposal): Promise<Answer | Problem>;
  /** The parent of this run is being cancelled, or was; answers the name of the state that the run is in then. */
  cancelWith(owner: Owner, id: string, parent: Cancelled): Promise<string | null>;
  /** What was asked of the nodes below the run when it was cancelled; null where the run is not there. */
  receipts(owner: Owner): Promise<readonly Receipt[] | null>;
  retry(owner: Owner, id: string, reporter: Reporter): Promise<Answer | Problem>;
  /** Lets a paused run go on, and keeps the answer that it asked for. */
  resume(owner: Owner, id: string, answer: JsonObject | null, reporter: Reporter): Promise<Answer | Problem>;
  edit(owner: Owner, id: string, edit: Edit, reporter: Reporter): Promise<"done" | Problem>;
  remove(owner: Owner, id: string): Promise<"done" | Problem>;
  /** Deletes a run of a schedule that nobody has begun. "begun": it stays. */
  discard(owner: Owner, id: string): Promise<"gone" | "begun">;
  states(owner: Owner): Promise<State[] | null>;

  claim(owner: Owner, id: string, claimant: { agent: string; session: string }): Promise<ClaimAnswer>;
  finish(owner: Owner, generation: number, how: Exit): Promise<"done" | "stale">;
  /** "begun": the run is neither SCHEDULED nor PENDING, and nothing was changed. */
  release(owner: Owner, generation: number): Promise<"done" | "stale" | "begun">;
  lose(owner: Owner, generation: number): Promise<"done" | "stale">;
  /** Whether this claim is the live one. */
  holds(owner: Owner, generation: number): Promise<boolean>;

  /** The run as its pool is offered it, and the pool; null where it does not wait in one. */
  waitsIn(owner: Owner): Promise<{ pool: string; offer: Offer } | null>;
  /** Whether somebody works on the run, or is about to. */
  isWorked(owner: Owner): Promise<boolean>;
  /** The pool is gone: a run that waits in it waits for nobody. */
  leavePool(owner: Owner, pool: string): Promise<void>;

  /** Records events of task runs and heartbeats of the run, in the order given; false where the run is not there. */
  recordEvents(owner: Owner, events: readonly unknown[], reporter: Reporter): Promise<boolean | Problem>;
  createTaskRun(
    owner: Owner,
    flowRunId: string,
    input: NewTaskRun & { id: string | null; offeredName: string },
    reporter: Reporter,
  ): Promise<{ kind: "created" | "existing"; taskRun: TaskRun } | Problem>;
  /** The stand-in of a subflow follows it. */
  mirror(owner: Owner, taskRun: string, state: StateInput): Promise<void>;

  /** Stores lines; false where the run is not there. */
  appendLogs(owner: Owner, lines: readonly LogLineInput[], reporter: Reporter): Promise<boolean | Problem>;
  logs(owner: Owner, query: LogQuery): Promise<Log[] | null>;

  addInput(
    owner: Owner,
    id: string,
    input: Pick<RunInput, "key" | "value" | "sender">,
    reporter: Reporter,
  ): Promise<"done" | Problem>;
  /** Null where the run is not there. */
  inputs(owner: Owner, query: InputQuery): Promise<RunInput[] | null>;
  input(owner: Owner, key: string): Promise<RunInput | null>;
  removeInput(owner: Owner, key: string, reporter: Reporter): Promise<"done" | Problem>;

  /** Keeps a value; `expected`: only over that version, 0 standing for none. */
  writeCheckpoint(
    owner: Owner,
    id: string,
    key: string,
    content: Packed<CheckpointContent>,
    how: { expected: number | null; reporter: Reporter },
  ): Promise<Packed<Checkpoint> | Problem>;
  checkpoint(owner: Owner, key: string): Promise<Packed<Checkpoint> | null>;
  /** Null where the run is not there. */
  checkpoints(owner: Owner, query: CheckpointQuery): Promise<Packed<Checkpoint[]> | null>;
  removeCheckpoint(owner: Owner, id: string, key: string, reporter: Reporter): Promise<"done" | Problem>;
  /** What a repetition of the run is created from; with `fromTask`, with what was kept before that began. */
  rerun(
    owner: Owner,
    id: string,
    wishes: RerunWishes & { fromTask: string | null },
    reporter: Reporter,
  ): Promise<Packed<Omit<Birth, "id" | "offeredName">> | Problem>;

  /** The task runs that stand for subflows, with those. Null where the run is not there. */
  standIns(owner: Owner): Promise<{ taskRun: string; flowRun: string }[] | null>;
  /** The run's graph, unless it has too many nodes. Null where the run is not there. */
  graph(owner: Owner, query: GraphQuery): Promise<Packed<WireGraph> | "too large" | null>;
  /** What the run's object has on record of why it does not run; null where the run is not there. */
  evidence(owner: Owner): Promise<RunEvidence | null>;

  /** Compares with what the index shows, and tells again what it lacks. False where the run is not there. */
  reconcile(owner: Owner): Promise<boolean>;
}
