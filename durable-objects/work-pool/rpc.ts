/** What others may ask of a work pool's object. */
import type { WireAgent } from "@millrace/contract/work-pools.ts";
import type { Owner } from "../flow-run/rpc.ts";

/** A run that is due. Lower priorities go first. */
export interface Offer {
  run: string;
  queue: string | null;
  due: number;
  priority: number;
}

export interface PoolSettings {
  name: string;
  paused: boolean;
  /** Runs at once; null: as many as agents have slots. */
  limit: number | null;
}

export interface WorkPoolRpc {
  /** Takes due runs, and gives them to agents that are free. A run offered twice is known to be one. */
  offer(owner: Owner, offers: readonly Offer[]): Promise<void>;
  /** The run is not to be started any more. */
  withdraw(owner: Owner, run: string): Promise<void>;
  /** The process of this claim is to end. */
  cancel(owner: Owner, run: string, generation: number): Promise<void>;
  /** How the pool works from now on. */
  configure(owner: Owner, settings: PoolSettings): Promise<void>;
  agents(owner: Owner): Promise<WireAgent[]>;
  /** The key is revoked: the lines that it opened are closed, and it opens no others. */
  revoke(owner: Owner, key: string): Promise<void>;
}
