/**
 * The channel of Prefect's workers: `GET /work_pools/{name}/workers/connect`, a websocket of subprotocol `prefect`.
 *
 *   worker  auth → worker.hello.v1 → (worker.heartbeat.v1 | cleanup.ack.v1 | cleanup.release.v1 | cleanup.renew.v1)*
 *   server  auth_success → worker.ready.v1 → (work_pool.snapshot.v1 | cleanup.message.v1 | cleanup.operation_result.v1)*
 *
 * Runs are not given out here: workers poll for them. Frames are Prefect's own (its schemas/worker_channel.py).
 */
import { z } from "zod";
import { Fields, maybe, Uuid } from "../wire.ts";

export const WORKER_PROTOCOL = "prefect";
export const WORKER_CHANNEL_VERSION = "work_pool_worker_channel.v1";

/** How the server closes the socket. The reason is part of the protocol: by it a worker knows whether to come back. */
export const WORKER_CLOSE = {
  authentication_failed: 1008,
  authorization_failed: 1008,
  unsupported_version: 1008,
  protocol_error: 1002,
  heartbeat_persistence_failed: 1011,
  transient_server_error: 1011,
} as const;
export type WorkerCloseReason = keyof typeof WORKER_CLOSE;

export const HEARTBEATS = "worker_heartbeat.v1";
export const SNAPSHOTS = "work_pool_snapshot.v1";
export const CLEANUPS = "cleanup_delivery.v1";

const CleanupKind = z.enum(["cancelling_timeout_teardown.v1", "pending_claim_teardown.v1"]);
const Text = z.string().min(1).max(5000);
const Texts = z.array(Text).max(200);
const Interval = z.int().min(1).max(86_400);

const frame = <Type extends string, Payload extends z.ZodType>(type: Type, payload: Payload) =>
  z.strictObject({ type: z.literal(type), id: Uuid, sent_at: z.string().max(50), payload });

export const WorkerHello = frame(
  "worker.hello.v1",
  z
    .strictObject({
      consumer_id: Uuid,
      worker_name: Text,
      worker_type: Text,
      heartbeat_interval_seconds: Interval,
      supported_channel_versions: Texts.min(1),
      requested_capabilities: Texts.min(1),
      work_queue_names: Texts.default([]),
      handled_cleanup_kinds: z.array(CleanupKind).max(10).default([]),
      max_cleanup_concurrency: z.int().min(0).max(1000).optional(),
      create_pool_if_not_found: z.boolean().default(false),
      default_base_job_template: Fields.default({}),
      worker_metadata: maybe(Fields),
    })
    .refine(({ requested_capabilities: wanted }) => [HEARTBEATS, SNAPSHOTS].every((one) => wanted.includes(one)), {
      message: "Heartbeats and snapshots belong to the channel: ask for both",
      path: ["requested_capabilities"],
    })
    .refine(
      ({ requested_capabilities: wanted, handled_cleanup_kinds: kinds, max_cleanup_concurrency: most }) =>
        wanted.includes(CLEANUPS) || (kinds.length === 0 && !most),
      { message: "Clean-ups are sent to those who ask for cleanup_delivery.v1", path: ["handled_cleanup_kinds"] },
    )
    .transform((hello) => ({
      ...hello,
      max_cleanup_concurrency:
        hello.max_cleanup_concurrency ??
        (hello.requested_capabilities.includes(CLEANUPS) && hello.handled_cleanup_kinds.length > 0 ? 1 : 0),
    })),
);
export type WorkerHello = z.output<typeof WorkerHello>;

const Held = { message_id: Uuid, reservation_token: Text };

/** Every frame that a worker may send. */
export const WorkerFrame = z.discriminatedUnion("type", [
  WorkerHello,
  frame(
    "worker.heartbeat.v1",
    z.strictObject({ consumer_id: Uuid, worker_name: Text, heartbeat_interval_seconds: Interval }),
  ),
  frame("cleanup.ack.v1", z.strictObject(Held)),
  frame("cleanup.release.v1", z.strictObject({ ...Held, reason: Text })),
  frame("cleanup.renew.v1", z.strictObject(Held)),
]);
export type WorkerFrame = z.output<typeof WorkerFrame>;

/** The frame of a text; null for what is none. */
export function readWorkerFrame(text: string): WorkerFrame | null {
  try {
    const read = WorkerFrame.safeParse(JSON.parse(text));
    return read.success ? read.data : null;
  } catch {
    return null;
  }
}
