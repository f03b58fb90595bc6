/**
 * Holders of slots: they take slots of one limit or of two, as a worker does it for `POST /v2/concurrency_limits/increment-with-lease`,
 * hold them by renewing their lease, give them back, or die. Each limit's object is looked at after each call that it was given.
 *
 * HS1  What is held at a limit never exceeds it, by its own books and by what its holders were told.
 * HS2  Slots of a holder that renews no more are free five seconds after its lease's end.
 */
import { fromMilliseconds, type Instant } from "@millrace/domain/time.ts";
import { LimitLedger } from "../../../durable-objects/concurrency-limit/ledger.ts";
import type { Ask, Holder, Limit } from "../../../durable-objects/concurrency-limit/rpc.ts";
import { Life } from "../platform/life.ts";
import { MemoryStore } from "../platform/memory-store.ts";
import type { ObjectHost } from "../platform/object-host.ts";
import type { Platform } from "../platform/platform.ts";
import type { Random } from "../platform/random.ts";
import { type Api, Unreachable } from "./api.ts";
import { Violation } from "./invariants.ts";

/** Milliseconds for which a holder tries to get an answer. */
const BUDGET = 60_000;
/** Seconds after the end of its lease within which a slot is free. */
const FREED_WITHIN = 5;
/** Seconds for which a lease holds. */
const SECONDS = [15, 40];
const SIZES = [1, 2];
/** The tag that may have a limit. */
export const TAG = "few";

/** What a holder believes that it has. */
interface Sure {
  limits: readonly Limit[];
  /** Milliseconds, by the server's clock, until which it is sure; and how often that clock had stepped when it asked. */
  until: number;
  steps: number;
}

export interface HoldersSetting {
  platform: Platform;
  api: Api;
  dice: Random;
}

export class Holders {
  /** Those that holders want. */
  readonly limits: readonly Limit[];
  readonly deployment: Limit | null;
  /** Of task runs of one tag. They have their slots without a lease. */
  readonly tag: Limit | null;
  readonly #setting: HoldersSetting;
  readonly #living = new Set<Life>();
  readonly #sure = new Map<Life, Sure>();
  /** Until when a lease holds, in milliseconds by the server's clock, as its object was asked last. */
  readonly #ends = new Map<string, number>();
  #made = 0;

  /** `deployment`: how many runs the deployment may have at once; `tag`: how many task runs of the tag. */
  constructor(setting: HoldersSetting, deployment: number | null, tag: number | null) {
    this.#setting = setting;
    const at = fromMilliseconds(setting.platform.time.wall) as Instant;
    const made = (limit: number): Limit => ({
      ...{ id: setting.dice.uuid(), name: `limit of ${limit}`, limit, active: true, decay: 0 },
      ...{ created: at, updated: at },
    });
    this.limits = SIZES.map(made);
    this.deployment = deployment === null ? null : made(deployment);
    this.tag = tag === null ? null : { ...made(tag), name: `tag:${TAG}` };
    if (this.tag) this.#store(this.tag);
  }

  /** Somebody wants slots. */
  begin(dice: Random): string {
    this.#made += 1;
    const name = `holder ${this.#made}`;
    const limits = this.limits.filter(() => dice.chance(0.6));
    const work = { id: dice.uuid(), limits, seconds: dice.pick(SECONDS), works: dice.around(40) * 1000 };
    const life = new Life(name);
    this.#living.add(life);
    life
      .run(() => this.#live(life, work))
      .catch((error) => {
        if (!(error instanceof Unreachable)) throw error;
      })
      .finally(() => this.#end(life));
    return `${name} wants ${limits.map(({ name }) => name).join(" and ") || "nothing"}`;
  }

  /** One of them dies without a word. */
  kill(dice: Random): string | null {
    const life = dice.pick([...this.#living, null]);
    if (!life) return null;
    this.#end(life);
    return `${life.name} dies`;
  }

  /** A limit's object did what it was asked for. */
  after(host: ObjectHost, method: string, args: readonly unknown[]): void {
    const limit = this.#limitOf(host);
    if (!limit) return;
    const { wall } = this.#setting.platform.time;
    const held = this.#heldAt(host);
    if (method === "renew" && this.#ends.has(endOf(host, args[1])))
      this.#ends.set(endOf(host, args[1]), wall + (args[2] as number) * 1000);
    for (const { lease } of held) {
      const key = endOf(host, lease);
      if (!this.#ends.has(key))
        this.#ends.set(key, wall + ((args[2] as Ask).seconds ?? Number.POSITIVE_INFINITY) * 1000);
    }
    const taken = held.reduce((sum, { slots }) => sum + slots, 0);
    if (taken > limit.limit)
      throw new Violation("slots are kept", `${taken} slots of the ${limit.name} are held after ${method}`);
  }

  /** To be called after every step. */
  check(): void {
    const { hosts, time } = this.#setting.platform;
    for (const host of hosts.values()) {
      if (!this.#limitOf(host)) continue;
      for (const { lease } of this.#heldAt(host)) {
        const late = time.wall - (this.#ends.get(endOf(host, lease)) ?? 0) - FREED_WITHIN * 1000;
        if (late > 0) throw new Violation("slots come back", `a lease is held ${late / 1000} s too long`);
      }
    }
    for (const limit of this.limits) {
      // Who was told before the server's clock stepped may have lost its lease without knowing it.
      const sure = [...this.#sure.values()].filter(
        ({ limits, until, steps }) => limits.includes(limit) && until > time.wall && steps === time.steps,
      );
      if (sure.length > limit.limit)
        throw new Violation("slots are kept", `${sure.length} holders were told that they have the ${limit.name}`);
    }
  }

  /** To be called at the end, when all leases are over. */
  checkEnd(): void {
    for (const host of this.#setting.platform.hosts.values())
      if (this.#limitOf(host) && this.#heldAt(host).length > 0)
        throw new Violation("slots come back", "a slot is held after all leases");
  }

  /** Nobody holds anything any more: all who did are gone. */
  endAll(): void {
    for (const life of [...this.#living]) this.#end(life);
  }

  async #live(
    life: Life,
    { id, limits, seconds, works }: { id: string; limits: readonly Limit[]; seconds: number; works: number },
  ): Promise<void> {
    const { api, platform } = this.#setting;
    const { time } = platform;
    const holder: Holder = { type: "task_run", id };
    const sureFrom = (wall: number, steps: number) =>
      life.alive && this.#sure.set(life, { limits, until: wall + seconds * 1000, steps });
    for (;;) {
      const [wall, steps] = [time.wall, time.steps];
      const answer = await api.serve(life, BUDGET, ({ acquireSlots }, env) =>
        acquireSlots(env, api.owner, limits, { slots: 1, holder, seconds }),
      );
      if (answer.kind === "never") throw new Violation("a limit that gives one slot gives it", answer.name);
      if (answer.kind === "wait") {
        await api.pause(life, answer.seconds * 1000);
        continue;
      }
      sureFrom(wall, steps);
      const end = time.now + works;
      while (time.now < end) {
        await api.pause(life, Math.min((seconds * 1000) / 3, end - time.now));
        const [askedAt, then] = [time.wall, time.steps];
        const renewed = await api.serve(life, BUDGET, ({ renewSlots }, env) =>
          renewSlots(env, api.owner, answer.lease, seconds),
        );
        if (!renewed) return;
        sureFrom(askedAt, then);
      }
      this.#sure.delete(life);
      return api.serve(life, BUDGET, ({ releaseSlots }, env) => releaseSlots(env, api.owner, answer.lease));
    }
  }

  #end(life: Life): void {
    life.end();
    this.#living.delete(life);
    this.#sure.delete(life);
  }

  #limitOf({ name }: ObjectHost): Limit | undefined {
    if (!name.startsWith("CONCURRENCY_LIMIT/")) return undefined;
    return (
      [...this.limits, this.deployment, this.tag].find((limit) => limit && name.endsWith(limit.id.slice(-17))) ??
      undefined
    );
  }

  /** Writes a limit into the shard, where the objects of runs look for those of tags. */
  #store({ id, name, limit, created, updated }: Limit): void {
    const { platform, api } = this.#setting;
    const query = `INSERT INTO concurrency_limits (workspace_id, id, name, "limit", active, decay, created, updated) VALUES (?1, ?2, ?3, ?4, 1, 0, ?5, ?6)`;
    platform.database.query([{ query, values: [api.owner.workspace, id, name, limit, created, updated] }]);
  }

  #heldAt(host: ObjectHost) {
    const { platform, api } = this.#setting;
    const now = () => fromMilliseconds(platform.time.wall) as Instant;
    const nothing = { now, newId: () => "", chance: () => 0 };
    return new LimitLedger(new MemoryStore({ disk: host.disk }), nothing).occupation(api.owner).held;
  }
}

const endOf = (host: ObjectHost, lease: unknown): string => `${host.name} ${lease}`;
