/**
 * Processes that were started before their run was there, and wait for it: of each kind (command, environment) as many as were
 * lately needed, within limits of number and memory.
 *
 * W1  A process has one run, whoever started it.
 * W2  A run whose process had died while it waited is begun anew in another; it has not run before.
 * W3  With nothing to do for a while, nothing is left of it; it begins with nothing.
 * W4  One is started at a time, a moment after a run has begun: a start should not be in the way of a run.
 */
import type { Ended, Infrastructure, Setup, Standby, StartOrder, Work } from "../infrastructure/infrastructure.ts";
import { describe } from "../sdk/errors.ts";
import { allot, KEEP_MS, remember, type WarmLimits, wanted } from "./demand.ts";

/** Megabytes that a process is taken to need before one has been seen. */
const UNSEEN_MEMORY = 64;
/** How long a run that has begun is left alone, in milliseconds. */
const QUIET_MS = 100;
/** How often it is looked whether some have waited long enough, in milliseconds. */
const LOOK_MS = KEEP_MS / 6;
/** So many that died while they waited, with none used between: no more of that kind. */
const DEATHS = 3;

interface Kind {
  readonly setup: Setup;
  starts: number[];
  megabytes: number;
  deaths: number;
  /** The oldest first. */
  readonly waiting: Standby[];
}

export class WarmPool {
  readonly #infrastructure: Infrastructure;
  readonly #limits: WarmLimits;
  readonly #log: (text: string) => void;
  readonly #kinds = new Map<string, Kind>();
  #timer: NodeJS.Timeout | undefined;
  #starting = false;
  #closed = false;

  constructor(infrastructure: Infrastructure, limits: WarmLimits, log: (text: string) => void) {
    this.#infrastructure = infrastructure;
    this.#limits = limits;
    this.#log = log;
  }

  /** Starts the order, in a process that waited for such a one where there is any. */
  async start(order: StartOrder): Promise<Work> {
    if (order.input === null || this.#limits.count === 0 || this.#closed) return this.#infrastructure.start(order);
    const kind = this.#kindOf(order);
    kind.starts = remember(kind.starts, performance.now());
    this.#arrangeIn(QUIET_MS);
    const standby = kind.waiting.shift();
    if (!standby) return this.#infrastructure.start(order);
    kind.deaths = 0;
    return new HandedOver(standby.begin(order), () => this.#infrastructure.start(order));
  }

  /** Ends those that wait, and keeps none from now on. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const { waiting } of this.#kinds.values()) for (const standby of waiting.splice(0)) standby.kill();
    this.#kinds.clear();
  }

  #kindOf({ command, env, folder }: StartOrder): Kind {
    const setup: Setup = { command, env, folder };
    const name = JSON.stringify([command, folder, Object.entries(env).sort()]);
    let kind = this.#kinds.get(name);
    if (!kind) {
      kind = { setup, starts: [], megabytes: UNSEEN_MEMORY, deaths: 0, waiting: [] };
      this.#kinds.set(name, kind);
    }
    return kind;
  }

  #arrangeIn(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#arrange(), ms).unref();
  }

  /** Ends what is too many, and starts one of what is too few. */
  #arrange(): void {
    if (this.#closed) return;
    const now = performance.now();
    for (const [name, kind] of this.#kinds)
      if (wanted(kind.starts, now) === 0 && kind.waiting.length === 0) this.#kinds.delete(name);
    const kinds = [...this.#kinds.values()];
    const shares = allot(kinds, this.#limits, now);
    for (const [at, kind] of kinds.entries())
      while (kind.waiting.length > (shares[at] ?? 0)) kind.waiting.shift()?.kill();
    const short = kinds.find(({ waiting, deaths }, at) => waiting.length < (shares[at] ?? 0) && deaths < DEATHS);
    if (short && !this.#starting) void this.#startOne(short);
    if (kinds.length > 0) this.#arrangeIn(LOOK_MS);
  }

  async #startOne(kind: Kind): Promise<void> {
    this.#starting = true;
    try {
      const standby = await this.#infrastructure.stand(kind.setup);
      if (this.#closed) return standby.kill();
      kind.waiting.push(standby);
      void standby.ended.then(() => this.#died(kind, standby));
      await standby.ready;
      kind.megabytes = Math.max(kind.megabytes, standby.memory());
    } catch (error) {
      kind.deaths += 1;
      this.#log(`No process could be kept ready: ${describe(error)}`);
    } finally {
      this.#starting = false;
    }
    this.#arrange();
  }

  /** One that ended while it waited; those that were used are not among them any more. */
  #died(kind: Kind, standby: Standby): void {
    const at = kind.waiting.indexOf(standby);
    if (at < 0) return;
    kind.waiting.splice(at, 1);
    kind.deaths += 1;
    if (!this.#starting) this.#arrangeIn(QUIET_MS);
  }
}

/** Work of a process that waited. Where it had died before it took the order, the work is begun anew. */
class HandedOver implements Work {
  readonly ended: Promise<Ended>;
  #work: Work;
  #wish: { graceMs: number } | null = null;

  constructor(work: Work, anew: () => Promise<Work>) {
    this.#work = work;
    this.ended = this.#follow(anew);
  }

  get place(): string {
    return this.#work.place;
  }

  get taken(): boolean {
    return this.#work.taken;
  }

  async stop(graceMs: number): Promise<void> {
    this.#wish = { graceMs };
    await this.#work.stop(graceMs);
    await this.ended;
  }

  kill(): void {
    this.#wish = { graceMs: 0 };
    this.#work.kill();
  }

  async #follow(anew: () => Promise<Work>): Promise<Ended> {
    const ended = await this.#work.ended;
    if (this.#work.taken || this.#wish) return ended;
    try {
      this.#work = await anew();
    } catch {
      return ended;
    }
    // What was wished while the other was being started.
    const wish = this.#wish as { graceMs: number } | null;
    if (wish) void this.#work.stop(wish.graceMs);
    return this.#work.ended;
  }
}
