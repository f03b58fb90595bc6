/** What others may ask of a work pool's object. */
import type { WireAgent } from "@millrace/contract/work-pools.ts";
import type { AllowedNetwork } from "@millrace/domain/access/allow-list.ts";
import type { Queue } from "@millrace/domain/dispatch/backlog.ts";
import type { Cleanup } from "@millrace/domain/dispatch/cleanups.ts";
import type { Explained } from "@millrace/domain/dispatch/explain.ts";
import type { PoolStatus, WorkerStatus } from "@millrace/domain/dispatch/signs.ts";
import type { JsonObject } from "@millrace/domain/json.ts";
import type { Problem } from "@millrace/domain/problem.ts";
import type { StateInput } from "@millrace/domain/state.ts";
import type { Instant } from "@millrace/domain/time.ts";
import type { Answer, Owner, Reporter } from "../flow-run/rpc.ts";
import type { Packed } from "../kit/packed.ts";

/** A run that is due, or will be in a moment. Lower priorities go first. */
export interface Offer {
  run: string;
  queue: string | null;
  due: number;
  priority: number;
  /** Runs of one key share its turns; absent: the key of all that name none, and weight 1. */
  key?: string | undefined;
  weight?: number | undefined;
}

export interface PoolSettings {
  id?: string;
  name: string;
  paused: boolean;
  /** Runs at once; null: as many as agents have slots. */
  limit: number | null;
  type?: string;
  /** Its queues; where it was told of none, it has one without a limit. */
  queues?: readonly Queue[];
  /** The queue of runs that name none that is there. */
  own?: string;
  /** Counts the changes of settings: an older one that comes late changes nothing. */
  revision?: number;
  /** The pool as the wire shows it, for workers that are connected. */
  snapshot?: Packed<JsonObject>;
}

/** Which runs a worker asks for. */
export interface Poll {
  /** Names of queues; null: all. */
  queues: readonly string[] | null;
  /** Bounds of the due time. */
  before: number;
  after: number | null;
  limit: number;
  /** Runs that the pool may not know yet. */
  more: readonly Offer[];
  /** Runs that are known not to wait any more. */
  except: readonly string[];
  /** Somebody only looks: no sign of life of a worker. */
  silent?: boolean;
}

export type PollAnswer =
  | { kind: "runs"; runs: { run: string; queue: string }[] }
  | { kind: "no_queue"; name: string }
  /** The pool was deleted. */
  | { kind: "gone" };

/** A Prefect worker, by its heartbeats. */
export interface Worker {
  id: string;
  name: string;
  created: Instant;
  updated: Instant;
  heard: Instant;
  interval: number | null;
  status: WorkerStatus;
  version: string | null;
  metadata: JsonObject | null;
}

export interface Heartbeat {
  name: string;
  interval: number | null;
  version: string | null;
  metadata: JsonObject | null;
}

/** How a pool stands. */
export interface Standing {
  status: PoolStatus;
  /** Runs that somebody has. */
  taken: number;
  /** The last poll of any queue. */
  polled: Instant | null;
  queues: { id: string; status: PoolStatus; taken: number; polled: Instant | null }[];
  /** Of the settings that it works by. */
  revision: number;
}

/** Why runs wait. */
export interface Explanation {
  paused: boolean;
  limit: number | null;
  taken: number;
  /** Free slots of agents that are connected. */
  slots: number;
  waiting: Explained[];
}

export interface WorkPoolRpc {
  /** Takes runs that are due or soon will be, and gives them to agents that are free. A run offered twice is known to be one. */
  offer(owner: Owner, offers: readonly Offer[]): Promise<void>;
  /** The run is not to be started any more, or has ended in the hands of a worker. */
  withdraw(owner: Owner, run: string): Promise<void>;
  /** The process of this claim is to end. */
  cancel(owner: Owner, run: string, generation: number): Promise<void>;
  /** Sees to it that the pool wakes for what is due: the sweep asks, in case an alarm was lost. */
  look(owner: Owner): Promise<void>;
  /** How the pool works from now on. */
  configure(owner: Owner, settings: PoolSettings): Promise<void>;
  /** The pool is deleted: nothing is given out any more. What agents have they bring to an end. */
  close(owner: Owner): Promise<void>;
  agents(owner: Owner): Promise<WireAgent[]>;
  /** The key is revoked: the lines that it opened are closed, and it opens no others. */
  revoke(owner: Owner, key: string): Promise<void>;
  /** From where the account is reached from now on; null: from anywhere. Lines from elsewhere are closed, and none is opened. */
  allow(owner: Owner, list: readonly AllowedNetwork[] | null): Promise<void>;

  /** The runs that a worker may take, best first. Nothing is promised by it: the worker takes one by `take`. */
  poll(owner: Owner, poll: Poll): Promise<PollAnswer>;
  /**
   * Enters PENDING, by which a Prefect worker takes a run: as long as the limits allow it, and nobody has the run. "full": what has
   * no room.
   */
  take(
    owner: Owner,
    offer: Offer,
    state: Packed<StateInput>,
    reporter: Reporter,
  ): Promise<Answer | Problem | { full: string }>;
  /** A run began without having been given out: it counts all the same. */
  occupy(owner: Owner, offer: Offer): Promise<void>;

  /** A worker lives; answers its id. Null: the pool was deleted. */
  heartbeat(owner: Owner, heartbeat: Heartbeat): Promise<string | null>;
  workers(owner: Owner): Promise<Worker[]>;
  /** Forgets a worker; false where there is none. */
  removeWorker(owner: Owner, name: string): Promise<boolean>;
  standing(owner: Owner): Promise<Standing>;
  /** Runs that somebody has, by queue, in the order in which they were taken. */
  holders(owner: Owner): Promise<{ run: string; queue: string }[]>;
  explain(owner: Owner): Promise<Explanation>;
  /** A worker is to clean up after a run; said twice under one id, it is done once. */
  cleanUp(owner: Owner, cleanup: Pick<Cleanup, "id" | "kind" | "queue" | "target">): Promise<void>;
}
