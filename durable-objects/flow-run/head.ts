/**
 * The head of a flow run: the one row that says how it stands. A transition rewrites it, and writes nothing else.
 *
 * FO5  Large data of states lie in rows of their own, written once: the head stays small however often a run is retried, and
 *      no row comes near the two megabytes that a row may have.
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
  /** Ids of the task runs that may have slots of their tags' limits: with the run's end they have none. */
  holding?: readonly string[];
  /** Ids of the transitions that were made lately. */
  transitions: string[];
  surroundings: Surroundings;
  /** All states so far, oldest first; the last one is the run's. */
  states: State[];
}

const HEAD = "head";
const DATA = "data/";
/** Characters of JSON above which a state's data get a row of their own. */
const LARGE = 8_000;

/** As it lies in the store: compact, the run's own state as the last of the history, and large data elsewhere. */
interface StoredHead extends Omit<Head, "run" | "states"> {
  run: StoredRun;
  states: StoredState[];
  /** Ids of the states whose data have rows of their own. */
  large?: string[];
}

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

/** The states with all their data, oldest first. */
export function allStates(store: Store, head: Head): State[] {
  const large = largeOf(head);
  return head.states.map((state) => (large.includes(state.id) ? { ...state, data: readData(store, state.id) } : state));
}

/** Writes the head, and answers it as it is to be remembered; must stand in a transaction. */
export function writeHead(store: Store, head: Head): Head {
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

const largeOf = (head: Head): readonly string[] => (head as Head & { large?: string[] }).large ?? [];

const readData = (store: Store, id: string): Json => JSON.parse(store.get(DATA + id) ?? "null") as Json;
