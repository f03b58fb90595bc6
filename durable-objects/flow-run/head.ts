/**
 * The head of a flow run: the one row that says how it stands. A transition rewrites it, and most write nothing else.
 *
 * FO5  Large data of states lie in rows of their own, written once, and so do old states, many in a row: the head stays small however
 *      often a run is retried, and no row comes near the two megabytes that a row may have.
 */
import type { AssignedDeployment } from "@millrace/contract/channels/agent.ts";
import type { Alarms } from "@millrace/domain/alarms.ts";
import type { Receipt } from "@millrace/domain/flow-run/cancellation.ts";
import type { Claim, LossPolicy } from "@millrace/domain/flow-run/claim.ts";
import type { RelatedToRun } from "@millrace/domain/flow-run/events.ts";
import type { FlowRun } from "@millrace/domain/flow-run/run.ts";
import {
  restoredRun,
  restoredState,
  type StoredRun,
  type StoredState,
  storedRun,
  storedState,
} from "@millrace/domain/flow-run/stored.ts";
import type { Json } from "@millrace/domain/json.ts";
import type { State } from "@millrace/domain/state.ts";
import type { TaskRun } from "@millrace/domain/task-run/run.ts";
import type { Store } from "../kit/store.ts";
import type { DeploymentLimit } from "./deployment-slot.ts";

/** What the run's surroundings were called when it began, so that telling of it needs nobody else. */
export interface Surroundings extends RelatedToRun {
  parentFlowRunId: string | null;
  /** The run whose process began this one with its token; null: somebody else did. */
  startedBy: string | null;
  /** The deployment as it was when the run began: a run keeps the code that it was started with. */
  code: AssignedDeployment | null;
  /** The limit of its deployment; absent: it has none. */
  limit?: DeploymentLimit | null;
}

export interface Head {
  /** Who owns the run. Nobody else is told anything, whatever the caller believes. */
  workspace: string;
  /** Where the workspace's index is. */
  shard: number;
  run: FlowRun;
  /** Counts changes that lists show; the index row carries the version that it shows. */
  version: number;
  /** The version that the index is known to show, and how many states have been told of as events. */
  told: number;
  toldStates: number;
  generation: number;
  claim: Claim | null;
  lossPolicy: LossPolicy;
  alarms: Alarms;
  /** How often the run was sent to its pool since it last became ready. */
  offers: number;
  /** The state in which time ended the run although an agent has it: its process is to be ended. */
  overruled?: string | undefined;
  /** The pool was told that somebody works on the run without a claim, as Prefect's workers do. */
  worked?: boolean | undefined;
  /** What was asked of the nodes below the run when it was cancelled. */
  receipts?: readonly Receipt[];
  /** Leases of slots that the run left, until they are known to be given back. */
  left?: readonly string[];
  /** Ids of the task runs that may have slots of their tags' limits, and whose process may live. */
  holding?: readonly string[];
  /** Task runs whose slots of their tags' limits are to be given back, until they are known to be. */
  freeing?: readonly Pick<TaskRun, "id" | "tags">[];
  /** Ids of the transitions that were made lately. */
  transitions: string[];
  surroundings: Surroundings;
  /** How many states lie in rows of their own, before those of `states`. All of them have been told of. */
  earlier?: number;
  /** The latest states, oldest first; the last one is the run's. All that were not told of are among them. */
  states: State[];
}

const HEAD = "head";
const DATA = "data/";
const STATES = "states/";
/** Old states that are moved out of the head at once, and the latest that stay in any case. */
const MOVED = 12;
const KEPT = 4;
/** Characters of JSON above which a state's data get a row of their own. */
const LARGE = 8_000;

/** As it lies in the store: compact, the run's own state as the last of the history, and large data elsewhere. */
interface StoredHead extends Omit<Head, "run" | "states"> {
  run: StoredRun;
  states: StoredState[];
  /** Ids of the states whose data have rows of their own. */
  large?: string[];
}

/** A row of old states. */
interface OldStates extends Pick<StoredHead, "states" | "large"> {}

/** Reads the head; null where the run does not exist. Of earlier states large data are left out: see `allStates`. */
export function readHead(store: Store): Head | null {
  const text = store.get(HEAD);
  if (text === null) return null;
  const stored = JSON.parse(text) as StoredHead;
  const states = stored.states.map((state) => restoredState(state, stored.run.id));
  const current = states.at(-1);
  if (current && stored.large?.includes(current.id)) current.data = readData(store, current.id);
  return { ...stored, run: { ...restoredRun(stored.run), state: current ?? null }, states };
}

/** How many states the run has had. */
export const countStates = ({ earlier = 0, states }: Head): number => earlier + states.length;

/** All states so far with all their data, oldest first. */
export function allStates(store: Store, head: Head): State[] {
  const whole = (states: readonly State[], large: readonly string[]): State[] =>
    states.map((state) => (large.includes(state.id) ? { ...state, data: readData(store, state.id) } : state));
  const old = [...(head.earlier ? store.list(STATES) : [])].flatMap(([, text]) => {
    const { states, large = [] } = JSON.parse(text) as OldStates;
    const restored = states.map((state) => restoredState(state, head.run.id));
    return whole(restored, large);
  });
  return [...old, ...whole(head.states, largeOf(head))];
}

/** Writes the head, and answers it as it is to be remembered; must stand in a transaction. */
export function writeHead(store: Store, given: Head): Head {
  const head = withoutOld(store, given);
  const large = new Set(largeOf(head));
  for (const state of head.states) {
    if (large.has(state.id) || state.data === null || typeof state.data === "number" || typeof state.data === "boolean")
      continue;
    const data = JSON.stringify(state.data);
    if (data.length <= LARGE) continue;
    store.put(DATA + state.id, data);
    large.add(state.id);
  }
  const { run, states, ...rest } = head;
  const stored: StoredHead = {
    ...rest,
    run: storedRun({ ...run, state: null }),
    states: states.map((state) => storedState(large.has(state.id) ? { ...state, data: null } : state, run.id)),
  };
  if (large.size > 0) stored.large = [...large];
  store.put(HEAD, JSON.stringify(stored));
  return large.size > 0 ? ({ ...head, large: stored.large } as Head) : head;
}

/** Moves old states into a row of their own, where there are many that have been told of. */
function withoutOld(store: Store, head: Head): Head {
  const { earlier = 0, states, toldStates, run } = head;
  // The last one that was told of stays: the next event says where it came from.
  const old = states.slice(0, Math.max(0, Math.min(states.length - KEPT, toldStates - 1 - earlier)));
  if (old.length < MOVED) return head;
  const large = largeOf(head).filter((id) => old.some((state) => state.id === id));
  const row: OldStates = {
    states: old.map((state) => storedState(large.includes(state.id) ? { ...state, data: null } : state, run.id)),
    ...(large.length > 0 && { large }),
  };
  store.put(STATES + String(earlier).padStart(9, "0"), JSON.stringify(row));
  const left = { large: largeOf(head).filter((id) => !large.includes(id)) };
  return { ...head, ...left, earlier: earlier + old.length, states: states.slice(old.length) };
}

const largeOf = (head: Head): readonly string[] => (head as Head & { large?: string[] }).large ?? [];

const readData = (store: Store, id: string): Json => JSON.parse(store.get(DATA + id) ?? "null") as Json;
