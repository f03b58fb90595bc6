/**
 * All that one flow run knows and decides, over a store and a clock. The object around it (flow-run.ts) adds the network:
 * calls, alarms, sockets. The simulation of test/faults drives this class as it is.
 *
 * FO1  Every method reads, decides in domain/, and commits in one transaction.
 * FO2  What others must learn is remembered as `version > told` in the head, and told after the commit, as often as it takes.
 * FO3  A report under a claim that is not the current one changes nothing.
 * FO4  Another workspace than the owner's gets the answer for a run that does not exist.
 */
import { type Alarms, clearAlarms, due, setAlarm } from "@millrace/domain/alarms.ts";
import {
  answeredAt,
  askedAt,
  CANCELLED_TASK,
  liveNodes,
  type Receipt,
} from "@millrace/domain/flow-run/cancellation.ts";
import {
  type Checkpoint,
  type CheckpointContent,
  MOST_CHECKPOINTS,
  written,
  writtenBefore,
} from "@millrace/domain/flow-run/checkpoint.ts";
import {
  type Claim,
  type Claimant,
  type ClaimRefusal,
  claim,
  finish,
  isWorked,
  type LossPolicy,
  lost,
  release,
  waitsInProcess,
} from "@millrace/domain/flow-run/claim.ts";
import { type NewFlowRun, newFlowRun } from "@millrace/domain/flow-run/create.ts";
import { decide, type Verdict } from "@millrace/domain/flow-run/decide.ts";
import type { RunEvidence } from "@millrace/domain/flow-run/diagnosis.ts";
import { afterExit, type Exit, meantBy } from "@millrace/domain/flow-run/exit.ts";
import { type SlotNeed, slotNeed } from "@millrace/domain/flow-run/needs.ts";
import { corePolicy, type FlowRunPolicy, minimalPolicy, unruled } from "@millrace/domain/flow-run/policy.ts";
import { beginningOf, type RerunWishes, rerunOf } from "@millrace/domain/flow-run/rerun.ts";
import { type Resumption, resumption } from "@millrace/domain/flow-run/resumption.ts";
import { retry } from "@millrace/domain/flow-run/retry.ts";
import { type Effect, NO_FACTS, type SlotAnswer } from "@millrace/domain/flow-run/rule.ts";
import { releaseSlot } from "@millrace/domain/flow-run/rules/release-slot.ts";
import type { FlowRun, RunPolicy } from "@millrace/domain/flow-run/run.ts";
import { elapsed, silentBy, TIMERS, timersOf } from "@millrace/domain/flow-run/timers.ts";
import type { JsonObject } from "@millrace/domain/json.ts";
import type { Log } from "@millrace/domain/log.ts";
import type { Problem } from "@millrace/domain/problem.ts";
import { isTerminal, newState, type State, type StateInput } from "@millrace/domain/state.ts";
import { type NewTaskRun, newTaskRun } from "@millrace/domain/task-run/create.ts";
import { decideTaskRun, type TaskVerdict } from "@millrace/domain/task-run/decide.ts";
import { type TaskNeeds, taskNeeds } from "@millrace/domain/task-run/needs.ts";
import { policyForTaskRun } from "@millrace/domain/task-run/policy.ts";
import { NO_FACTS as NO_TASK_FACTS } from "@millrace/domain/task-run/rule.ts";
import type { TaskRun } from "@millrace/domain/task-run/run.ts";
import { setTaskRunState } from "@millrace/domain/task-run/set-state.ts";
import { type Instant, plusSeconds } from "@millrace/domain/time.ts";
import { violations } from "../kit/json-schema.ts";
import { type Line, Logs } from "../kit/logs.ts";
import type { Store } from "../kit/store.ts";
import type { GatheredFacts } from "../task-facts.ts";
import { isProblem, notFound, type Reporter, refusal, tooLarge } from "./admission.ts";
import { Checkpoints } from "./checkpoints.ts";
import { type Duty, dutyOf } from "./duties.ts";
import { allStates, type Head, readHead, type Surroundings, writeHead } from "./head.ts";
import { Heartbeats, heartbeatOf } from "./heartbeats.ts";
import { type InputQuery, Inputs, type RunInput } from "./inputs.ts";
import { TaskRuns } from "./task-runs.ts";

/** Who owns a run, and where its workspace's index is. */
export interface Owner {
  workspace: string;
  shard: number;
}

/** A claim that was not granted; `held`: who has the run instead. */
export interface Refused {
  kind: "refused";
  reason: ClaimRefusal;
  held: { session: string; generation: number } | null;
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
}

export interface Birth extends NewFlowRun {
  id: string;
  /** The name it gets where it was given none. */
  offeredName: string;
  lossPolicy: LossPolicy;
  surroundings: Surroundings;
  /** What the run knows from the one of which it is the repetition. */
  checkpoints?: readonly Checkpoint[];
}

/** A change of the fields that people may edit. */
export interface Edit {
  name?: string | null;
  flowVersion?: string | null;
  parameters?: JsonObject;
  policy?: RunPolicy;
  tags?: string[];
  infrastructurePid?: string | null;
  jobVariables?: JsonObject | null;
  /** Added to those that are there. */
  labels?: JsonObject;
}

/** How a state is proposed. */
export interface Proposal {
  force: boolean;
  reporter: Reporter;
  /** False: the caller is a client that does not know of leases. */
  renewsLeases?: boolean;
}

/** As an agent proposes PENDING by its claim. */
export const BY_CLAIM: Proposal = { force: false, reporter: null };

/** Transitions that are remembered, so that a late copy of one is not taken for another. */
const MOST_TRANSITIONS = 50;
/** How the infrastructure of a run that an agent has is called. */
const AGENT = "agent:";
const REMOVED = "removed";
/** Bytes of checkpoints that a repetition takes over: they travel with its creation. */
const MOST_CARRIED = 16 * 1024 * 1024;
/** A task run that no row can hold: its inputs, labels or tags are the only fields that may be so large. */
const TASK_RUN_TOO_LARGE: Problem = { code: "too_large", what: "task run", limit: 450_000, unit: "characters" };
/** Seconds after which a subflow that did not answer is asked again. */
const REASK_SECONDS = 10;
/** Seconds after which a slot that could not be given back is given back again. */
const REFREE_SECONDS = 10;
/** Seconds after which what could not be told is told again. */
const RETELL_SECONDS = 5;

interface Saving {
  seen?: boolean;
  effects?: readonly Effect[];
}

/** Why a proposal is not even judged. */
const turnedAway = (head: Head, proposed: StateInput, { reporter }: { reporter: Reporter }): Problem | null =>
  refusal(head, reporter) ?? tooLarge({ "state.data": proposed.data });

/** What follows from the state that a run has entered, whoever brought it there. */
function effectsOf({ states }: Head, run: FlowRun): readonly Effect[] {
  const from = states.at(-1) ?? null;
  if (run.state === null || run.state.id === from?.id) return [];
  return releaseSlot.effects({ run, from, state: run.state, rejected: false, facts: NO_FACTS });
}

export class Ledger {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #taskRuns: TaskRuns;
  readonly #logs: Logs;
  readonly #beats: Heartbeats;
  readonly #inputs: Inputs;
  readonly #checkpoints: Checkpoints;
  /** `undefined`: not read yet. */
  #head: Head | null | undefined;
  #duties: Duty[] = [];
  readonly #cancelledTasks: TaskRun[] = [];

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
    this.#taskRuns = new TaskRuns(store, () => ({ flowRunId: this.head?.run.id ?? null }));
    this.#logs = new Logs(store);
    this.#beats = new Heartbeats(store);
    this.#inputs = new Inputs(store);
    this.#checkpoints = new Checkpoints(store);
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

  get alarms(): Alarms {
    return this.head?.alarms ?? {};
  }

  /** What is to be done since the last call. */
  takeDuties(): Duty[] {
    const duties = this.#duties;
    this.#duties = [];
    return duties;
  }

  /** Begins the run; the run that is there already where the id is taken, as by an idempotency key. */
  create(owner: Owner, birth: Birth): { kind: "created" | "existing"; run: FlowRun } | Problem {
    if (this.removed) return { code: "unavailable", what: "run of this key, which is being deleted,", retryAfter: 5 };
    if (this.head) return this.headOf(owner) ? { kind: "existing", run: this.head.run } : notFound(birth.id);
    const refused = tooLarge({
      parameters: birth.parameters,
      context: birth.context,
      job_variables: birth.jobVariables,
      "state.data": birth.state?.data,
    });
    if (refused) return refused;
    const now = this.#clock.now();
    const { id, offeredName, lossPolicy, surroundings, checkpoints = [], ...input } = birth;
    const run = newFlowRun(input, { id, name: offeredName, now, newId: this.#clock.newId });
    const head: Head = {
      workspace: owner.workspace,
      shard: owner.shard,
      run,
      version: 0,
      told: 0,
      toldStates: 0,
      generation: 0,
      claim: null,
      lossPolicy,
      alarms: {},
      offers: 0,
      transitions: [],
      surroundings,
      states: [],
    };
    this.#transact(() => {
      for (const checkpoint of checkpoints) this.#checkpoints.put(checkpoint);
      this.#save(head, run);
    });
    this.#taskRuns.begin();
    return { kind: "created", run };
  }

  /** What a proposal needs of the limit of the run's deployment; null: nothing, or there is none. */
  slotNeed(owner: Owner, proposed: StateInput, how: Proposal): SlotNeed | null {
    const head = this.headOf(owner);
    if (!head?.surroundings.limit || turnedAway(head, proposed, how)) return null;
    const { force, renewsLeases = true } = how;
    const to = newState(proposed, { id: "", now: this.#clock.now() });
    return slotNeed(head.run, to, { force, renewsLeases });
  }

  /** Judges a proposed state, and enters what the rules put in place. */
  propose(
    owner: Owner,
    id: string,
    proposed: StateInput,
    { force, reporter, slot = null, renewsLeases = true }: Proposal & { slot?: SlotAnswer | null },
  ): Verdict | Problem {
    const head = this.headOf(owner);
    if (!head) return notFound(id);
    const refused = refusal(head, reporter);
    if (refused) return refused;
    const current = head.run.state;
    if (reporter?.run === id && current && isTerminal(current.type)) {
      // A process reports its end once; whatever comes after is a repetition that was late.
      return {
        kind: "reject",
        run: head.run,
        state: current,
        changed: false,
        effects: [],
        reason: "The run has ended.",
      };
    }
    const large = tooLarge({ "state.data": proposed.data });
    if (large) return large;
    const now = this.#clock.now();
    const { newId } = this.#clock;
    const said = reporter?.run === id ? meantBy(proposed, current) : proposed;
    const to = newState(said, { id: newId(), now });
    const transition = to.details.transitionId;
    if (transition !== null && current && head.transitions.includes(transition)) {
      return {
        kind: "reject",
        run: head.run,
        state: current,
        changed: false,
        effects: [],
        reason: "This transition was made before.",
      };
    }
    const verdict = decide(force ? minimalPolicy : corePolicy, {
      ...{ run: head.run, to, now, newId },
      facts: { slot, renewsLeases },
    });
    if ((verdict.kind === "accept" || verdict.kind === "reject") && verdict.changed) {
      const transitions =
        transition === null ? head.transitions : [...head.transitions, transition].slice(-MOST_TRANSITIONS);
      this.#enter({ ...head, transitions }, verdict.run, verdict.effects);
    }
    return verdict;
  }

  /** One more attempt of a run that has ended. */
  retry(owner: Owner, id: string, reporter: Reporter): Verdict | Problem {
    const head = this.headOf(owner);
    if (!head) return notFound(id);
    const refused = refusal(head, reporter);
    if (refused) return refused;
    const verdict = retry(head.run, { now: this.#clock.now(), newId: this.#clock.newId });
    if (verdict.kind === "accept") this.#leave({ ...head, claim: null, generation: head.generation + 1 }, verdict.run);
    return verdict;
  }

  /** Lets a paused run go on; the answer that it asked for is kept with the state, or not at all. */
  resume(
    owner: Owner,
    id: string,
    given: JsonObject | null,
    reporter: Reporter,
  ): Verdict | Extract<Resumption, { kind: "refuse" }> | Problem {
    const head = this.headOf(owner);
    if (!head) return notFound(id);
    const refused = refusal(head, reporter) ?? tooLarge({ run_input: given });
    if (refused) return refused;
    const now = this.#clock.now();
    const read = (key: string): string | null => this.#inputs.get(key)?.value ?? null;
    const going = resumption(head.run.state, given, { read, objection, now });
    if (going.kind === "refuse") return going;
    const { state, answer } = going;
    return this.#transact(() => {
      const verdict = this.propose(owner, id, state, { force: false, reporter });
      if (answer && !isProblem(verdict) && verdict.kind === "accept")
        this.#inputs.put({ id: this.#clock.newId(), sender: null, created: now, ...answer });
      return verdict;
    });
  }

  edit(owner: Owner, id: string, edit: Edit, reporter: Reporter): "done" | Problem {
    const head = this.headOf(owner);
    if (!head) return notFound(id);
    const refused =
      refusal(head, reporter) ?? tooLarge({ parameters: edit.parameters, job_variables: edit.jobVariables });
    if (refused) return refused;
    const { run } = head;
    if (edit.jobVariables && run.state?.type !== "SCHEDULED") {
      return {
        code: "conflict",
        what: "flow run",
        is: run.state?.type ?? "without a state",
        must: "Job variables are changed while a run is SCHEDULED.",
      };
    }
    const next: FlowRun = {
      ...run,
      name: edit.name || run.name,
      flowVersion: edit.flowVersion ?? run.flowVersion,
      parameters: edit.parameters ?? run.parameters,
      policy: edit.policy ?? run.policy,
      tags: edit.tags ?? run.tags,
      infrastructurePid: edit.infrastructurePid ?? run.infrastructurePid,
      jobVariables: edit.jobVariables ?? run.jobVariables,
      labels: { ...run.labels, ...edit.labels },
      updated: this.#clock.now(),
    };
    // A label may say how long the run may go on from now.
    const { timeout } = timersOf(next);
    const without = clearAlarms(head.alarms, ["timeout"]);
    const alarms = timeout === undefined ? without : setAlarm(without, "timeout", timeout);
    this.#transact(() => this.#save({ ...head, alarms }, next));
    return "done";
  }

  /**
   * Forgets the run with all that belongs to it. What remains, until lists have forgotten it too, is a mark that it was here: see
   * `removed` and `buried`.
   */
  remove(owner: Owner, id: string): FlowRun | Problem {
    const head = this.headOf(owner);
    if (!head) return notFound(id);
    const duty: Duty | null = head.claim
      ? { kind: "cancel", generation: head.claim.generation }
      : head.run.workPoolId
        ? { kind: "withdraw" }
        : null;
    const { workspace, shard } = owner;
    this.#transact(() => {
      this.#store.clear();
      this.#store.put(REMOVED, JSON.stringify({ workspace, shard, id, created: head.run.created } satisfies Removed));
    });
    this.#head = null;
    this.#forget();
    if (duty) this.#duties.push(duty);
    return head.run;
  }

  /** The run that was here, while lists may still show it. */
  get removed(): Removed | null {
    return this.head ? null : (JSON.parse(this.#store.get(REMOVED) ?? "null") as Removed | null);
  }

  /** Lists have forgotten the run. */
  buried(): void {
    if (this.removed) this.#store.clear();
  }

  states(owner: Owner): State[] | null {
    const head = this.headOf(owner);
    return head && allStates(this.#store, head);
  }

  /** Gives the run to an agent's session. */
  claim(
    owner: Owner,
    id: string,
    claimant: Omit<Claimant, "now">,
    slot: SlotAnswer | null,
  ): { kind: "claimed"; claim: Claim; run: FlowRun } | Refused | Problem {
    const head = this.headOf(owner);
    if (!head) return notFound(id);
    const now = this.#clock.now();
    const outcome = claim(head, { ...claimant, now });
    if (outcome.kind === "refused") {
      const { claim: held } = head;
      return { ...outcome, held: held && { session: held.session, generation: held.generation } };
    }
    // An agent that has the run is told of by PENDING, so that people see that it left the queue.
    const pending = newState(
      { type: "PENDING", message: `Given to agent ${claimant.agent}.` },
      { id: this.#clock.newId(), now },
    );
    const verdict = decide(corePolicy, {
      run: head.run,
      to: pending,
      now,
      newId: this.#clock.newId,
      facts: { ...NO_FACTS, slot },
    });
    if (verdict.kind === "reject" && verdict.changed) {
      // Its deployment has no slot left: it waits for one, or is cancelled.
      this.#enter(head, verdict.run, verdict.effects);
      return { kind: "refused", reason: "no_slot", held: null };
    }
    if (slot?.kind === "closed") return { kind: "refused", reason: "no_slot", held: null };
    const entered = verdict.kind === "accept" ? verdict.run : head.run;
    // Who has the run is its infrastructure: from now on a cancellation waits until that is gone.
    const run = { ...entered, infrastructurePid: AGENT + claimant.agent };
    this.#enter({ ...outcome.head, offers: 0, alarms: clearAlarms(head.alarms, ["offer", "due"]) }, run);
    return { kind: "claimed", claim: outcome.claim, run };
  }

  /** The process of a claim is gone. A run that it did not bring to an end is ended now. */
  finish(owner: Owner, generation: number, how: Exit): "done" | "stale" {
    const head = this.headOf(owner);
    const next = head && finish(head, generation);
    if (!head || !next) return "stale";
    const run = afterExit(next.run, how, { now: this.#clock.now(), newId: this.#clock.newId });
    this.#leave({ ...next, alarms: clearAlarms(next.alarms, ["cancel"]) }, run);
    return "done";
  }

  /** A claim is given back before anything ran; the run is offered again. One that has begun is not touched. */
  release(owner: Owner, generation: number): "done" | "stale" | "begun" {
    const head = this.headOf(owner);
    if (!head || head.claim?.generation !== generation) return "stale";
    const type = head.run.state?.type;
    if ((type !== "SCHEDULED" && type !== "PENDING") || waitsInProcess(head.run)) return "begun";
    const next = release(head, generation);
    if (!next) return "stale";
    const now = this.#clock.now();
    const { newId } = this.#clock;
    const to = newState({ type: "SCHEDULED" }, { id: newId(), now });
    const waiting = type === "PENDING" ? decide(unruled, { run: next.run, to, now, newId, facts: NO_FACTS }) : null;
    this.#leave(next, waiting?.kind === "accept" ? waiting.run : next.run);
    return "done";
  }

  /** The agent of a claim is gone for longer than its lease. */
  lose(owner: Owner, generation: number): "done" | "stale" {
    const head = this.headOf(owner);
    const { newId } = this.#clock;
    const loss = head && lost(head, generation, head.lossPolicy, { now: this.#clock.now(), newId });
    if (!head || !loss) return "stale";
    this.#leave({ ...loss.head, alarms: clearAlarms(loss.head.alarms, ["cancel"]) }, loss.head.run);
    return "done";
  }

  /** The pool is gone. False where the run has nothing to do with it any more. */
  leavePool(owner: Owner, pool: string): boolean {
    const head = this.headOf(owner);
    if (!head || head.claim || head.run.workPoolId !== pool || isWorked(head.run)) return false;
    const nowhere = { workPoolId: null, workPoolName: null, workQueueId: null, workQueueName: null };
    const run = { ...head.run, ...nowhere, updated: this.#clock.now() };
    this.#transact(() => this.#save({ ...head, offers: 0 }, run));
    return true;
  }

  /** Ids of all task runs, whoever asks. */
  taskRunIds(): string[] {
    return this.#taskRuns.ids();
  }

  /** The task runs, to be read. */
  tasksOf(owner: Owner): TaskRuns | null {
    return this.headOf(owner) && this.#taskRuns;
  }

  taskRun(owner: Owner, id: string): TaskRun | null {
    return this.headOf(owner) && this.#taskRuns.get(id);
  }

  /** Records events of task runs, and of the run's own life; answers the task runs that changed, or null where the run is not there. */
  recordEvents(owner: Owner, events: readonly unknown[], reporter: Reporter): TaskRun[] | null | Problem {
    const head = this.headOf(owner);
    if (!head) return null;
    const refused = refusal(head, reporter);
    if (refused) return refused;
    const { run } = head;
    return this.#transact(() => {
      const before = this.#taskRuns.count;
      const now = this.#clock.now();
      if (events.some((event) => heartbeatOf(event) === run.id)) this.#beat(head, now);
      const changed = this.#taskRuns.record(events, now);
      // Of a run that has ended the row was told for the last time: one with more task runs has to be told anew.
      const over = run.state !== null && isTerminal(run.state.type);
      if (over && this.#taskRuns.count > before) this.#save(this.head ?? head, run);
      return changed;
    });
  }

  /** Makes a task run over the API; answers the one that has its id or its keys. */
  createTaskRun(
    owner: Owner,
    flowRunId: string,
    input: NewTaskRun & { id: string | null; offeredName: string },
    reporter: Reporter,
  ): { kind: "created" | "existing"; taskRun: TaskRun } | Problem {
    const head = this.headOf(owner);
    if (!head) return notFound(flowRunId);
    const refused = refusal(head, reporter);
    if (refused) return refused;
    const known = this.#taskRuns.find(input.id, input.taskKey, input.dynamicKey);
    if (known) return { kind: "existing", taskRun: known };
    const { newId } = this.#clock;
    const { id, offeredName, ...rest } = input;
    const inheritedLabels = head.run.labels;
    const taskRun = newTaskRun(
      { inheritedLabels, ...rest },
      { id: id ?? newId(), name: offeredName, now: this.#clock.now(), newId, flowRun: head.run },
    );
    if (!this.#transact(() => this.#taskRuns.put(taskRun))) return TASK_RUN_TOO_LARGE;
    return { kind: "created", taskRun };
  }

  /** What a proposed state of a task run needs of others; null where that is nothing. */
  taskNeeds(
    owner: Owner,
    id: string,
    proposed: StateInput,
    how: { force: boolean; reporter: Reporter },
  ): TaskNeeds | null {
    const head = this.headOf(owner);
    const known = this.taskRun(owner, id);
    // Nothing is taken for a proposal that is turned away.
    if (!head || !known || turnedAway(head, proposed, how)) return null;
    const needs = taskNeeds(known, newState(proposed, { id: "", now: this.#clock.now() }), how);
    return needs.cacheKey === null && needs.tags.length === 0 ? null : needs;
  }

  /** Judges a proposed state of a task run, and enters what the rules put in place; null where the task run is not there. */
  setTaskRunState(
    owner: Owner,
    id: string,
    proposed: StateInput,
    { force, reporter, gathered }: { force: boolean; reporter: Reporter; gathered: GatheredFacts },
  ): { verdict: TaskVerdict; known: TaskRun } | null | Problem {
    const head = this.headOf(owner);
    const known = this.taskRun(owner, id);
    if (!head || !known) return null;
    const refused = turnedAway(head, proposed, { reporter });
    if (refused) return refused;
    const now = this.#clock.now();
    const { newId } = this.#clock;
    const to = newState(proposed, { id: newId(), now });
    const { state, runCount } = head.run;
    const facts = { ...NO_TASK_FACTS, ...gathered, flowRun: { state, runCount }, chance: Math.random() };
    const verdict = decideTaskRun(policyForTaskRun(to, { force }), { run: known, to, now, newId, facts });
    if ((verdict.kind === "accept" || verdict.kind === "reject") && verdict.changed) {
      this.#transact(() => this.#taskRuns.put(verdict.run));
    }
    return { verdict, known };
  }

  renameTaskRun(owner: Owner, id: string, name: string, reporter: Reporter): TaskRun | Problem {
    const head = this.headOf(owner);
    const known = this.taskRun(owner, id);
    if (!head || !known) return { code: "not_found", what: "task run", id };
    const refused = refusal(head, reporter);
    if (refused) return refused;
    const taskRun = { ...known, name, updated: this.#clock.now() };
    this.#transact(() => this.#taskRuns.put(taskRun));
    return taskRun;
  }

  /** Forgets a task run with its log lines; lists are told anew which ones there are. */
  removeTaskRun(owner: Owner, id: string, reporter: Reporter): "done" | Problem {
    const head = this.headOf(owner);
    if (!head || !this.taskRun(owner, id)) return { code: "not_found", what: "task run", id };
    const refused = refusal(head, reporter);
    if (refused) return refused;
    this.#transact(() => {
      this.#taskRuns.remove(id);
      this.#logs.removeOf(id);
      this.#save(head, head.run);
    });
    return "done";
  }

  /** Stores log lines; null where the run is not there. */
  appendLogs(owner: Owner, lines: readonly Line[], reporter: Reporter): Log[] | null | Problem {
    const head = this.headOf(owner);
    if (!head) return null;
    const refused = refusal(head, reporter);
    if (refused) return refused;
    return this.#transact(() => this.#logs.append(head.run.id, lines, this.#clock.newId));
  }

  logs(owner: Owner, query: Parameters<Logs["read"]>[1]): Log[] | null {
    const head = this.headOf(owner);
    return head && this.#logs.read(head.run.id, query);
  }

  addInput(
    owner: Owner,
    id: string,
    { key, value, sender }: Pick<RunInput, "key" | "value" | "sender">,
    reporter: Reporter,
  ): "done" | Problem {
    const head = this.headOf(owner);
    if (!head) return notFound(id);
    const refused = refusal(head, reporter) ?? tooLarge({ value });
    if (refused) return refused;
    if (this.#inputs.get(key)) return { code: "already_exists", what: "flow run input", name: key };
    const input = { id: this.#clock.newId(), key, value, sender, created: this.#clock.now() };
    this.#transact(() => this.#inputs.put(input));
    return "done";
  }

  inputs(owner: Owner, query: InputQuery): RunInput[] | null {
    return this.headOf(owner) && this.#inputs.find(query);
  }

  input(owner: Owner, key: string): RunInput | null {
    return this.headOf(owner) && this.#inputs.get(key);
  }

  removeInput(owner: Owner, key: string, reporter: Reporter): "done" | Problem {
    const head = this.headOf(owner);
    if (!head || !this.#inputs.get(key)) return { code: "not_found", what: "flow run input", id: key };
    const refused = refusal(head, reporter);
    if (refused) return refused;
    this.#transact(() => this.#inputs.remove(key));
    return "done";
  }

  writeCheckpoint(
    owner: Owner,
    id: string,
    key: string,
    content: CheckpointContent,
    { expected, reporter }: { expected: number | null; reporter: Reporter },
  ): Checkpoint | Problem {
    const head = this.headOf(owner);
    if (!head) return notFound(id);
    const refused = refusal(head, reporter);
    if (refused) return refused;
    const known = this.#checkpoints.get(key);
    if (!known && this.#checkpoints.count >= MOST_CHECKPOINTS)
      return { code: "too_large", what: "run's checkpoints", limit: MOST_CHECKPOINTS, unit: "items" };
    const checkpoint = written(known, key, content, { expected, now: this.#clock.now() });
    if (!isProblem(checkpoint)) this.#transact(() => this.#checkpoints.put(checkpoint));
    return checkpoint;
  }

  /** The checkpoints, to be read. */
  checkpointsOf(owner: Owner): Checkpoints | null {
    return this.headOf(owner) && this.#checkpoints;
  }

  removeCheckpoint(owner: Owner, id: string, key: string, reporter: Reporter): "done" | Problem {
    const head = this.headOf(owner);
    if (!head) return notFound(id);
    const refused = refusal(head, reporter);
    if (refused) return refused;
    if (!this.#checkpoints.get(key)) return { code: "not_found", what: "checkpoint", id: key };
    this.#transact(() => this.#checkpoints.remove(key));
    return "done";
  }

  /** What a repetition of the run is created from; with `fromTask`, with what was kept before that began. */
  rerun(
    owner: Owner,
    id: string,
    { fromTask, ...wishes }: RerunWishes & { fromTask: string | null },
    reporter: Reporter,
  ): Omit<Birth, "id" | "offeredName"> | Problem {
    const head = this.headOf(owner);
    if (!head) return notFound(id);
    const input = refusal(head, reporter) ?? rerunOf(head.run, wishes);
    if (isProblem(input)) return input;
    const { lossPolicy } = head;
    const surroundings = { ...head.surroundings, parentFlowRunId: null, startedBy: reporter?.run ?? null };
    if (fromTask === null) return { ...input, lossPolicy, surroundings };
    const began = beginningOf(this.#taskRuns.all(), fromTask);
    if (began === null) return { code: "not_found", what: "task run", id: fromTask };
    const all = this.#checkpoints.list({ prefix: "", after: "", limit: MOST_CHECKPOINTS });
    const checkpoints = writtenBefore(all, began);
    const size = checkpoints.reduce((sum, one) => sum + (one.sha256 ? 0 : one.size), 0);
    if (size > MOST_CARRIED)
      return { code: "too_large", what: "run's checkpoints", limit: MOST_CARRIED, unit: "bytes" };
    return { ...input, lossPolicy, surroundings, checkpoints };
  }

  /** What is on record of why the run does not run. */
  evidence(owner: Owner): RunEvidence | null {
    const head = this.headOf(owner);
    if (!head) return null;
    const { run, claim, offers, alarms } = head;
    return {
      run,
      claim,
      offers,
      nextOffer: alarms.offer ?? alarms.due ?? null,
      heartbeat: this.#beats.last,
      limit: null,
    };
  }

  /** Does what is due. `unheard`: something is to be told again. `entered`: time brought the run into another state. */
  ring(slot: SlotAnswer | null = null): { unheard: boolean; entered: boolean } {
    const head = this.head;
    const now = this.#clock.now();
    const rung = head ? due(head.alarms, now) : [];
    if (!head || rung.length === 0) return { unheard: false, entered: false };
    const unheard = rung.includes("tell") && (head.version > head.told || head.states.length > head.toldStates);
    let alarms = clearAlarms(head.alarms, rung);
    // Only being heard ends the telling: a crash before that must find the alarm set.
    if (unheard) alarms = setAlarm(alarms, "tell", plusSeconds(now, RETELL_SECONDS));
    let run = head.run;
    for (const timer of TIMERS) {
      const set = head.alarms[timer];
      if (set === undefined || set > now || run !== head.run) continue;
      const outcome = elapsed(timer, run, { set, now, beat: this.#beats.last });
      if (outcome.kind === "again") alarms = setAlarm(alarms, timer, outcome.at);
      if (outcome.kind === "enter") run = this.#entered(run, outcome.to, outcome.policy, { now, slot });
    }
    const entered = run !== head.run;
    const unanswered = head.receipts?.filter(({ answered }) => answered === null) ?? [];
    if (rung.includes("nodes") && unanswered.length > 0) {
      alarms = setAlarm(alarms, "nodes", plusSeconds(now, REASK_SECONDS));
      const parent = head.run.state?.type === "CANCELLING" ? "CANCELLING" : "CANCELLED";
      for (const { id } of unanswered) this.#duties.push({ kind: "cancel-child", run: id, parent });
    }
    if (rung.includes("free") && head.left?.length) {
      alarms = setAlarm(alarms, "free", plusSeconds(now, REFREE_SECONDS));
      for (const lease of head.left) this.#duties.push({ kind: "free", lease });
    }
    // A process that does not end by itself has to be told by its agent.
    const overruled = entered && head.claim && run.state ? run.state.id : head.overruled;
    this.#transact(() => this.#save({ ...head, alarms, overruled }, run, { seen: entered }));
    return { unheard, entered };
  }

  /** The run after time proposed a state. */
  #entered(
    run: FlowRun,
    proposed: StateInput,
    policy: FlowRunPolicy,
    { now, slot }: { now: Instant; slot: SlotAnswer | null },
  ): FlowRun {
    const { newId } = this.#clock;
    const to = newState(proposed, { id: newId(), now });
    const verdict = decide(policy, { run, to, now, newId, facts: { ...NO_FACTS, slot } });
    return verdict.kind === "accept" || verdict.kind === "reject" ? verdict.run : run;
  }

  /** A sign of life of the run's process. From the second on an alarm listens for the next; before, the sweep does. */
  #beat(head: Head, now: Instant): void {
    // Of a run that does nothing no sign of life is expected, and none kept.
    if (silentBy(head.run, { at: now, every: null }) === null) return;
    const beat = this.#beats.hear(now);
    if (beat?.every) this.#listen(head);
  }

  #listen(head: Head): void {
    const silent = this.#beats.last && silentBy(head.run, this.#beats.last);
    if (!silent || head.alarms.heartbeat) return;
    this.#write({ ...head, alarms: setAlarm(head.alarms, "heartbeat", silent) });
  }

  /** Somebody looked at the run: one whose process was heard of once, and not again, is listened for. */
  watch(): void {
    const head = this.head;
    if (head) this.#transact(() => this.#listen(head));
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
    const alarms = setAlarm(head.alarms, "tell", plusSeconds(this.#clock.now(), RETELL_SECONDS));
    this.#transact(() => this.#write({ ...head, alarms }));
  }

  /** Its agent does not have the run any more: a cancellation needs not wait for anybody. */
  #leave(head: Head, run: FlowRun): void {
    const over = run.state !== null && isTerminal(run.state.type) && run.state.id === head.states.at(-1)?.id;
    const left = run.infrastructurePid?.startsWith(AGENT) ? { ...run, infrastructurePid: null } : run;
    // What lists show of a run that has ended does not change when its process goes too.
    if (over) this.#transact(() => this.#save(head, run, { seen: false }));
    else this.#enter(head, left);
  }

  #enter(head: Head, run: FlowRun, effects?: readonly Effect[]): void {
    this.#transact(() => this.#save(head, run, effects ? { effects } : {}));
  }

  /**
   * Writes the head with the run as it now is. `seen: false`: nothing that lists show has changed. `effects`: what others have to do
   * about its state; where no rule was asked, what follows from every state.
   */
  #save(given: Head, run: FlowRun, { seen = true, effects = effectsOf(given, run) }: Saving = {}): void {
    const head = this.#withNodes(this.#withEffects(given, effects), run);
    const states = run.state && run.state.id !== head.states.at(-1)?.id ? [...head.states, run.state] : head.states;
    const version = head.version + (seen ? 1 : 0);
    const now = this.#clock.now();
    // The sweep passes by runs that have ended: a change of one of them has an alarm of its own to be told by.
    const over = head.run.state !== null && isTerminal(head.run.state.type);
    const alarms =
      seen && over && head.version > 0 ? setAlarm(head.alarms, "tell", plusSeconds(now, RETELL_SECONDS)) : head.alarms;
    const timed = states === head.states ? alarms : { ...clearAlarms(alarms, TIMERS), ...timersOf(run) };
    const asked = dutyOf({ ...head, alarms: timed, run, states, version }, now);
    if (asked.duty) this.#duties.push(asked.duty);
    this.#write(asked.head);
  }

  /** Does what has to be done about inputs and slots, or asks for it; answers the head that remembers it. */
  #withEffects(head: Head, effects: readonly Effect[]): Head {
    for (const effect of effects)
      if (effect.kind === "forget-inputs")
        for (const key of effect.keys) if (this.#inputs.get(key)) this.#inputs.remove(key);
    if (!head.surroundings.limit) return head;
    let { left = [], alarms } = head;
    for (const effect of effects) {
      if (effect.kind === "hold-slot") this.#duties.push({ kind: "hold", lease: effect.lease });
      if (effect.kind !== "release-slot" || effect.lease === null) continue;
      left = [...left, effect.lease];
      alarms = setAlarm(alarms, "free", plusSeconds(this.#clock.now(), REFREE_SECONDS));
      this.#duties.push({ kind: "free", lease: effect.lease });
    }
    return left === head.left ? head : { ...head, left, alarms };
  }

  /** Cancels what belongs to a run that has just been, or is to be; answers the head with the receipts. */
  #withNodes(head: Head, run: FlowRun): Head {
    const type = run.state?.type;
    if ((type !== "CANCELLING" && type !== "CANCELLED") || run.state?.id === head.states.at(-1)?.id) return head;
    const now = this.#clock.now();
    const { newId } = this.#clock;
    const { tasks, subflows } = liveNodes(this.#taskRuns.all());
    let receipts = askedAt(
      head.receipts ?? [],
      subflows.map((id) => ({ kind: "flow-run", id }) as const),
      now,
    );
    for (const id of subflows) this.#duties.push({ kind: "cancel-child", run: id, parent: type });
    for (const task of type === "CANCELLED" ? tasks : []) {
      const cancelled = setTaskRunState(task, newState(CANCELLED_TASK, { id: newId(), now }), now);
      this.#taskRuns.put(cancelled);
      this.#cancelledTasks.push(cancelled);
      receipts = askedAt(receipts, [{ kind: "task-run", id: task.id }], now);
      receipts = answeredAt(receipts, task.id, cancelled.state?.name ?? null, now);
    }
    if (receipts.length === (head.receipts?.length ?? 0) && subflows.length === 0) return head;
    const alarms = subflows.length > 0 ? setAlarm(head.alarms, "nodes", plusSeconds(now, REASK_SECONDS)) : head.alarms;
    return { ...head, receipts, alarms };
  }

  /** A subflow that was told of its parent's cancellation has answered; null: it is not there any more. */
  childAnswered(run: string, state: string | null): void {
    const head = this.head;
    if (!head?.receipts) return;
    const receipts = answeredAt(head.receipts, run, state, this.#clock.now());
    const alarms = receipts.every(({ answered }) => answered !== null)
      ? clearAlarms(head.alarms, ["nodes"])
      : head.alarms;
    this.#transact(() => this.#write({ ...head, receipts, alarms }));
  }

  /** Task runs that were cancelled with the run since the last call. */
  takeCancelledTasks(): TaskRun[] {
    return this.#cancelledTasks.splice(0);
  }

  /** What was asked of the nodes below a run that is being cancelled, or was. */
  receipts(owner: Owner): readonly Receipt[] | null {
    const head = this.headOf(owner);
    return head && (head.receipts ?? []);
  }

  /** A slot was given back. It is written with the next change, or lost: giving back twice is harmless. */
  freed(lease: string): void {
    const head = this.head;
    if (!head) return;
    const left = head.left?.filter((one) => one !== lease) ?? [];
    this.#head = { ...head, left, alarms: left.length === 0 ? clearAlarms(head.alarms, ["free"]) : head.alarms };
  }

  #write(head: Head): void {
    this.#head = writeHead(this.#store, head);
  }

  /** Runs `work` in one transaction; what a failed one left in memory is dropped with it. */
  #transact<T>(work: () => T): T {
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
    this.#taskRuns.forget();
    this.#logs.forget();
    this.#beats.forget();
    this.#checkpoints.forget();
  }
}

/** What the schema of a run's question has against an answer. */
function objection(schema: JsonObject, answer: JsonObject): string | null {
  const found = violations(schema, answer);
  if ("badSchema" in found) return `Invalid schema: ${found.badSchema}`;
  const [first] = found;
  if (!first) return null;
  const where = first.path.length === 0 ? "" : ` for field '${first.path.join(".")}'`;
  return `Validation failed${where}. Failure reason: ${first.message}`;
}
