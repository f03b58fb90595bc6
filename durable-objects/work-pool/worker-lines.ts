/**
 * The sockets of Prefect workers: heartbeats come in, changes of the pool and clean-ups go out.
 *
 * WP19 A worker that connects is told how the pool is, and from then on each change of it in order; a frame that is not one of the
 *      channel ends the connection with the protocol's reason.
 * WP22 A clean-up is sent to one worker at a time that can do it, until one of them has done it.
 *
 * The sockets hibernate: what must be known of one lies in its attachment.
 */
import {
  CLEANUPS,
  HEARTBEATS,
  readWorkerFrame,
  SNAPSHOTS,
  WORKER_CHANNEL_VERSION,
  WORKER_CLOSE,
  type WorkerCloseReason,
  type WorkerFrame,
  type WorkerHello,
} from "@millrace/contract/channels/worker.ts";
import { answerCleanup, type Cleanup, giveBack, lend, nextCleanup } from "@millrace/domain/dispatch/cleanups.ts";
import type { JsonObject } from "@millrace/domain/json.ts";
import { formatInstant, type Instant } from "@millrace/domain/time.ts";
import { uuidv7 } from "uuidv7";
import { now } from "../kit/alarms.ts";
import { unpack } from "../kit/packed.ts";
import { acceptSocket, close, send } from "../kit/sockets.ts";
import type { Store } from "../kit/store.ts";
import type { PoolLedger } from "./ledger.ts";
import type { Standing } from "./standing.ts";

const TAG = "worker";
const CLEANUP = "cleanup/";
/** Clean-ups that a pool keeps for workers that can do them, the newest: it may never have one. */
const MOST_KEPT = 1_000;

interface Attachment {
  kind: "worker";
  consumer: string | null;
  name: string;
  /** The number of the last snapshot that it was sent. */
  snapshot: number;
  kinds: string[];
  queues: string[];
  /** Clean-ups that it takes at once. */
  most: number;
}

export interface Needs {
  ctx: DurableObjectState;
  ledger: PoolLedger;
  store: Store;
  standing: Standing;
  /** Something changed who is there. */
  review(): Promise<void>;
}

export class WorkerLines {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  isOne(socket: WebSocket): boolean {
    return attachmentOf(socket)?.kind === "worker";
  }

  /** Takes the socket of a worker, whose hello comes next. */
  open(): Response {
    const attachment: Attachment = {
      kind: "worker",
      consumer: null,
      name: "",
      snapshot: 0,
      kinds: [],
      queues: [],
      most: 0,
    };
    return acceptSocket(this.#needs.ctx, [TAG], attachment);
  }

  async heard(socket: WebSocket, text: string | ArrayBuffer): Promise<void> {
    const frame = typeof text === "string" ? readWorkerFrame(text) : null;
    const line = attachmentOf(socket);
    const greets = frame?.type === "worker.hello.v1";
    // The first frame is hello, and no other one.
    if (!frame || !line || greets !== (line.consumer === null)) return end(socket, "protocol_error");
    switch (frame.type) {
      case "worker.hello.v1":
        return this.#greet(socket, frame);
      case "worker.heartbeat.v1": {
        const { consumer_id, worker_name, heartbeat_interval_seconds: interval } = frame.payload;
        if (consumer_id !== line.consumer || worker_name !== line.name) return end(socket, "protocol_error");
        this.#needs.standing.heartbeat({ name: line.name, interval, version: null, metadata: null }, now());
        return this.#needs.review();
      }
      default:
        return this.#answer(socket, line, frame);
    }
  }

  /** The pool changed: everybody who is connected is told how it is now. */
  tellSnapshot(): void {
    for (const socket of this.#sockets()) {
      const line = attachmentOf(socket);
      if (!line?.consumer) continue;
      const snapshot = line.snapshot + 1;
      socket.serializeAttachment({ ...line, snapshot } satisfies Attachment);
      tell(socket, "work_pool.snapshot.v1", this.#snapshot(snapshot, "work_pool_updated"));
    }
  }

  /** The pool is gone. */
  closeAll(): void {
    for (const socket of this.#sockets()) end(socket, "authorization_failed");
  }

  /** Takes a message in, once, and sends it to a worker that can do it. */
  add(cleanup: Cleanup): void {
    if (this.#needs.store.get(CLEANUP + cleanup.id) !== null) return;
    const known = this.#cleanups().sort((one, other) => one.created - other.created);
    for (const { id } of known.slice(0, Math.max(0, known.length - MOST_KEPT + 1)))
      this.#needs.store.delete(CLEANUP + id);
    this.#put(cleanup);
    this.#deliver();
  }

  /** Gives out anew what was lent for too long; answers when to look again. */
  expire(at: Instant): Instant | null {
    for (const one of this.#cleanups()) if (one.lease && one.lease.ends < at) this.#put(giveBack(one, "lease_expired"));
    this.#deliver();
    const ends = this.#cleanups().flatMap(({ lease }) => lease?.ends ?? []);
    return ends.length > 0 ? (Math.min(...ends) as Instant) : null;
  }

  async #greet(socket: WebSocket, { payload }: WorkerHello): Promise<void> {
    const { ledger, standing } = this.#needs;
    if (ledger.closed || !ledger.settings.snapshot) return end(socket, "authorization_failed");
    const wanted = payload.work_queue_names;
    const queues = ledger.queues.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
    if (queues.length < new Set(wanted).size) return end(socket, "authorization_failed");
    const { worker_name: name, heartbeat_interval_seconds: interval, worker_metadata: metadata } = payload;
    standing.heartbeat({ name, interval, version: null, metadata }, now());
    await this.#needs.review();
    const takesCleanups = payload.requested_capabilities.includes(CLEANUPS) && payload.max_cleanup_concurrency > 0;
    const kinds = takesCleanups ? payload.handled_cleanup_kinds : [];
    const accepted = [HEARTBEATS, SNAPSHOTS, ...(kinds.length > 0 ? [CLEANUPS] : [])];
    const most = kinds.length > 0 ? payload.max_cleanup_concurrency : 0;
    const ids = queues.slice(0, 200).map(({ id }) => id);
    const line: Attachment = {
      kind: "worker",
      consumer: payload.consumer_id,
      name,
      snapshot: 1,
      kinds,
      queues: ids,
      most,
    };
    socket.serializeAttachment(line);
    tell(socket, "worker.ready.v1", {
      consumer_id: payload.consumer_id,
      // As Prefect's own server has it: workers that know an id of theirs send lines about themselves.
      worker_id: null,
      selected_channel_version: WORKER_CHANNEL_VERSION,
      effective_heartbeat_interval_seconds: interval,
      accepted_capabilities: accepted,
      rejected_capabilities: [...new Set(payload.requested_capabilities)].filter((one) => !accepted.includes(one)),
      effective_max_cleanup_concurrency: most,
      resolved_work_queues: queues.map(({ id, name: queue }) => ({ id, name: queue })),
      initial_snapshot: this.#snapshot(1, "initial"),
    });
    this.#deliver();
  }

  #snapshot(sequence: number, reason: string): JsonObject {
    const { ledger, standing } = this.#needs;
    const pool = ledger.settings.snapshot ? unpack(ledger.settings.snapshot) : {};
    const { status, taken } = standing.told(now());
    const slots = ledger.settings.limit === null ? null : taken;
    const shown = ledger.settings.type === "prefect-agent" ? null : status;
    return { snapshot_sequence: sequence, reason, work_pool: { ...pool, status: shown, active_slots: slots } };
  }

  #answer(
    socket: WebSocket,
    line: Attachment,
    { id, type, payload }: Extract<WorkerFrame, { type: `cleanup.${string}` }>,
  ): void {
    const does = type === "cleanup.ack.v1" ? "ack" : type === "cleanup.release.v1" ? "release" : "renew";
    const { message_id, reservation_token: token } = payload;
    const reason = "reason" in payload ? payload.reason : "";
    const answer =
      line.most === 0
        ? { status: "unauthorized" as const, reason: "cleanup_delivery_not_accepted" }
        : answerCleanup(this.#cleanup(message_id), { does, token, reason, now: now() });
    if (answer.status === "accepted" && answer.cleanup) this.#put(answer.cleanup);
    else if (answer.status === "accepted") this.#needs.store.delete(CLEANUP + message_id);
    const ends = answer.status === "accepted" ? answer.leaseEnds : null;
    tell(socket, "cleanup.operation_result.v1", {
      request_frame_id: id,
      message_id,
      operation: does,
      status: answer.status,
      lease_expires_at: ends && formatInstant(ends),
      reason: answer.status === "accepted" ? null : answer.reason,
      detail: null,
    });
    this.#deliver();
  }

  /** Sends what waits to those who have room. A worker has as many as are lent under its name. */
  #deliver(): void {
    for (const socket of this.#sockets()) {
      const line = attachmentOf(socket);
      if (!line?.consumer) continue;
      for (let has = this.#lentTo(line.consumer); has < line.most; has++) {
        const next = nextCleanup(this.#cleanups(), line);
        if (!next) break;
        const lent = lend(next, `${line.consumer}/${crypto.randomUUID()}`, now());
        this.#put(lent);
        tell(socket, "cleanup.message.v1", {
          message_id: lent.id,
          kind: lent.kind,
          reservation_token: lent.lease?.token ?? "",
          lease_expires_at: formatInstant(lent.lease?.ends ?? now()),
          delivery_count: lent.deliveries,
          work_queue_id: lent.queue,
          target: lent.target,
          data: {},
        });
      }
    }
  }

  #lentTo(consumer: string): number {
    return this.#cleanups().filter(({ lease }) => lease?.token.startsWith(`${consumer}/`)).length;
  }

  #cleanups(): Cleanup[] {
    return [...this.#needs.store.list(CLEANUP)].map(([, text]) => JSON.parse(text) as Cleanup);
  }

  #cleanup(id: string): Cleanup | null {
    return JSON.parse(this.#needs.store.get(CLEANUP + id) ?? "null") as Cleanup | null;
  }

  #put(cleanup: Cleanup): void {
    this.#needs.store.put(CLEANUP + cleanup.id, JSON.stringify(cleanup));
  }

  #sockets(): WebSocket[] {
    return this.#needs.ctx.getWebSockets(TAG);
  }
}

const attachmentOf = (socket: WebSocket): Attachment | null => socket.deserializeAttachment() as Attachment | null;

const tell = (socket: WebSocket, type: string, payload: JsonObject): void =>
  send(socket, { type, id: uuidv7(), sent_at: formatInstant(now()), payload });

const end = (socket: WebSocket, reason: WorkerCloseReason): void => close(socket, WORKER_CLOSE[reason], reason);
