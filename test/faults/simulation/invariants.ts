/**
 * What holds after every step, whatever happens, and what holds once everything has been well for a while. System-wide statements
 * alone: nothing here knows how the service keeps them.
 */
import { isTerminal } from "@millrace/domain/state.ts";
import type { Limit } from "../../../durable-objects/concurrency-limit/rpc.ts";
import { PLANNED_VERSION } from "../../../durable-objects/deployment/rpc.ts";
import type { Head } from "../../../durable-objects/flow-run/head.ts";
import { WORKER } from "../../../durable-objects/work-pool/books.ts";
import type { SimulatedAgent } from "./agents.ts";
import type { KnownRun, KnownRuns } from "./known-runs.ts";
import type { PollingWorker } from "./polling-worker.ts";
import type { IndexRow, Truth } from "./truth.ts";

/** Something that must not be. `rule` names it; the same rule broken twice is the same failure. */
export class Violation extends Error {
  override name = "Violation";
  readonly rule: string;

  constructor(rule: string, what: string) {
    super(`${rule}: ${what}`);
    this.rule = rule;
  }
}

/** Microseconds by which a run may begin early: the wire says in whole seconds how long to wait. */
const ROUNDING = 500_000;

/** What is remembered of a run since the last look. */
interface Seen {
  head: Head;
  states: string[];
  version: number;
  generation: number;
}

export interface Subjects {
  truth: Truth;
  runs: KnownRuns;
  agents: readonly SimulatedAgent[];
  worker: PollingWorker | null;
  /** Transitions that workers and their processes asked for. */
  ofWorkers: ReadonlySet<string>;
  /** The limit of the tag that tasks have; null: it has none. */
  tag: Limit | null;
  now: () => number;
}

export class Invariants {
  readonly #subjects: Subjects;
  readonly #seen = new WeakMap<KnownRun, Seen>();
  readonly #indexed = new WeakMap<KnownRun, number>();

  constructor(subjects: Subjects) {
    this.#subjects = subjects;
  }

  /** To be called after every step. */
  check(): void {
    const { runs, truth } = this.#subjects;
    for (const run of runs.all()) {
      const head = truth.head(run.id);
      if (head) this.#checkRun(run, head);
      else if (this.#seen.has(run) && !run.removing)
        throw new Violation("runs stay", `run ${run.number} is gone, and nobody deleted it`);
    }
    this.#checkExecution();
    this.#checkBeginnings();
    this.#checkSlots();
  }

  /** Versions of the index: to be called now and then, as it costs a query. */
  checkIndex(): void {
    const { truth, runs } = this.#subjects;
    for (const { id, version } of truth.index()) {
      // An occurrence that is only planned has no run.
      if (version === PLANNED_VERSION) continue;
      const run = runs.get(id);
      // One that comes back after its deletion begins anew.
      if (run.removing) continue;
      const before = this.#indexed.get(run) ?? 0;
      const real = truth.head(id)?.version ?? Number.POSITIVE_INFINITY;
      if (version < before)
        throw new Violation("the index never goes back", `${id}: from version ${before} to ${version}`);
      if (version > real) throw new Violation("the index follows", `${id}: it shows ${version}, the run is at ${real}`);
      this.#indexed.set(run, version);
    }
  }

  #checkRun(run: KnownRun, head: Head): void {
    // One that is deleted may come back, by a late copy of the request that made it.
    const seen = run.removing ? undefined : this.#seen.get(run);
    // Nothing was written since.
    if (seen?.head === head) return;
    const { states, version, generation, claim } = head;
    const ids = states.map(({ id }) => id);
    if (seen) {
      if (version < seen.version)
        throw new Violation("versions grow", `run ${run.number}: ${seen.version} to ${version}`);
      if (generation < seen.generation)
        throw new Violation("generations grow", `run ${run.number}: ${seen.generation} to ${generation}`);
      if (seen.states.some((id, at) => ids[at] !== id))
        throw new Violation("history is kept", `run ${run.number} has lost or changed a state`);
    }
    if (claim && claim.generation !== generation)
      throw new Violation(
        "a claim is current",
        `run ${run.number}: claim ${claim.generation} at generation ${generation}`,
      );
    for (let at = Math.max(seen?.states.length ?? 0, 1); at < states.length; at++) {
      const [from, to] = [states[at - 1], states[at]];
      if (!from || !to) continue;
      if (to.timestamp <= from.timestamp)
        throw new Violation("time goes on", `run ${run.number}: ${to.name} is not later than ${from.name}`);
      // By Prefect's rules the processes of workers, which have no claim that could be lost, may say of an end that it was another.
      const ofWorker = this.#subjects.ofWorkers.has(to.details.transitionId ?? "") && to.type !== "PENDING";
      if (isTerminal(from.type) && ofWorker) run.asked.add(to.id);
      if (isTerminal(from.type) && run.pooled && !run.asked.has(to.id))
        throw new Violation("an end is an end", `run ${run.number} went from ${from.name} to ${to.name}, unasked`);
      const due = to.type === "RUNNING" ? dueBefore(states, at) : null;
      if (due !== null && to.timestamp < due - ROUNDING)
        throw new Violation("no run is early", `run ${run.number} began ${(due - to.timestamp) / 1e6} s too early`);
    }
    this.#seen.set(run, { head, states: ids, version, generation });
  }

  /** Who executes what. */
  #checkExecution(): void {
    const { truth, agents, worker, tag, now } = this.#subjects;
    let tagged = 0;
    const current = new Map<string, string>();
    const working = new Map<string, string>();
    const started = new Set<string>();
    for (const agent of worker ? [...agents, worker] : agents) {
      for (const process of agent.processes()) {
        const { run, generation, life } = process;
        const claim = `${run.id}/${generation}`;
        if (started.has(claim)) throw new Violation("one process a claim", `run ${run.number}, claim ${generation}`);
        started.add(claim);
        const head = truth.head(run.id);
        const who = generation === null ? agent.name : `${agent.name} under claim ${generation}`;
        // One that a worker took has no claim, whatever its generation.
        if (head && (generation === null ? head.claim === null : head.generation === generation)) {
          const other = current.get(run.id);
          if (other) throw new Violation("one live claim", `run ${run.number} is executed by ${other} and ${who}`);
          current.set(run.id, who);
          // One whose run has ended, in whichever way, has its slot no more, and will learn of it.
          if (process.inTaggedTask && run.asked.size === 0 && !(head.run.state && isTerminal(head.run.state.type)))
            tagged += 1;
        }
        // Who puts a new attempt in the place of one that goes on, by hand, has two for the moment until the older one is told.
        if (!process.working || life.frozenUntil > now() || run.asked.size > 0) continue;
        const other = working.get(run.id);
        if (other)
          throw new Violation("one execution at a time", `run ${run.number} is executed by ${other} and ${who}`);
        working.set(run.id, who);
      }
    }
    if (tag && tagged > tag.limit)
      throw new Violation("slots are kept", `${tagged} tasks run under the ${tag.name}, which gives ${tag.limit}`);
  }

  /** A run that nobody asks for again begins in one place, once; its retries go on there. */
  #checkBeginnings(): void {
    for (const { number, begun, asked, reclaim, removing } of this.#subjects.runs.all()) {
      if (begun.length < 2 || reclaim || removing || asked.size > 0) continue;
      const places = new Set(begun.map(({ generation, agent }) => `${agent}, claim ${generation}`));
      if (places.size > 1) throw new Violation("no run begins twice", `run ${number}: ${[...places].join("; ")}`);
    }
  }

  #checkSlots(): void {
    const { truth, agents } = this.#subjects;
    const entries = truth.entries();
    if (new Set(entries.map(({ run }) => run)).size < entries.length)
      throw new Violation("a run stands in the pool once", "two entries name one run");
    const sessions = new Map(truth.sessions().map((session) => [session.id, session]));
    const held = new Map<string, number>();
    // What a worker took has no session.
    for (const { claim } of entries)
      if (claim && claim.session !== WORKER) held.set(claim.session, (held.get(claim.session) ?? 0) + 1);
    for (const [id, count] of held) {
      const slots = sessions.get(id)?.slots ?? 0;
      if (count > slots) throw new Violation("slots are kept", `a session with ${slots} slots has ${count} runs`);
    }
    for (const agent of agents) {
      const live = agent.processes().filter(({ life }) => life.alive).length;
      if (live > agent.slots)
        throw new Violation("slots are kept", `${agent.name} with ${agent.slots} slots runs ${live}`);
    }
  }

  /** Runs that somebody may count on and that have not ended. */
  unfinished(): KnownRun[] {
    const { runs, truth } = this.#subjects;
    const visible = new Set(truth.index().map(({ id }) => id));
    return runs.all().filter((run) => {
      const head = truth.head(run.id);
      if (!head || run.removing || !(run.acknowledged || visible.has(run.id))) return false;
      // A program of somebody's own that gave up is nobody's to end.
      return run.pooled && !(head.run.state && isTerminal(head.run.state.type));
    });
  }

  /** What is not as it should be in the index; null where it shows the truth. */
  indexGap(): string | null {
    const { runs, truth } = this.#subjects;
    const rows = new Map(truth.index().map((row) => [row.id, row]));
    for (const run of runs.all()) {
      const head = truth.head(run.id);
      const row = rows.get(run.id);
      // Where nobody was told that it is deleted, it may be half deleted: whoever asked has to ask again.
      if (run.removing && !run.removed) continue;
      if (!head && row && row.version > PLANNED_VERSION) return `run ${run.number} is deleted, and the index shows it`;
      if (!head) continue;
      if (!row && run.acknowledged) return `run ${run.number} is not in the index`;
      if (!row) continue;
      if (shownOf(head) !== shownOf(row))
        return `run ${run.number} is at ${shownOf(head)}, version ${head.version}; the index shows ${shownOf(row)}, version ${row.version}`;
    }
    return null;
  }

  /** To be called at the end, when all has been well for a while. */
  checkEnd(): void {
    const { runs, truth } = this.#subjects;
    this.check();
    this.checkIndex();
    const [unfinished] = this.unfinished();
    if (unfinished) throw new Violation("every run ends", describe(unfinished, truth.head(unfinished.id)));
    const gap = this.indexGap();
    if (gap) throw new Violation("the index shows the truth", gap);
    const events = truth.events();
    const taskRuns = truth.indexedTaskRuns();
    for (const run of runs.all()) {
      const head = truth.head(run.id);
      if (!head) {
        if (run.acknowledged && !run.removing) throw new Violation("what is acknowledged is kept", `run ${run.number}`);
        continue;
      }
      if (run.removing) continue;
      const states = new Set(head.states.map(({ id }) => id));
      for (const id of run.states)
        if (!states.has(id)) throw new Violation("what is acknowledged is kept", `a state of run ${run.number}`);
      const lines = truth.lines(run.id);
      for (const line of run.lines)
        if (!lines.has(line)) throw new Violation("what is acknowledged is kept", `line ${line} of run ${run.number}`);
      if (!run.acknowledged) continue;
      for (const { id, name } of head.states)
        if (!events.has(id)) throw new Violation("every state is told of", `${name} of run ${run.number}`);
      for (const id of head.run.state && isTerminal(head.run.state.type) ? truth.endedTaskRuns(run.id) : [])
        if (!taskRuns.has(id)) throw new Violation("every task run is found", `task run ${id} of run ${run.number}`);
    }
    const [left] = truth.entries();
    if (left) throw new Violation("slots are freed", `the pool still has run ${runs.get(left.run).number}`);
  }
}

/** When the run was due that entered a state, by the last time for which it was scheduled. */
function dueBefore(states: Head["states"], at: number): number | null {
  const scheduled = states.slice(0, at).findLast(({ type }) => type === "SCHEDULED");
  return scheduled?.details.scheduledTime ?? null;
}

/** What lists show of a run, as far as it changes. A row may be a version behind in what no list shows. */
function shownOf(shown: Head | IndexRow): string {
  if (!("run" in shown)) return [shown.state_name, shown.tags, shown.start_time, shown.end_time].join(" ");
  const { state, tags, startTime, endTime } = shown.run;
  return [state?.name ?? null, JSON.stringify(tags), startTime, endTime].join(" ");
}

function describe(run: KnownRun, head: Head | null): string {
  if (!head) return `run ${run.number} is gone`;
  const history = head.states.slice(-6).map(({ name }) => name);
  const claim = head.claim ? `claim ${head.claim.generation} of ${head.claim.agent}` : "no claim";
  return `run ${run.number}: ${history.join(" → ")}; generation ${head.generation}, ${claim}, alarms ${JSON.stringify(head.alarms)}`;
}
