/**
 * Why each waiting run waits: the order as the pool would give runs out now, if there were agents for all.
 *
 * DI10 Every waiting run has one reason; one that is in turn has a place.
 */
import type { Backlog, Queue, Room, Waiting } from "./backlog.ts";
import type { Shares } from "./shares.ts";

export type WaitReason =
  | "next"
  | "no_free_agent"
  | "not_due"
  | "pool_paused"
  | "queue_paused"
  | "pool_limit"
  | "queue_limit";

export interface Explained extends Waiting {
  reason: WaitReason;
  /** From 1; null where it is not in turn. */
  place: number | null;
}

interface Circumstances {
  queues: readonly Queue[];
  own: string;
  paused: boolean;
  room: Room;
  shares: Shares;
  now: number;
  /** Slots of agents that are free. */
  slots: number;
}

/** All waiting runs: those in turn first, in order, then the others by due time. */
export function explain(
  backlog: Backlog,
  { queues, own, paused, room, shares, now, slots }: Circumstances,
): Explained[] {
  const inTurn: Explained[] = [];
  if (!paused)
    backlog.offer({ queues, own, room, shares: shares.copy(), due: now }, (waiting) => {
      const place = inTurn.length + 1;
      inTurn.push({ ...waiting, reason: place <= slots ? "next" : "no_free_agent", place });
      return "take";
    });
  const left = room.pool - inTurn.length;
  const placed = new Set(inTurn.map(({ run }) => run));
  const known = new Map(queues.map((queue) => [queue.id, queue]));
  const others = [...backlog.all()]
    .filter(({ run }) => !placed.has(run))
    .sort((one, other) => one.due - other.due || one.since - other.since)
    .map((waiting): Explained => {
      const queue = known.get(waiting.queue ?? own) ?? known.get(own);
      return { ...waiting, reason: reasonOf(waiting, queue, paused, left, now), place: null };
    });
  return [...inTurn, ...others];
}

function reasonOf(waiting: Waiting, queue: Queue | undefined, paused: boolean, left: number, now: number): WaitReason {
  if (waiting.due > now) return "not_due";
  if (paused) return "pool_paused";
  if (queue?.paused) return "queue_paused";
  return left <= 0 ? "pool_limit" : "queue_limit";
}
