/**
 * What a pool knows: runs that wait, runs that agents have, and the agents' sessions. The object around it (work-pool.ts) adds
 * the network.
 *
 * WP1  A run stands in the pool once: it waits, or one session has it.
 * WP2  The best waiting run goes first, as domain/dispatch has it.
 * WP3  A session never has more runs than slots, nor the pool or a queue more than its limit.
 * WP4  A poll or heartbeat that changes nothing writes nothing.
 */

import type { AgentHello } from "@millrace/contract/channels/agent.ts";
import { type Allowed, type AllowedNetwork, allowedBy } from "@millrace/domain/access/allow-list.ts";
import type { Queue, Room } from "@millrace/domain/dispatch/backlog.ts";
import { Shares } from "@millrace/domain/dispatch/shares.ts";
import { type Instant, plusSeconds } from "@millrace/domain/time.ts";
import type { Owner } from "../flow-run/rpc.ts";
import type { Store } from "../kit/store.ts";
import { Books, type Entry } from "./books.ts";
import type { PoolSettings } from "./rpc.ts";

export type { Entry } from "./books.ts";

/** An agent's session: it outlives its websocket by the lease. */
export interface Session {
  id: string;
  /** Counts the connections of this session. */
  generation: number;
  agent: AgentHello["agent"];
  slots: number;
  leaseSeconds: number;
  connected: Instant;
  /** When it was last heard of, as far as that was written: on connecting and on losing the connection. */
  seen: Instant;
  online: boolean;
  draining: boolean;
}

interface PoolRow extends Owner {
  settings: PoolSettings;
  /** The pool was deleted. */
  closed?: true;
}

/** The queue of a pool that was told of none. */
const ONLY_QUEUE: Queue = { id: "", name: "default", priority: 1, paused: false, limit: null };

const POOL = "pool";
const RUN = "run/";
const SESSION = "session/";
const REVOKED = "revoked/";
const ALLOWED = "allowed";

/** Seconds of a lease where the agent asks for none, and the bounds of what it may ask for. */
export const LEASE_SECONDS = { usual: 30, least: 5, most: 300 } as const;
/** Seconds for which an agent that is gone is still listed. */
const REMEMBERED_SECONDS = 86_400;
/** Seconds for which a revoked key is remembered: twice as long as any cache may still take it for a good one. */
const REVOKED_SECONDS = 60;

export class PoolLedger {
  readonly #store: Store;
  #books: Books | null = null;
  #sessions: Map<string, Session> | null = null;
  #pool: PoolRow | null | undefined;
  /** Turns of fairness keys. Memory is enough: after a crash all begin anew. */
  readonly shares = new Shares();

  constructor(store: Store) {
    this.#store = store;
  }

  /** Who owns the pool; null until somebody had something to do with it. */
  get owner(): Owner | null {
    return this.#row();
  }

  get settings(): PoolSettings {
    return this.#row()?.settings ?? { name: "", paused: false, limit: null };
  }

  /** The pool was deleted. */
  get closed(): boolean {
    return this.#row()?.closed === true;
  }

  get queues(): readonly Queue[] {
    const { queues } = this.settings;
    return queues && queues.length > 0 ? queues : [ONLY_QUEUE];
  }

  /** The id of the queue of runs that name none that is there. */
  get own(): string {
    return this.settings.own ?? this.queues[0]?.id ?? ONLY_QUEUE.id;
  }

  queueOf({ queue }: Pick<Entry, "queue">): string {
    return this.queues.some(({ id }) => id === queue) ? (queue as string) : this.own;
  }

  /** Whether it is the owner who asks. */
  isOf({ workspace }: Owner): boolean {
    return this.#row()?.workspace === workspace;
  }

  /** Claims the pool for its owner, once. False where it is another's. */
  admit({ workspace, shard }: Owner): boolean {
    const row = this.#row();
    if (!row) this.#writeRow({ workspace, shard, settings: this.settings });
    return this.#row()?.workspace === workspace;
  }

  /** Takes settings; false where newer ones are there. */
  configure(settings: PoolSettings): boolean {
    const row = this.#row();
    if (!row || (settings.revision ?? 0) < (row.settings.revision ?? 0)) return false;
    this.#writeRow({ ...row, settings });
    return true;
  }

  /** Takes nothing in and gives nothing out from now on, and forgets what waits; answers that. */
  close(): Entry[] {
    const row = this.#row();
    if (!row) return [];
    this.#writeRow({ ...row, closed: true });
    const waiting = this.waiting();
    for (const { run } of waiting) this.remove(run);
    return waiting;
  }

  entry(run: string): Entry | null {
    return this.books.entry(run);
  }

  /** Writes an entry; the run waits, or somebody has it. */
  put(entry: Entry): void {
    this.books.put(entry);
    this.#store.put(RUN + entry.run, JSON.stringify(entry));
  }

  remove(run: string): void {
    if (this.books.remove(run)) this.#store.delete(RUN + run);
  }

  claimsOf(session: string): Entry[] {
    return this.books.claimsOf(session);
  }

  session(id: string): Session | null {
    return this.#agents().get(id) ?? null;
  }

  sessions(): Session[] {
    return [...this.#agents().values()];
  }

  putSession(session: Session): void {
    this.#agents().set(session.id, session);
    this.#store.put(SESSION + session.id, JSON.stringify(session));
  }

  removeSession(id: string): void {
    if (this.#agents().delete(id)) this.#store.delete(SESSION + id);
  }

  isRevoked(key: string): boolean {
    return this.#store.get(REVOKED + key) !== null;
  }

  revoke(key: string, now: Instant): void {
    for (const [name, at] of [...this.#store.list(REVOKED)])
      if (plusSeconds(Number(at) as Instant, REVOKED_SECONDS) < now) this.#store.delete(name);
    this.#store.put(REVOKED + key, String(now));
  }

  /** From where the account is reached. */
  get allowed(): Allowed {
    const text = this.#store.get(ALLOWED);
    return text === null ? null : allowedBy(JSON.parse(text) as AllowedNetwork[], true);
  }

  /** `list`: null where it is not in force. */
  allow(list: readonly AllowedNetwork[] | null): void {
    if (list) this.#store.put(ALLOWED, JSON.stringify(list));
    else this.#store.delete(ALLOWED);
  }

  /** Runs that nobody has. */
  waiting(): Entry[] {
    return this.books.entries().filter(({ run, claim }) => claim === null && !this.books.isAsking(run));
  }

  /** How many more runs may be given out. */
  room(): Room {
    const { paused, limit } = this.settings;
    const room = this.books.room(limit, this.queues, this.own);
    return paused || this.closed ? { ...room, pool: 0 } : room;
  }

  freeSlots(session: Session): number {
    return session.online && !session.draining ? session.slots - this.books.claimCount(session.id) : 0;
  }

  /** Takes a new connection: of a session that lives on, or of a new one. Answers the claims that it does not show any more. */
  connect(hello: AgentHello, newId: () => string, now: Instant): { session: Session; resumed: boolean } {
    const known = hello.session ? this.session(hello.session.id) : null;
    const resumed = known !== null && known.agent.id === hello.agent.id;
    const session: Session = {
      id: resumed ? known.id : newId(),
      generation: resumed ? known.generation + 1 : 1,
      agent: hello.agent,
      slots: hello.slots,
      leaseSeconds: leaseOf(hello.lease_seconds),
      connected: now,
      seen: now,
      online: true,
      draining: false,
    };
    this.#forgetOld(session, now);
    this.putSession(session);
    return { session, resumed };
  }

  /** Sessions of the same agent that have nothing any more, and of agents that were not seen for a day. */
  #forgetOld(session: Session, now: Instant): void {
    for (const other of this.sessions()) {
      const idle = this.claimsOf(other.id).length === 0 && !other.online;
      const old = plusSeconds(other.seen, REMEMBERED_SECONDS) < now;
      if (other.id !== session.id && idle && (old || other.agent.id === session.agent.id)) this.removeSession(other.id);
    }
  }

  get books(): Books {
    this.#books ??= new Books(this.#load<Entry>(RUN).values());
    return this.#books;
  }

  #agents(): Map<string, Session> {
    this.#sessions ??= this.#load<Session>(SESSION);
    return this.#sessions;
  }

  #load<T>(prefix: string): Map<string, T> {
    const rows = new Map<string, T>();
    for (const [key, value] of this.#store.list(prefix)) rows.set(key.slice(prefix.length), JSON.parse(value) as T);
    return rows;
  }

  #row(): PoolRow | null {
    if (this.#pool === undefined) this.#pool = JSON.parse(this.#store.get(POOL) ?? "null") as PoolRow | null;
    return this.#pool;
  }

  #writeRow(row: PoolRow): void {
    this.#pool = row;
    this.#store.put(POOL, JSON.stringify(row));
  }
}

const leaseOf = (asked: number | undefined): number =>
  Math.min(Math.max(asked ?? LEASE_SECONDS.usual, LEASE_SECONDS.least), LEASE_SECONDS.most);
