/** The task runs of a flow run as they are reported, proposed and asked for; their rows are task-runs.ts. */
import type { Problem } from "@millrace/domain/problem.ts";
import { isTerminal, newState, type StateInput } from "@millrace/domain/state.ts";
import { type NewTaskRun, newTaskRun } from "@millrace/domain/task-run/create.ts";
import { decideTaskRun, type TaskVerdict } from "@millrace/domain/task-run/decide.ts";
import { type TaskNeeds, taskNeeds } from "@millrace/domain/task-run/needs.ts";
import { policyForTaskRun } from "@millrace/domain/task-run/policy.ts";
import { NO_FACTS } from "@millrace/domain/task-run/rule.ts";
import type { TaskRun } from "@millrace/domain/task-run/run.ts";
import type { GatheredFacts } from "../task-facts.ts";
import { isProblem, type Reporter, refusal, turnedAway } from "./admission.ts";
import { heartbeatOf } from "./heartbeats.ts";
import type { Ledger, Owner } from "./ledger.ts";
import type { TaskRuns } from "./task-runs.ts";
import type { Waking } from "./waking.ts";

/** A task run that no row can hold: its inputs, labels or tags are the only fields that may be so large. */
const TASK_RUN_TOO_LARGE: Problem = { code: "too_large", what: "task run", limit: 450_000, unit: "characters" };

export class Tasks {
  readonly ledger: Ledger;
  readonly #waking: Waking;

  constructor(ledger: Ledger, waking: Waking) {
    this.ledger = ledger;
    this.#waking = waking;
  }

  /** The task runs, to be read. */
  tasksOf(owner: Owner): TaskRuns | null {
    return this.ledger.headOf(owner) && this.ledger.taskRuns;
  }

  taskRun(owner: Owner, id: string): TaskRun | null {
    return this.ledger.headOf(owner) && this.ledger.taskRuns.get(id);
  }

  /** Records events of task runs, and of the run's own life; answers the task runs that changed, or null where the run is not there. */
  recordEvents(owner: Owner, events: readonly unknown[], reporter: Reporter): TaskRun[] | null | Problem {
    const head = this.ledger.headOf(owner);
    if (!head) return null;
    const refused = refusal(head, reporter);
    if (refused) return refused;
    const { run } = head;
    return this.ledger.transact(() => {
      const before = this.ledger.taskRuns.count;
      const now = this.ledger.clock.now();
      if (events.some((event) => heartbeatOf(event) === run.id)) this.#waking.beat(head, now);
      const changed = this.ledger.taskRuns.record(events, now);
      // Of a run that has ended the row was told for the last time: one with more task runs has to be told anew.
      const over = run.state !== null && isTerminal(run.state.type);
      if (over && this.ledger.taskRuns.count > before) this.ledger.save(this.ledger.head ?? head, run);
      this.ledger.noteLateNodes();
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
    const head = this.ledger.admit(owner, flowRunId, reporter);
    if (isProblem(head)) return head;
    const known = this.ledger.taskRuns.find(input.id, input.taskKey, input.dynamicKey);
    if (known) return { kind: "existing", taskRun: known };
    const { newId } = this.ledger.clock;
    const { id, offeredName, ...rest } = input;
    const inheritedLabels = head.run.labels;
    const taskRun = newTaskRun(
      { inheritedLabels, ...rest },
      { id: id ?? newId(), name: offeredName, now: this.ledger.clock.now(), newId, flowRun: head.run },
    );
    if (!this.#put(taskRun)) return TASK_RUN_TOO_LARGE;
    return { kind: "created", taskRun };
  }

  /** What a proposed state of a task run needs of others; null where that is nothing. */
  taskNeeds(
    owner: Owner,
    id: string,
    proposed: StateInput,
    how: { force: boolean; reporter: Reporter },
  ): TaskNeeds | null {
    const head = this.ledger.headOf(owner);
    const known = this.taskRun(owner, id);
    // Nothing is taken for a proposal that is turned away.
    if (!head || !known || turnedAway(head, proposed, how)) return null;
    const needs = taskNeeds(known, newState(proposed, { id: "", now: this.ledger.clock.now() }), how);
    return needs.cacheKey === null && needs.tags.length === 0 ? null : needs;
  }

  /** Judges a proposed state of a task run, and enters what the rules put in place; null where the task run is not there. */
  setTaskRunState(
    owner: Owner,
    id: string,
    proposed: StateInput,
    { force, reporter, gathered }: { force: boolean; reporter: Reporter; gathered: GatheredFacts },
  ): { verdict: TaskVerdict; known: TaskRun } | null | Problem {
    const head = this.ledger.headOf(owner);
    const known = this.taskRun(owner, id);
    if (!head || !known) return null;
    const refused = turnedAway(head, proposed, { reporter });
    if (refused) return refused;
    const now = this.ledger.clock.now();
    const { newId } = this.ledger.clock;
    const to = newState(proposed, { id: newId(), now });
    const { state, runCount } = head.run;
    const facts = { ...NO_FACTS, ...gathered, flowRun: { state, runCount }, chance: Math.random() };
    const verdict = decideTaskRun(policyForTaskRun(to, { force }), { run: known, to, now, newId, facts });
    if ((verdict.kind === "accept" || verdict.kind === "reject") && verdict.changed) {
      this.#put(verdict.run);
    }
    return { verdict, known };
  }

  #put(taskRun: TaskRun): boolean {
    return this.ledger.transact(() => {
      const fits = this.ledger.taskRuns.put(taskRun);
      this.ledger.noteLateNodes();
      return fits;
    });
  }

  renameTaskRun(owner: Owner, id: string, name: string, reporter: Reporter): TaskRun | Problem {
    const head = this.ledger.headOf(owner);
    const known = this.taskRun(owner, id);
    if (!head || !known) return { code: "not_found", what: "task run", id };
    const refused = refusal(head, reporter);
    if (refused) return refused;
    const taskRun = { ...known, name, updated: this.ledger.clock.now() };
    this.ledger.transact(() => this.ledger.taskRuns.put(taskRun));
    return taskRun;
  }

  /** Forgets a task run with its log lines; lists are told anew which ones there are. */
  removeTaskRun(owner: Owner, id: string, reporter: Reporter): "done" | Problem {
    const head = this.ledger.headOf(owner);
    if (!head || !this.taskRun(owner, id)) return { code: "not_found", what: "task run", id };
    const refused = refusal(head, reporter);
    if (refused) return refused;
    this.ledger.forgetTask(id);
    return "done";
  }
}
