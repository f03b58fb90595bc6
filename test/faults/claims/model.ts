/**
 * One run, three agents and whoever else speaks to its object, step by step: every order in which claims are asked for, renewed, lost,
 * asked for again, reported under and given back.
 *
 * Nobody in the model keeps to a protocol. A claim may be asked for at any moment by anybody; each agent may report under any claim that
 * it ever had, and whoever manages leases may end any claim that there ever was. That is more than a pool with late, lost and doubled
 * messages can do, so what holds here holds whatever becomes of messages. The object is lost after each step: the next one finds what
 * was written, and nothing else.
 */
import type { Json } from "@millrace/domain/json.ts";
import { isTerminal, type StateType } from "@millrace/domain/state.ts";
import type { Instant } from "@millrace/domain/time.ts";
import type { Head } from "../../../durable-objects/flow-run/head.ts";
import type { Birth } from "../../../durable-objects/flow-run/lifecycle.ts";
import { Disk, MemoryStore } from "../platform/memory-store.ts";
import type { Classes } from "./edited-ledger.ts";

export const AGENTS = ["ada", "bob", "cyd"] as const;
type Agent = (typeof AGENTS)[number];

const OWNER = { workspace: "w", shard: 0 };
const RUN = "run";
const START = 1_800_000_000_000_000;
const ENDED = { exitCode: 0, signal: null };

export type LossPolicy = "crash" | "reclaim";

/** Something that somebody does. `generation`: of the claim that it names. */
export type Action =
  | { kind: "claim"; agent: Agent }
  | { kind: "report"; agent: Agent; generation: number; to: StateType }
  | { kind: "renew" | "release" | "finish"; agent: Agent; generation: number }
  | { kind: "expire"; generation: number }
  | { kind: "cancel" }
  | { kind: "worker" };

/** What there is after some steps. */
export interface Position {
  entries: ReadonlyMap<string, string>;
  /** Who was ever granted which claim. */
  granted: ReadonlyMap<number, Agent>;
  /** A Prefect worker took the run, which makes no claim. */
  worker: boolean;
  depth: number;
}

export const nameOf = (action: Action): string =>
  [
    action.kind,
    "agent" in action ? action.agent : null,
    "to" in action ? action.to : null,
    "generation" in action ? `under ${action.generation}` : null,
  ]
    .filter((part) => part !== null)
    .join(" ");

export class Model {
  readonly #classes: Classes;

  constructor(classes: Classes) {
    this.#classes = classes;
  }

  begin(policy: LossPolicy): Position {
    const disk = new Disk();
    this.#open(disk, 0).life.create(OWNER, birth(policy));
    return { entries: disk.entries, granted: new Map(), worker: false, depth: 0 };
  }

  actions(position: Position): Action[] {
    const { granted } = position;
    const actions: Action[] = [{ kind: "cancel" }];
    // By Prefect's rules anybody but the run's own process may begin one anew that has ended: that is asked for.
    if (!isTerminal(this.headOf(position).run.state?.type ?? "SCHEDULED")) actions.push({ kind: "worker" });
    for (const agent of AGENTS) actions.push({ kind: "claim", agent });
    for (const [generation, agent] of granted) {
      for (const to of ["RUNNING", "COMPLETED", "FAILED", "CANCELLED", "CRASHED"] as const)
        actions.push({ kind: "report", agent, generation, to });
      for (const kind of ["renew", "release", "finish"] as const) actions.push({ kind, agent, generation });
      actions.push({ kind: "expire", generation });
    }
    return actions;
  }

  /** Does a step. `violation`: what it broke; null for nothing. */
  take(from: Position, action: Action): { position: Position; violation: string | null } {
    const disk = new Disk();
    for (const [key, value] of from.entries) disk.entries.set(key, value);
    const before = this.headOf(from);
    const done = act(this.#open(disk, from.depth + 1), action);
    const granted =
      done.granted === null || action.kind !== "claim"
        ? from.granted
        : new Map(from.granted).set(done.granted, action.agent);
    const worker = from.worker || (action.kind === "worker" && done.changed);
    const position = { entries: disk.entries, granted, worker, depth: from.depth + 1 };
    const after = this.headOf(position);
    const unchanged = isSame(from.entries, disk.entries);
    const violation =
      broken(action, before, after, { granted: from.granted, done, unchanged }) ?? (worker ? null : stranded(after));
    return { position, violation };
  }

  headOf({ entries }: Pick<Position, "entries">): Head {
    const disk = new Disk();
    for (const [key, value] of entries) disk.entries.set(key, value);
    const { head } = this.#open(disk, 0).ledger;
    if (!head) throw new Error("The run is gone.");
    return head;
  }

  #open(disk: Disk, depth: number): Run {
    let ids = 0;
    const clock = { now: () => (START + depth * 1_000_000) as Instant, newId: () => `id-${depth}-${ids++}` };
    const { Ledger, Lifecycle, Claims } = this.#classes;
    const ledger = new Ledger(new MemoryStore({ disk }), clock);
    return { ledger, life: new Lifecycle(ledger), claims: new Claims(ledger) };
  }
}

/** A run, and what may be asked of it. */
type Run = Readonly<{
  ledger: InstanceType<Classes["Ledger"]>;
  life: InstanceType<Classes["Lifecycle"]>;
  claims: InstanceType<Classes["Claims"]>;
}>;

interface Done {
  /** The generation of the claim that was granted; null where none was. */
  granted: number | null;
  /** What the caller was told is that something was done. */
  changed: boolean;
}

function act(run: Run, action: Action): Done {
  const says = (answer: "done" | string): Done => ({ granted: null, changed: answer === "done" });
  switch (action.kind) {
    case "claim": {
      const answer = run.claims.claim(OWNER, RUN, { agent: action.agent, session: `session of ${action.agent}` }, null);
      const claim = "claim" in answer ? answer.claim : null;
      return { granted: claim?.generation ?? null, changed: claim !== null };
    }
    case "report":
      return propose(run, action.to, { run: RUN, generation: action.generation });
    case "renew":
      return says(run.ledger.head?.claim?.generation === action.generation ? "done" : "stale");
    case "release":
      return says(run.claims.release(OWNER, action.generation));
    case "finish":
      return says(run.claims.finish(OWNER, action.generation, ENDED));
    case "expire":
      return says(run.claims.lose(OWNER, action.generation));
    case "cancel":
      return propose(run, "CANCELLING", null);
    case "worker":
      return propose(run, "PENDING", null);
    default:
      return action satisfies never;
  }
}

function propose({ life }: Run, type: StateType, reporter: { run: string; generation: number } | null): Done {
  const answer = life.propose(OWNER, RUN, { type }, { force: false, reporter });
  return { granted: null, changed: "kind" in answer && answer.kind === "accept" };
}

/** What a step may not do, whatever came before it. */
function broken(
  action: Action,
  before: Head,
  after: Head,
  { granted, done, unchanged }: { granted: ReadonlyMap<number, Agent>; done: Done; unchanged: boolean },
): string | null {
  const state = before.run.state;
  if (after.generation < before.generation) return "a generation went back";
  if (after.claim && after.claim.generation !== after.generation) return "a claim is live that is not the newest";
  if (state && isTerminal(state.type) && after.run.state?.id !== state.id) return "a terminal state was left";
  if (after.states.length < before.states.length) return "history was lost";
  if ("generation" in action && action.generation !== before.generation) {
    if (!unchanged) return "an older claim changed something";
    if (done.changed) return "an older claim was told that it changed something";
  }
  const ends = action.kind === "release" || action.kind === "finish" || action.kind === "expire";
  if (ends && action.generation !== before.claim?.generation && !unchanged)
    return "a claim that is over was ended again";
  if (ends && done.changed && after.claim !== null) return "a claim that was ended is live";
  if ((action.kind === "expire" || action.kind === "release") && done.changed && after.generation === before.generation)
    return "a claim that was taken back still counts";
  if (done.granted === null) return null;
  const holder = granted.get(done.granted);
  if (action.kind === "claim" && holder !== undefined && holder !== action.agent) return "one claim was given to two";
  if (before.claim && done.granted !== before.claim.generation) return "two claims are live";
  if (!before.claim && state?.type !== "SCHEDULED") return "a run was given out that does not wait";
  return after.claim?.generation === done.granted ? null : "a claim was granted that is not live";
}

/** A run that is at work has somebody who may end it: its claim, or a worker outside of the books. */
function stranded({ run, claim }: Head): string | null {
  const type = run.state?.type;
  return claim === null && (type === "RUNNING" || type === "PENDING") ? `${type} with nobody who has it` : null;
}

function isSame(one: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>): boolean {
  if (one.size !== other.size) return false;
  for (const [key, value] of one) if (other.get(key) !== value) return false;
  return true;
}

const birth = (lossPolicy: LossPolicy): Birth => ({
  id: RUN,
  offeredName: "name",
  flowId: "flow",
  state: { type: "SCHEDULED" },
  workPoolId: "pool",
  workPoolName: "pool",
  parameters: {} as Record<string, Json>,
  lossPolicy,
  surroundings: { flow: { id: "flow", name: "flow" }, parentFlowRunId: null, startedBy: null, code: null },
});
