/**
 * Who is there: workers by their heartbeats, queues by being polled, pools by their workers.
 *
 * DI8  Three missed heartbeats, or a minute without a poll.
 */
import { type Instant, plusSeconds } from "../time.ts";

export type PoolStatus = "READY" | "NOT_READY" | "PAUSED";
export type WorkerStatus = "ONLINE" | "OFFLINE";

/** Missed heartbeats after which a worker counts as gone. */
const MISSED = 3;
/** Seconds between heartbeats of a worker that does not say. */
const USUAL_INTERVAL = 30;
/** Seconds after a poll for which a queue counts as served. */
const POLLED_SECONDS = 60;

/** When a worker counts as gone, unless it is heard of before. */
export const workerGone = (heard: Instant, intervalSeconds: number | null): Instant =>
  plusSeconds(heard, MISSED * (intervalSeconds ?? USUAL_INTERVAL));

/** When a queue counts as not served, unless it is polled before. */
export const queueUnserved = (polled: Instant): Instant => plusSeconds(polled, POLLED_SECONDS);

export const workerStatus = (gone: Instant, now: Instant): WorkerStatus => (gone >= now ? "ONLINE" : "OFFLINE");

/** `unserved`: null where nobody ever polled. */
export function queueStatus(paused: boolean, unserved: Instant | null, now: Instant): PoolStatus {
  if (paused) return "PAUSED";
  return unserved !== null && unserved >= now ? "READY" : "NOT_READY";
}

export const poolStatus = (paused: boolean, anyoneOnline: boolean): PoolStatus =>
  paused ? "PAUSED" : anyoneOnline ? "READY" : "NOT_READY";

/** The status as events spell it. */
export const kebab = (status: PoolStatus): string => status.toLowerCase().replace("_", "-");
