/**
 * The one place that gives out the slots of a limit: its ledger behind calls. Nothing wakes it: a lease ends by its time, whoever
 * looks, and those who wait come by themselves.
 */
import { DurableObject } from "cloudflare:workers";
import { uuidv7 } from "uuidv7";
import type { ObjectEnv } from "../env.ts";
import type { Owner } from "../flow-run/rpc.ts";
import { now } from "../kit/alarms.ts";
import { SqliteStore } from "../kit/store.ts";
import { LimitLedger } from "./ledger.ts";
import type { Ask, ConcurrencyLimitRpc, Grant, Holder, Leased, Limit, Never, Occupation } from "./rpc.ts";

export class ConcurrencyLimit extends DurableObject<ObjectEnv> implements ConcurrencyLimitRpc {
  readonly #ledger: LimitLedger;

  constructor(ctx: DurableObjectState, env: ObjectEnv) {
    super(ctx, env);
    this.#ledger = new LimitLedger(new SqliteStore(ctx.storage), { now, newId: uuidv7, chance: Math.random });
  }

  async configure(owner: Owner, limit: Limit): Promise<void> {
    this.#ledger.configure(owner, limit);
  }

  async acquire(owner: Owner, limit: Limit, ask: Ask): Promise<Grant> {
    return this.#ledger.acquire(owner, limit, ask);
  }

  async renew(owner: Owner, lease: string, seconds: number): Promise<Leased | null> {
    return this.#ledger.renew(owner, lease, seconds);
  }

  async release(owner: Owner, lease: string): Promise<Leased | null> {
    return this.#ledger.release(owner, lease);
  }

  async releaseHolder(owner: Owner, holder: Holder): Promise<void> {
    this.#ledger.releaseHolder(owner, holder);
  }

  async giveBack(owner: Owner, slots: number): Promise<void> {
    this.#ledger.giveBack(owner, slots);
  }

  async setTaken(owner: Owner, limit: Limit, slots: number): Promise<Never | null> {
    return this.#ledger.setTaken(owner, limit, slots);
  }

  async setHolders(owner: Owner, limit: Limit, holders: readonly Holder[]): Promise<Never | null> {
    return this.#ledger.setHolders(owner, limit, holders);
  }

  async occupation(owner: Owner): Promise<Occupation> {
    return this.#ledger.occupation(owner);
  }

  async remove(owner: Owner): Promise<void> {
    this.#ledger.remove(owner);
  }
}
