/**
 * When somebody who was refused should come again.
 *
 * LI3  Those further back are told later, and chance spreads the others: a crowd does not come all at once.
 */
import type { LimitSettings } from "./room.ts";

/** Seconds that nobody is told to exceed, and those for who is next: only that one can take what comes free. */
const LONGEST = 30;
const LONGEST_OF_NEXT = 5;
/** Seconds below which asking again only costs. */
const SHORTEST = 0.25;
/** By how much a wait may be longer or shorter by chance, as a part of it. */
const SPREAD = 0.25;

export interface Refused {
  settings: LimitSettings;
  /** How full the limit is, to the fraction where slots decay. */
  level: number;
  /** Slots asked for, and those that earlier waiters want. */
  slots: number;
  ahead: number;
  /** Seconds for which those that are taken have been held so far, on average. */
  heldFor: number;
  /** Between 0 and 1. */
  chance: number;
}

/** Seconds to wait, to the millisecond. */
export function retryAfter({ settings, level, slots, ahead, heldFor, chance }: Refused): number {
  const { limit, decay } = settings;
  if (decay > 0) {
    // Too early would be in vain, so chance only adds.
    const until = (level + ahead + slots - limit) / decay;
    return rounded(Math.min(Math.max(until, 0), LONGEST / (1 + SPREAD)) * (1 + SPREAD * chance));
  }
  // Things that have lasted so long on average will last as long again; of so many, one ends that much sooner.
  const wait = SHORTEST + (heldFor * (ahead + slots)) / Math.max(limit, 1);
  const longest = ahead === 0 ? LONGEST_OF_NEXT : LONGEST;
  return rounded(Math.min(wait, longest / (1 + SPREAD)) * (1 + SPREAD * (2 * chance - 1)));
}

const rounded = (seconds: number): number => Math.ceil(seconds * 1000) / 1000;
