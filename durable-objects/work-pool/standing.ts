/**
 * Who is there: Prefect workers by their heartbeats, queues by being polled, the pool by both and its agents.
 *
 * WP20 A worker that missed three heartbeats is OFFLINE, a queue that nobody polled for a minute NOT_READY, a pool without workers and
 *      agents too; each change is told once, as an event.
 * WP25 An agent that is connected serves every queue all the time, as if it polled; when the last one goes, that was its last poll.
 * WP21 A poll or heartbeat is remembered in memory; it is written when it changes a status, and now and then, so that a crash forgets
 *      little.
 */
import { poolStatusEvent, queueEvent } from "@millrace/domain/dispatch/events.ts";
import {
  kebab,
  type PoolStatus,
  poolStatus,
  queueStatus,
  queueUnserved,
  workerGone,
  workerStatus,
} from "@millrace/domain/dispatch/signs.ts";
import type { JsonObject } from "@millrace/domain/json.ts";
import { type Instant, plusSeconds } from "@millrace/domain/time.ts";
import { uuidv7 } from "uuidv7";
import type { Store } from "../kit/store.ts";
import type { PoolLedger } from "./ledger.ts";
import type { Heartbeat, Standing as StandingTold, Worker } from "./rpc.ts";

type StoredWorker = Omit<Worker, "status">;

interface StoredQueue {
  id: string;
  polled: Instant | null;
  status: PoolStatus;
}

interface StoredPool {
  status: PoolStatus;
  /** The event that told of it. */
  event: string;
  since: Instant;
}

const WORKER = "worker/";
const QUEUE = "queue/";
const STANDING = "standing";

/** Seconds by which a sign of life that is written may be older than the last one: less for workers, whose own signs are rarer. */
const WRITTEN_EVERY = { worker: 60, queue: 300 } as const;
/** Seconds for which a worker that is gone is still listed: a week. */
const REMEMBERED_SECONDS = 7 * 86_400;
/** Seconds within which one status follows another. */
const TIGHT_SECONDS = 600;

export interface Needs {
  ledger: PoolLedger;
  store: Store;
  anyAgent(): boolean;
  tell(events: JsonObject[]): void;
  /** The deployments of a queue have somebody now who starts their runs, or nobody any more. */
  served(queue: string, is: boolean): void;
}

export class Standing {
  readonly #needs: Needs;
  #workers: Map<string, StoredWorker> | null = null;
  #queues: Map<string, StoredQueue> | null = null;
  /** When each was last heard of since this object woke: workers by name, queues by id. */
  readonly #heard = new Map<string, Instant>();
  readonly #polled = new Map<string, Instant>();

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** Takes a heartbeat; answers the worker's id. */
  heartbeat({ name, interval, version, metadata }: Heartbeat, now: Instant): string {
    const known = this.#stored().get(name);
    const next: StoredWorker = {
      id: known?.id ?? uuidv7(),
      name,
      created: known?.created ?? now,
      updated: now,
      heard: now,
      interval: interval ?? known?.interval ?? null,
      version: version ?? known?.version ?? null,
      metadata: metadata ?? known?.metadata ?? null,
    };
    const changed =
      !known ||
      known.interval !== next.interval ||
      known.version !== next.version ||
      plusSeconds(known.heard, WRITTEN_EVERY.worker) <= now ||
      workerStatus(this.#goneAt(known), now) === "OFFLINE" ||
      JSON.stringify(known.metadata) !== JSON.stringify(next.metadata);
    this.#heard.set(name, now);
    if (changed) this.#putWorker(next);
    return next.id;
  }

  /** Somebody polled these queues. */
  poll(queues: readonly string[], now: Instant): void {
    for (const id of queues) {
      this.#polled.set(id, now);
      const known = this.#storedQueues().get(id);
      if (!known?.polled || plusSeconds(known.polled, WRITTEN_EVERY.queue) <= now)
        this.#putQueue({ id, status: known?.status ?? "NOT_READY", polled: now });
    }
  }

  /** An agent has gone: until now it served every queue. */
  agentLeft(now: Instant): void {
    const { queues, closed } = this.#needs.ledger;
    const ids = queues.map(({ id }) => id);
    if (!closed) this.poll(ids, now);
  }

  remove(name: string): boolean {
    const known = this.#stored().delete(name);
    if (known) this.#needs.store.delete(WORKER + name);
    this.#heard.delete(name);
    return known;
  }

  workers(now: Instant): Worker[] {
    return [...this.#stored().values()].map((worker) => {
      const heard = this.#heard.get(worker.name) ?? worker.heard;
      return { ...worker, heard, updated: heard, status: workerStatus(this.#goneAt(worker), now) };
    });
  }

  told(now: Instant): StandingTold {
    const { ledger, anyAgent } = this.#needs;
    const attended = anyAgent();
    const queues = ledger.queues.map((queue) => ({
      id: queue.id,
      status: queueStatus(queue.paused, attended ? queueUnserved(now) : this.#unservedAt(queue.id), now),
      taken: ledger.books.takenOf(queue.id, ledger.queues, ledger.own),
      polled: attended ? now : this.#polledAt(queue.id),
    }));
    const polls = queues.flatMap(({ polled }) => polled ?? []);
    return {
      status: this.#status(now),
      taken: ledger.books.taken,
      polled: polls.length > 0 ? (Math.max(...polls) as Instant) : null,
      queues,
      revision: ledger.settings.revision ?? 0,
    };
  }

  /** Writes and tells what has changed; answers when to look again, if nothing happens before. */
  review(now: Instant): Instant | null {
    const { ledger, store, tell } = this.#needs;
    if (ledger.closed || !ledger.owner) return null;
    const events: JsonObject[] = [];
    const { id: own = "", name, type = "" } = ledger.settings;
    const pool = { id: own, name, type };
    const { status, queues } = this.told(now);
    for (const { id, status: is } of queues) {
      const known = this.#storedQueues().get(id) ?? { id, polled: null, status: "NOT_READY" as const };
      if (known.status === is) continue;
      this.#putQueue({ ...known, polled: this.#polled.get(id) ?? known.polled, status: is });
      const queue = { id, name: ledger.queues.find((one) => one.id === id)?.name ?? "" };
      events.push(queueEvent(kebab(is), queue, pool, { id: uuidv7(), at: now }));
      if (own) this.#needs.served(queue.name, is === "READY");
    }
    const was = JSON.parse(store.get(STANDING) ?? "null") as StoredPool | null;
    if (status !== (was?.status ?? "NOT_READY")) {
      const follows = was && plusSeconds(was.since, TIGHT_SECONDS) > now ? was.event : null;
      const event = uuidv7();
      store.put(STANDING, JSON.stringify({ status, event, since: now } satisfies StoredPool));
      // A pool of the oldest kind has no status on the wire, hence none to tell of.
      if (type !== "prefect-agent") events.push(poolStatusEvent(kebab(status), pool, { id: event, at: now, follows }));
    }
    if (events.length > 0 && own) tell(events);
    this.#forgetOld(now);
    return this.#nextLook(now);
  }

  #status(now: Instant): PoolStatus {
    const { ledger, anyAgent } = this.#needs;
    const online = [...this.#stored().values()].some((worker) => this.#goneAt(worker) >= now);
    return poolStatus(ledger.settings.paused, online || anyAgent());
  }

  /** The next moment at which silence changes something. */
  #nextLook(now: Instant): Instant | null {
    const { ledger, anyAgent } = this.#needs;
    const workers = [...this.#stored().values()].map((worker) => this.#goneAt(worker));
    // Of an agent that goes the pool is told.
    const queues = anyAgent() ? [] : ledger.queues.flatMap(({ id }) => this.#unservedAt(id) ?? []);
    const ends = [...workers, ...queues].filter((end) => end >= now);
    return ends.length > 0 ? plusSeconds(Math.min(...ends) as Instant, 1) : null;
  }

  #goneAt({ name, heard, interval }: StoredWorker): Instant {
    const lately = this.#heard.get(name);
    // What this object heard before it slept may be later than what it wrote.
    return lately ? workerGone(lately, interval) : plusSeconds(workerGone(heard, interval), WRITTEN_EVERY.worker);
  }

  #unservedAt(id: string): Instant | null {
    const lately = this.#polled.get(id);
    if (lately) return queueUnserved(lately);
    const written = this.#storedQueues().get(id)?.polled ?? null;
    return written && plusSeconds(queueUnserved(written), WRITTEN_EVERY.queue);
  }

  #polledAt(id: string): Instant | null {
    return this.#polled.get(id) ?? this.#storedQueues().get(id)?.polled ?? null;
  }

  #forgetOld(now: Instant): void {
    for (const { name, heard } of [...this.#stored().values()])
      if (!this.#heard.has(name) && plusSeconds(heard, REMEMBERED_SECONDS) < now) this.remove(name);
  }

  #putWorker(worker: StoredWorker): void {
    this.#stored().set(worker.name, worker);
    this.#needs.store.put(WORKER + worker.name, JSON.stringify(worker));
  }

  #putQueue(queue: StoredQueue): void {
    this.#storedQueues().set(queue.id, queue);
    this.#needs.store.put(QUEUE + queue.id, JSON.stringify(queue));
  }

  #stored(): Map<string, StoredWorker> {
    this.#workers ??= load<StoredWorker>(this.#needs.store, WORKER, ({ name }) => name);
    return this.#workers;
  }

  #storedQueues(): Map<string, StoredQueue> {
    this.#queues ??= load<StoredQueue>(this.#needs.store, QUEUE, ({ id }) => id);
    return this.#queues;
  }
}

function load<T>(store: Store, prefix: string, key: (row: T) => string): Map<string, T> {
  const rows = [...store.list(prefix)].map(([, text]) => JSON.parse(text) as T);
  return new Map(rows.map((row) => [key(row), row]));
}
