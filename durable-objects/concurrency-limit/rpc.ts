/**
 * What others may ask of a concurrency limit's object. Whoever wants slots of several limits at once calls ../slots.ts, which asks each.
 */
import type { Instant } from "@millrace/domain/time.ts";
import type { Owner } from "../flow-run/rpc.ts";

/** A limit as it is kept in the shard. `updated` tells a newer setting from an older one, whichever arrives first. */
export interface Limit {
  id: string;
  name: string;
  limit: number;
  active: boolean;
  /** Slots that come free by themselves in a second; 0: they are held until they are given back. */
  decay: number;
  created: Instant;
  updated: Instant;
}

/** Who holds or wants slots, as the wire names it. */
export interface Holder {
  type: "flow_run" | "task_run" | "deployment";
  id: string;
}

/** What somebody wants of one limit. */
export interface Ask {
  slots: number;
  /** Known holders wait in order of arrival; null: somebody, who counts as whoever asks next without a name. */
  holder: Holder | null;
  /**
   * Seconds for which the slots are held without a sign of life; null: until they are given back, and then a known holder who has
   * slots already gets no others.
   */
  seconds: number | null;
  /** The lease's id, where others know it already: the same one again is granted without taking more. Null: a new one. */
  lease: string | null;
  /** Other limits whose slots go with this lease. */
  others: readonly string[];
  /** False: who is refused does not come again, and no place is kept. */
  waits?: boolean;
}

/** More than the limit ever gives. */
export interface Never {
  kind: "never";
  limit: number;
}

export type Grant =
  | { kind: "granted"; lease: string }
  /** Come again after so many seconds. */
  | { kind: "wait"; seconds: number }
  | Never;

/** A lease that ended or lives on; `others`: the limits whose slots go with it. */
export interface Leased {
  others: readonly string[];
}

/** Somebody who has slots. */
export interface Held {
  lease: string;
  slots: number;
  holder: Holder | null;
  since: Instant;
  /** When the lease ends; null: when the slots are given back. */
  until: Instant | null;
}

/** Somebody who was refused and is expected again. */
export interface Waiting {
  holder: Holder | null;
  slots: number;
  since: Instant;
}

export interface Occupation {
  /** Slots that are taken now. */
  taken: number;
  /** In order of taking. */
  held: Held[];
  /** In order of arrival. */
  waiting: Waiting[];
}

export interface ConcurrencyLimitRpc {
  /** How the limit is set from now on; older settings than the known ones change nothing. */
  configure(owner: Owner, limit: Limit): Promise<void>;
  /** Takes slots, or says when to come again. The settings come along, so that nobody needs to have told them before. */
  acquire(owner: Owner, limit: Limit, ask: Ask): Promise<Grant>;
  /** Holds the slots of a lease for so many seconds from now; null where it has ended. */
  renew(owner: Owner, lease: string, seconds: number): Promise<Leased | null>;
  /** Ends a lease, and gives its slots back; null where it has ended before. */
  release(owner: Owner, lease: string): Promise<Leased | null>;
  /** Gives back all slots of a holder. */
  releaseHolder(owner: Owner, holder: Holder): Promise<void>;
  /** Gives back slots that were taken without a lease by somebody unnamed: as many of them as there are. */
  giveBack(owner: Owner, slots: number): Promise<void>;
  /** By hand: from now on so many slots are taken. Those without a lease go first, then those whose lease ends first. */
  setTaken(owner: Owner, limit: Limit, slots: number): Promise<Never | null>;
  /** By hand: these have a slot each, and nobody else has any. */
  setHolders(owner: Owner, limit: Limit, holders: readonly Holder[]): Promise<Never | null>;
  occupation(owner: Owner): Promise<Occupation>;
  /** Forgets everything: the limit was deleted. */
  remove(owner: Owner): Promise<void>;
}
