/**
 * Messages to workers that ask to clean up after runs: at least once, one receiver at a time.
 *
 * DI9  A message is with one receiver at a time, by a token; it is given out three times at most, and then put aside.
 */
import type { JsonObject } from "../json.ts";
import { type Instant, plusSeconds } from "../time.ts";

export interface Cleanup {
  id: string;
  kind: string;
  queue: string | null;
  target: JsonObject;
  created: Instant;
  deliveries: number;
  /** Who has it, and until when. */
  lease: { token: string; ends: Instant } | null;
  /** Why it was put aside; null while it is alive. */
  dead: string | null;
}

/** Seconds for which a receiver has a message. */
const LEASE_SECONDS = 30;
const MOST_DELIVERIES = 3;

export const newCleanup = (
  { id, kind, queue, target }: Pick<Cleanup, "id" | "kind" | "queue" | "target">,
  now: Instant,
): Cleanup => ({ id, kind, queue, target, created: now, deliveries: 0, lease: null, dead: null });

export const isFree = ({ lease, dead }: Cleanup): boolean => lease === null && dead === null;

/** The next message for a receiver of these kinds: of its own queues first, the oldest first. */
export function nextCleanup(
  cleanups: Iterable<Cleanup>,
  { kinds, queues }: { kinds: readonly string[]; queues: readonly string[] },
): Cleanup | null {
  const fit = [...cleanups].filter((one) => isFree(one) && kinds.includes(one.kind));
  const mine = (one: Cleanup): number => (one.queue !== null && queues.includes(one.queue) ? 0 : 1);
  fit.sort((one, other) => mine(one) - mine(other) || one.created - other.created);
  return fit[0] ?? null;
}

export const lend = (cleanup: Cleanup, token: string, now: Instant): Cleanup => ({
  ...cleanup,
  deliveries: cleanup.deliveries + 1,
  lease: { token, ends: plusSeconds(now, LEASE_SECONDS) },
});

/** Given back, or its lease over. */
export const giveBack = (cleanup: Cleanup, reason: string): Cleanup => ({
  ...cleanup,
  lease: null,
  dead: cleanup.deliveries >= MOST_DELIVERIES ? reason : null,
});

export type CleanupAnswer =
  | { status: "accepted"; cleanup: Cleanup | null; leaseEnds: Instant | null }
  | { status: "not_found" | "expired" | "invalid_token" | "dead_lettered"; reason: string };

/** What a receiver says of a message it has: done, given back, or still at it. `cleanup`: what remains of it. */
export function answerCleanup(
  cleanup: Cleanup | null,
  { does, token, reason, now }: { does: "ack" | "release" | "renew"; token: string; reason: string; now: Instant },
): CleanupAnswer {
  if (!cleanup) return { status: "not_found", reason: "message_not_found" };
  if (cleanup.dead !== null) return { status: "dead_lettered", reason: cleanup.dead };
  if (cleanup.lease?.token !== token) return { status: "invalid_token", reason: "reservation_token_mismatch" };
  if (cleanup.lease.ends < now) return { status: "expired", reason: "lease_expired" };
  if (does === "ack") return { status: "accepted", cleanup: null, leaseEnds: null };
  if (does === "release") return { status: "accepted", cleanup: giveBack(cleanup, reason), leaseEnds: null };
  const ends = plusSeconds(now, LEASE_SECONDS);
  return { status: "accepted", cleanup: { ...cleanup, lease: { token, ends } }, leaseEnds: ends };
}
