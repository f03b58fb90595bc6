/**
 * Occurrences at an interval from an anchor.
 *
 * An interval of whole days goes by the wall clock of its zone: nine in the morning stays nine in the morning. Any other goes by time
 * that passes. A wall time that is skipped by a change of clocks is taken later, and the days after it keep that hour; of one that
 * comes twice the second counts.
 */
import { type Instant, instant } from "../time.ts";
import { DAY, type Wall } from "./civil.ts";
import { momentsOf, wallAt, type Zone } from "./zone.ts";

export interface Interval {
  /** Microseconds. */
  every: number;
  anchor: Instant;
}

/** From `from` to `to`, in order. */
export function* intervalInstants(interval: Interval, zone: Zone, from: Instant, to: Instant): Generator<Instant> {
  yield* interval.every % DAY === 0 && zone.name !== "UTC"
    ? byWallClock(interval, zone, from, to)
    : byElapsedTime(interval, from, to);
}

function* byElapsedTime({ every, anchor }: Interval, from: Instant, to: Instant): Generator<Instant> {
  for (let step = Math.ceil((from - anchor) / every); ; step++) {
    const at = instant(anchor + step * every);
    if (at > to) return;
    if (at >= from) yield at;
  }
}

interface Stand {
  at: Instant;
  /** What the wall showed, or was moved to. */
  wall: Wall;
}

function* byWallClock({ every, anchor }: Interval, zone: Zone, from: Instant, to: Instant): Generator<Instant> {
  const first: Stand = { at: anchor, wall: wallAt(zone, anchor) };
  // Before its anchor an interval counts back from it; what a gap moves there moves that day alone.
  for (let step = Math.ceil((wallAt(zone, from) - first.wall) / every) - 1; step < 0; step++) {
    const { at } = standAt(zone, (first.wall + step * every) as Wall);
    if (at > to) return;
    if (at >= from) yield at;
  }
  let stand = from <= anchor ? first : lastBefore(first, every, zone, from);
  while (stand.at < from) stand = standAt(zone, (stand.wall + every) as Wall);
  for (; stand.at <= to; stand = standAt(zone, (stand.wall + every) as Wall)) yield stand.at;
}

/** An occurrence before `from`, found without counting all days since the anchor: only gaps on the way can have moved the hour. */
function lastBefore(first: Stand, every: number, zone: Zone, from: Instant): Stand {
  let { wall } = first;
  for (const { at, before, offset } of zone.transitions(first.at, from)) {
    if (offset <= before) continue;
    const gap = at + before;
    const inGap = wall + Math.ceil((gap - wall) / every) * every;
    if (inGap >= gap && inGap < at + offset && inGap > first.wall) wall = (inGap + offset - before) as Wall;
  }
  const steps = Math.floor((wallAt(zone, from) - wall) / every) - 1;
  return steps <= 0
    ? wall === first.wall
      ? first
      : standAt(zone, wall)
    : standAt(zone, (wall + steps * every) as Wall);
}

function standAt(zone: Zone, wall: Wall): Stand {
  const moments = momentsOf(zone, wall);
  switch (moments.kind) {
    case "once":
      return { at: moments.at, wall };
    case "twice":
      return { at: moments.second, wall };
    case "skipped":
      return { at: moments.later, wall: wallAt(zone, moments.later) };
    default:
      return moments satisfies never;
  }
}
