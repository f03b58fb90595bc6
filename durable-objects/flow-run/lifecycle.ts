/**
 * A run's way from its creation to its end, as people and programs ask for it: states proposed, another attempt, fields edited.
 *
 * FO3  A report under a claim that is not the current one changes nothing.
 */
import { clearAlarms, setAlarm } from "@millrace/domain/alarms.ts";
import { type Checkpoint, MOST_CHECKPOINTS, writtenBefore } from "@millrace/domain/flow-run/checkpoint.ts";
import type { LossPolicy } from "@millrace/domain/flow-run/claim.ts";
import { type NewFlowRun, newFlowRun } from "@millrace/domain/flow-run/create.ts";
import { decide, type Verdict } from "@millrace/domain/flow-run/decide.ts";
import { meantBy } from "@millrace/domain/flow-run/exit.ts";
import { type SlotNeed, slotNeed } from "@millrace/domain/flow-run/needs.ts";
import { corePolicy, minimalPolicy } from "@millrace/domain/flow-run/policy.ts";
import { beginningOf, type RerunWishes, rerunOf } from "@millrace/domain/flow-run/rerun.ts";
import { type Resumption, resumption } from "@millrace/domain/flow-run/resumption.ts";
import { retry } from "@millrace/domain/flow-run/retry.ts";
import type { SlotAnswer } from "@millrace/domain/flow-run/rule.ts";
import type { FlowRun, RunPolicy } from "@millrace/domain/flow-run/run.ts";
import { timersOf } from "@millrace/domain/flow-run/timers.ts";
import type { JsonObject } from "@millrace/domain/json.ts";
import type { Problem } from "@millrace/domain/problem.ts";
import { isTerminal, newState, type StateInput } from "@millrace/domain/state.ts";
import { violations } from "../kit/json-schema.ts";
import { isProblem, notFound, type Reporter, refusal, tooLarge, turnedAway } from "./admission.ts";
import type { Head, Surroundings } from "./head.ts";
import type { Ledger, Owner } from "./ledger.ts";

export interface Birth extends NewFlowRun {
  id: string;
  /** The name it gets where it was given none. */
  offeredName: string;
  lossPolicy: LossPolicy;
  surroundings: Surroundings;
  /** What the run knows from the one of which it is the repetition. */
  checkpoints?: readonly Checkpoint[];
}

/** A change of the fields that people may edit. Null clears a version or a process id, and leaves anything else as it is. */
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
/** Bytes of checkpoints that a repetition takes over: they travel with its creation. */
const MOST_CARRIED = 16 * 1024 * 1024;

export class Lifecycle {
  readonly ledger: Ledger;

  constructor(ledger: Ledger) {
    this.ledger = ledger;
  }

  /** Begins the run; the run that is there already where the id is taken, as by an idempotency key. */
  create(owner: Owner, birth: Birth): { kind: "created" | "existing"; run: FlowRun } | Problem {
    if (this.ledger.removed)
      return { code: "unavailable", what: "run of this key, which is being deleted,", retryAfter: 5 };
    if (this.ledger.head)
      return this.ledger.headOf(owner) ? { kind: "existing", run: this.ledger.head.run } : notFound(birth.id);
    const refused = tooLarge({
      parameters: birth.parameters,
      context: birth.context,
      job_variables: birth.jobVariables,
      "state.data": birth.state?.data,
    });
    if (refused) return refused;
    const now = this.ledger.clock.now();
    const { id, offeredName, lossPolicy, surroundings, checkpoints = [], ...input } = birth;
    const run = newFlowRun(input, { id, name: offeredName, now, newId: this.ledger.clock.newId });
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
    this.ledger.transact(() => {
      for (const checkpoint of checkpoints) this.ledger.checkpoints.put(checkpoint);
      this.ledger.save(head, run);
    });
    this.ledger.taskRuns.begin();
    return { kind: "created", run };
  }

  /** What a proposal needs of the limit of the run's deployment; null: nothing, or there is none. */
  slotNeed(owner: Owner, proposed: StateInput, how: Proposal): SlotNeed | null {
    const head = this.ledger.headOf(owner);
    if (!head?.surroundings.limit || turnedAway(head, proposed, how)) return null;
    const { force, renewsLeases = true } = how;
    const to = newState(proposed, { id: "", now: this.ledger.clock.now() });
    return slotNeed(head.run, to, { force, renewsLeases });
  }

  /** Judges a proposed state, and enters what the rules put in place. */
  propose(
    owner: Owner,
    id: string,
    proposed: StateInput,
    { force, reporter, slot = null, renewsLeases = true }: Proposal & { slot?: SlotAnswer | null },
  ): Verdict | Problem {
    const head = this.ledger.admit(owner, id, reporter);
    if (isProblem(head)) return head;
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
    const now = this.ledger.clock.now();
    const { newId } = this.ledger.clock;
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
      this.ledger.enter({ ...head, transitions }, verdict.run, verdict.effects);
    }
    return verdict;
  }

  /** One more attempt of a run that has ended. */
  retry(owner: Owner, id: string, reporter: Reporter): Verdict | Problem {
    const head = this.ledger.admit(owner, id, reporter);
    if (isProblem(head)) return head;
    const verdict = retry(head.run, { now: this.ledger.clock.now(), newId: this.ledger.clock.newId });
    if (verdict.kind === "accept")
      this.ledger.leave({ ...head, claim: null, generation: head.generation + 1 }, verdict.run);
    return verdict;
  }

  /** Lets a paused run go on; the answer that it asked for is kept with the state, or not at all. */
  resume(
    owner: Owner,
    id: string,
    given: JsonObject | null,
    reporter: Reporter,
  ): Verdict | Extract<Resumption, { kind: "refuse" }> | Problem {
    const head = this.ledger.admit(owner, id, reporter);
    if (isProblem(head)) return head;
    const large = tooLarge({ run_input: given });
    if (large) return large;
    const now = this.ledger.clock.now();
    const read = (key: string): string | null => this.ledger.inputs.get(key)?.value ?? null;
    const going = resumption(head.run.state, given, { read, objection, now });
    if (going.kind === "refuse") return going;
    const { state, answer } = going;
    return this.ledger.transact(() => {
      const verdict = this.propose(owner, id, state, { force: false, reporter });
      if (answer && !isProblem(verdict) && verdict.kind === "accept")
        this.ledger.inputs.put({ id: this.ledger.clock.newId(), sender: null, created: now, ...answer });
      return verdict;
    });
  }

  edit(owner: Owner, id: string, edit: Edit, reporter: Reporter): "done" | Problem {
    const head = this.ledger.headOf(owner);
    if (!head) return notFound(id);
    const refused =
      refusal(head, reporter) ?? tooLarge({ parameters: edit.parameters, job_variables: edit.jobVariables });
    if (refused) return refused;
    const { run } = head;
    if (edit.jobVariables && run.state?.type !== "SCHEDULED") {
      const message = `Job variables of a flow run in state ${run.state?.type ?? "none"} cannot be changed: it must be SCHEDULED.`;
      return { code: "untimely", message };
    }
    const next: FlowRun = {
      ...run,
      name: edit.name || run.name,
      flowVersion: edit.flowVersion === undefined ? run.flowVersion : edit.flowVersion,
      parameters: edit.parameters ?? run.parameters,
      policy: edit.policy ?? run.policy,
      tags: edit.tags ?? run.tags,
      infrastructurePid: edit.infrastructurePid === undefined ? run.infrastructurePid : edit.infrastructurePid,
      jobVariables: edit.jobVariables ?? run.jobVariables,
      labels: { ...run.labels, ...edit.labels },
      updated: this.ledger.clock.now(),
    };
    // A label may say how long the run may go on from now.
    const { timeout } = timersOf(next);
    const without = clearAlarms(head.alarms, ["timeout"]);
    const alarms = timeout === undefined ? without : setAlarm(without, "timeout", timeout);
    this.ledger.transact(() => this.ledger.save({ ...head, alarms }, next));
    return "done";
  }

  /** Forgets the run with all that belongs to it. */
  remove(owner: Owner, id: string): FlowRun | Problem {
    const head = this.ledger.headOf(owner);
    if (!head) return notFound(id);
    const { run, claim } = head;
    this.ledger.clear(owner, head);
    if (claim) this.ledger.ask({ kind: "cancel", generation: claim.generation });
    else if (run.workPoolId) this.ledger.ask({ kind: "withdraw" });
    return run;
  }

  /** What a repetition of the run is created from; with `fromTask`, with what was kept before that began. */
  rerun(
    owner: Owner,
    id: string,
    { fromTask, ...wishes }: RerunWishes & { fromTask: string | null },
    reporter: Reporter,
  ): Omit<Birth, "id" | "offeredName"> | Problem {
    const head = this.ledger.headOf(owner);
    if (!head) return notFound(id);
    const input = refusal(head, reporter) ?? rerunOf(head.run, wishes);
    if (isProblem(input)) return input;
    const { lossPolicy } = head;
    const surroundings = { ...head.surroundings, parentFlowRunId: null, startedBy: reporter?.run ?? null };
    if (fromTask === null) return { ...input, lossPolicy, surroundings };
    const began = beginningOf(this.ledger.taskRuns.all(), fromTask);
    if (began === null) return { code: "not_found", what: "task run", id: fromTask };
    const all = this.ledger.checkpoints.list({ prefix: "", after: "", limit: MOST_CHECKPOINTS });
    const checkpoints = writtenBefore(all, began);
    const size = checkpoints.reduce((sum, one) => sum + (one.sha256 ? 0 : one.size), 0);
    if (size > MOST_CARRIED)
      return { code: "too_large", what: "run's checkpoints", limit: MOST_CARRIED, unit: "bytes" };
    return { ...input, lossPolicy, surroundings, checkpoints };
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
