/**
 * The sockets of task workers: what each wants, and what it was handed and has not acknowledged.
 *
 * BT4  A worker is handed one task run, and the next when it has acknowledged that one. A worker that leaves without a word gives
 *      back what it was handed.
 *
 * BT8  A worker that does not say in half a minute that it has what it was handed is taken for gone, though its socket is open: its
 *      machine may have ended without a word.
 *
 * All that is known of a worker lies in its socket's attachment, and so is gone when the worker is: nothing of it is stored.
 */
import { taskRunToWire } from "@millrace/contract/task-runs.ts";
import { fromMilliseconds } from "@millrace/domain/time.ts";
import { now, PhysicalAlarm } from "../kit/alarms.ts";
import { acceptSocket, close, send } from "../kit/sockets.ts";
import type { Desk } from "./desk.ts";
import type { TaskWorker } from "./rpc.ts";

interface Attachment {
  clientId: string;
  keys: string[];
  /** The task run that it was handed. */
  out: string | null;
  /** Milliseconds since 1970: when it was handed that, or began to wait. Whoever waits longest is handed the next. */
  since: number;
}

/** Milliseconds for a worker to say that it has what it was handed. Prefect's says so before it does anything else. */
const PATIENCE = 30_000;

/** How a socket is closed whose client does not keep to the protocol. */
export const VIOLATION = 4001;

export class TaskWorkers {
  readonly #ctx: DurableObjectState;
  readonly #desk: Desk;
  readonly #alarm: PhysicalAlarm;

  constructor(ctx: DurableObjectState, desk: Desk) {
    this.#ctx = ctx;
    this.#desk = desk;
    this.#alarm = new PhysicalAlarm(ctx.storage);
  }

  open(clientId: string, keys: string[]): Response {
    const attachment: Attachment = { clientId, keys, out: null, since: Date.now() };
    const answer = acceptSocket(this.#ctx, [], attachment);
    this.handOut();
    return answer;
  }

  /** Hands what waits to who waits. */
  handOut(): void {
    const sockets = this.#sockets();
    const out = new Set(sockets.flatMap(({ worker }) => worker.out ?? []));
    const idle = sockets.filter(({ worker }) => worker.out === null);
    for (const { socket, worker } of idle.sort((a, b) => a.worker.since - b.worker.since)) {
      const next = this.#desk.next(worker.keys, (id) => out.has(id));
      if (!next) continue;
      out.add(next.place.id);
      socket.serializeAttachment({ ...worker, out: next.place.id, since: Date.now() } satisfies Attachment);
      send(socket, taskRunToWire(next.taskRun, now()));
    }
    this.#watch();
  }

  /** Wakes the object, while anything is handed out, to look for those who are silent for too long. */
  #watch(): void {
    const handed = this.#sockets().flatMap(({ worker }) => (worker.out === null ? [] : worker.since));
    if (handed.length === 0) return;
    const at = fromMilliseconds(Math.min(...handed) + PATIENCE);
    // Where that fails the object ends, and all sockets with it.
    this.#ctx.waitUntil(this.#alarm.wakeBy(at));
  }

  /** Takes back from those who are silent for too long. */
  ring(): void {
    this.#alarm.rang();
    for (const { socket, worker } of this.#sockets()) {
      if (worker.out === null || Date.now() - worker.since < PATIENCE) continue;
      this.#giveBack(socket);
      close(socket, VIOLATION, "The task run that was sent was not acknowledged in time");
    }
    this.handOut();
  }

  /** What a worker says: that it has what it was handed, or that it goes. */
  hear(socket: WebSocket, text: string): void {
    const worker = attachmentOf(socket);
    const type = typeOf(text);
    if (type === "ack" && worker.out !== null) {
      this.#desk.taken(worker.out);
      socket.serializeAttachment({ ...worker, out: null, since: Date.now() } satisfies Attachment);
      this.handOut();
      return;
    }
    this.#giveBack(socket);
    if (type === "quit") close(socket, 1000, "");
    else close(socket, VIOLATION, "Expected an ack of the task run that was sent");
  }

  left(socket: WebSocket): void {
    this.#giveBack(socket);
    this.handOut();
  }

  /** Who is connected; with keys, only those that take one of them. */
  list(keys: readonly string[]): TaskWorker[] {
    const workers = new Map<string, Set<string>>();
    for (const { worker } of this.#sockets()) {
      if (keys.length > 0 && !worker.keys.some((key) => keys.includes(key))) continue;
      workers.set(worker.clientId, new Set([...(workers.get(worker.clientId) ?? []), ...worker.keys]));
    }
    return [...workers].map(([identifier, taken]) => ({ identifier, taskKeys: [...taken] }));
  }

  #giveBack(socket: WebSocket): void {
    const worker = attachmentOf(socket);
    if (worker.out === null) return;
    this.#desk.returned(worker.out);
    socket.serializeAttachment({ ...worker, out: null } satisfies Attachment);
  }

  /** Sockets that are open: one that closes may be listed a moment longer. */
  #sockets(): { socket: WebSocket; worker: Attachment }[] {
    return this.#ctx
      .getWebSockets()
      .filter((socket) => socket.readyState === WebSocket.OPEN)
      .map((socket) => ({ socket, worker: attachmentOf(socket) }));
  }
}

const attachmentOf = (socket: WebSocket): Attachment => socket.deserializeAttachment() as Attachment;

function typeOf(text: string): unknown {
  try {
    return (JSON.parse(text) as { type?: unknown } | null)?.type;
  } catch {
    return null;
  }
}
