/**
 * The runs of a pool in memory, as they are looked for: those that wait in order, those that somebody has by session and by queue.
 *
 * WP1  A run stands here once: it waits, its claim is being asked for, or somebody has it.
 */
import { Backlog, type Queue, type Room } from "@millrace/domain/dispatch/backlog.ts";
import type { Offer } from "./rpc.ts";

/** A run in the pool. `claim`: who has it; null while it waits. */
export interface Entry extends Offer {
  /** Order of arrival. */
  since: number;
  claim: { session: string; generation: number } | null;
}

/** Stands for the session of a run that a Prefect worker has: it took the run by PENDING, and nobody else is told of it. */
export const WORKER = "worker";

export class Books {
  /** Those that can be given out. */
  readonly backlog = new Backlog();
  readonly #entries = new Map<string, Entry>();
  readonly #asking = new Map<string, string>();
  readonly #bySession = new Map<string, Set<string>>();
  /** Runs that somebody has, or is being given, by queue. */
  readonly #taken = new Map<string, number>();
  #takenInAll = 0;

  constructor(entries: Iterable<Entry>) {
    for (const entry of entries) this.put(entry);
  }

  entry(run: string): Entry | null {
    return this.#entries.get(run) ?? null;
  }

  put(entry: Entry): void {
    this.#out(entry.run);
    this.#entries.set(entry.run, entry);
    this.#in(entry.run);
  }

  remove(run: string): boolean {
    this.#out(run);
    const was = this.#entries.delete(run);
    this.#in(run);
    return was;
  }

  entries(): Entry[] {
    return [...this.#entries.values()];
  }

  claimsOf(session: string): Entry[] {
    return [...(this.#bySession.get(session) ?? [])].map((run) => this.#entries.get(run) as Entry);
  }

  claimCount(session: string): number {
    return this.#bySession.get(session)?.size ?? 0;
  }

  /** Whether the run's claim is being asked for. */
  isAsking(run: string): boolean {
    return this.#asking.has(run);
  }

  /** The run is being given to a session: it waits no more, and counts as taken. */
  ask(run: string, session: string): void {
    this.#out(run);
    this.#asking.set(run, session);
    this.#in(run);
  }

  answered(run: string): void {
    this.#out(run);
    this.#asking.delete(run);
    this.#in(run);
  }

  /** How many runs a session is being given. */
  asked(session: string): number {
    let count = 0;
    for (const one of this.#asking.values()) if (one === session) count += 1;
    return count;
  }

  /** How many runs somebody has, or is being given. */
  get taken(): number {
    return this.#takenInAll;
  }

  /** How many of a queue; those of queues that are gone count for the pool's own. */
  takenOf(queue: string, queues: readonly Queue[], own: string): number {
    if (queue !== own) return this.#taken.get(queue) ?? 0;
    const known = new Set(queues.map(({ id }) => id));
    let count = 0;
    for (const [id, some] of this.#taken) if (id === own || !known.has(id)) count += some;
    return count;
  }

  /** How many more may be given out. */
  room(limit: number | null, queues: readonly Queue[], own: string): Room {
    const limits = queues.filter((queue) => queue.limit !== null);
    return {
      pool: limit === null ? Number.POSITIVE_INFINITY : limit - this.taken,
      queues: new Map(limits.map(({ id, limit: most }) => [id, (most as number) - this.takenOf(id, queues, own)])),
    };
  }

  #in(run: string): void {
    const entry = this.#entries.get(run);
    const asked = this.#asking.has(run);
    if (entry?.claim) {
      const runs = this.#bySession.get(entry.claim.session) ?? new Set();
      this.#bySession.set(entry.claim.session, runs.add(run));
    } else if (entry && !asked) this.backlog.add(entry);
    if (entry?.claim || asked) this.#count(entry?.queue ?? "", 1);
  }

  #out(run: string): void {
    const entry = this.#entries.get(run);
    const asked = this.#asking.has(run);
    if (entry?.claim) {
      const runs = this.#bySession.get(entry.claim.session);
      runs?.delete(run);
      if (runs?.size === 0) this.#bySession.delete(entry.claim.session);
    } else this.backlog.remove(run);
    if (entry?.claim || asked) this.#count(entry?.queue ?? "", -1);
  }

  #count(queue: string, by: number): void {
    this.#takenInAll += by;
    this.#taken.set(queue, (this.#taken.get(queue) ?? 0) + by);
    if (this.#taken.get(queue) === 0) this.#taken.delete(queue);
  }
}
