/**
 * The sockets of task workers: what each wants, and what it was handed and has not acknowledged.
 *
 * BT4  A worker is handed one task run, and the next when it has acknowledged that one. A worker that leaves without a word gives
 *      back what it was handed.
 *
 * All that is known of a worker lies in its socket's attachment, and so is gone when the worker is: nothing of it is stored.
 */
import { taskRunToWire } from "@millrace/contract/task-runs.ts";
import { now } from "../kit/alarms.ts";
import { acceptSocket, close, send } from "../kit/sockets.ts";
import type { Desk } from "./desk.ts";
import type { TaskWorker } from "./rpc.ts";

interface Attachment {
  clientId: string;
  keys: string[];
  /** The task run that it was handed. */
  out: string | null;
  /** Milliseconds since 1970: whoever waits longest is handed the next. */
  idleSince: number;
}

/** How a socket is closed whose client does not keep to the protocol. */
export const VIOLATION = 4001;

export class TaskWorkers {
  readonly #ctx: DurableObjectState;
  readonly #desk: Desk;

  constructor(ctx: DurableObjectState, desk: Desk) {
    this.#ctx = ctx;
    this.#desk = desk;
  }

  open(clientId: string, keys: string[]): Response {
    const attachment: Attachment = { clientId, keys, out: null, idleSince: Date.now() };
    const answer = acceptSocket(this.#ctx, [], attachment);
    this.handOut();
    return answer;
  }

  /** Hands what waits to who waits. */
  handOut(): void {
    const sockets = this.#sockets();
    const out = new Set(sockets.flatMap(({ worker }) => worker.out ?? []));
    const idle = sockets.filter(({ worker }) => worker.out === null);
    for (const { socket, worker } of idle.sort((a, b) => a.worker.idleSince - b.worker.idleSince)) {
      const next = this.#desk.next(worker.keys, (id) => out.has(id));
      if (!next) continue;
      out.add(next.place.id);
      socket.serializeAttachment({ ...worker, out: next.place.id } satisfies Attachment);
      send(socket, taskRunToWire(next.taskRun, now()));
    }
  }

  /** What a worker says: that it has what it was handed, or that it goes. */
  hear(socket: WebSocket, text: string): void {
    const worker = attachmentOf(socket);
    const type = typeOf(text);
    if (type === "ack" && worker.out !== null) {
      this.#desk.taken(worker.out);
      socket.serializeAttachment({ ...worker, out: null, idleSince: Date.now() } satisfies Attachment);
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
