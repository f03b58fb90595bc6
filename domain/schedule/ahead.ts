/**
 * Which occurrences of a schedule are to be on lists, which are to become runs, and when to look again.
 *
 * What is kept of a schedule is how far it was looked at (`through`) and which of the times up to there still wait (`planned`). Looking
 * never goes back: an occurrence is decided on once, whatever the clock does.
 */
import type { Instant } from "../time.ts";
import { instant, SECOND } from "../time.ts";
import { DAY, HOUR } from "./civil.ts";
import type { Timetable } from "./schedule.ts";

export interface Ahead {
  /** Every occurrence up to here has been decided on. */
  through: Instant;
  /** Due times on lists whose runs do not exist yet, in order. */
  planned: readonly Instant[];
  /** Due times of runs that exist and are not due yet: what an edit may still take back. */
  made: readonly Instant[];
}

/** What becomes of occurrences that were missed: when nobody was there to start them, for longer than `LATE`. */
export interface CatchUp {
  policy: "all" | "latest" | "none";
  /** Seconds; what was missed longer ago is let go. Null: nothing is. */
  window: number | null;
}

export const CATCH_ALL: CatchUp = { policy: "all", window: null };

/** How far schedules are planned ahead, by Prefect's numbers: 3 to 100 runs, one hour to a hundred days. */
const LEAST_RUNS = 3;
const MOST_RUNS = 100;
const LEAST_TIME = HOUR;
const MOST_TIME = 100 * DAY;
const MORE_TIME = HOUR / 4;
/** Years after which a schedule that is due at no time is taken for one that never will be. */
const NEVER = 10 * 366 * DAY;
/** An occurrence that is found so long after it was due counts as missed. */
const LATE = 60 * SECOND;
/** Missed occurrences that are caught up at once; the rest follows. */
const CAUGHT_AT_ONCE = 100;

export interface Step {
  ahead: Ahead;
  /** New on the lists. */
  add: Instant[];
  /** To be made into runs now; all of them were planned, or were missed. */
  make: Instant[];
  /** Let go: to be taken off the lists. */
  drop: Instant[];
  /** When to look again; null: the schedule is never due again. */
  wake: Instant | null;
}

export interface Wishes {
  catchUp: CatchUp;
  /** Most occurrences on lists at once. */
  most: number | null;
  /** Microseconds before it is due that an occurrence becomes a run. */
  lead: number;
}

/** A schedule that was never looked at, from `now` on; what is due at this very moment counts. */
export const startingAt = (now: Instant): Ahead => ({ through: instant(now - 1), planned: [], made: [] });

/** Looks at a schedule at `now`. */
export function advance(timetable: Timetable, before: Ahead, wishes: Wishes, now: Instant): Step {
  const missedBefore = instant(now - LATE);
  const caught = catchUp(timetable, before, wishes.catchUp, missedBefore);
  const planned = [...before.planned.filter((at) => at >= missedBefore)];
  const most = Math.min(wishes.most ?? MOST_RUNS, MOST_RUNS);
  let upcoming = planned.filter((at) => at >= now).length;
  const enough = (last: Instant | undefined, time: number): boolean =>
    upcoming >= most || (upcoming >= Math.min(LEAST_RUNS, most) && last !== undefined && last >= now + time);
  /** Whoever looks again plans a little more, so as not to have to look for each single one. */
  const time = before.planned.length > 0 ? LEAST_TIME + MORE_TIME : LEAST_TIME;
  const add: Instant[] = [];
  const end = instant(now + MOST_TIME);
  let { through } = caught;
  let exhausted = false;
  if (!caught.more && !enough(planned.at(-1), LEAST_TIME)) {
    exhausted = true;
    for (const at of timetable.between(instant(through + 1), end)) {
      planned.push(at);
      add.push(at);
      if (at >= now) upcoming += 1;
      through = at;
      if (!enough(at, time)) continue;
      exhausted = false;
      break;
    }
    if (exhausted && through < end) through = end;
  }
  const ready = planned.filter((at) => at <= now + wishes.lead);
  const waiting = planned.slice(ready.length);
  const make = [...caught.keep, ...ready];
  const made = [...before.made, ...make].filter((at) => at > now).sort((a, b) => a - b);
  const ahead: Ahead = { through, planned: waiting, made };
  const listed = new Set(make);
  return {
    ahead,
    add: add.filter((at) => !listed.has(at)),
    make,
    drop: caught.drop,
    wake: caught.more ? now : wakeOf(timetable, ahead, { ...wishes, most }, exhausted),
  };
}

/** When the next occurrence has to be made, or more have to be planned. */
function wakeOf(
  timetable: Timetable,
  { through, planned }: Ahead,
  { lead, most }: { lead: number; most: number },
  exhausted: boolean,
): Instant | null {
  const first = planned[0];
  const toMake = first === undefined ? null : instant(first - lead);
  if (!exhausted) {
    // Making one leaves room for the next; where there are many, an hour has to be covered.
    const last = planned.at(-1);
    const toPlan =
      last !== undefined && planned.length > Math.min(LEAST_RUNS, most) ? instant(last - LEAST_TIME + 1) : null;
    return toMake !== null && toPlan !== null ? instant(Math.min(toMake, toPlan)) : (toMake ?? toPlan);
  }
  for (const at of timetable.between(instant(through + 1), instant(through + NEVER)))
    return earlier(toMake, instant(at - MOST_TIME));
  return toMake;
}

const earlier = (one: Instant | null, other: Instant): Instant => (one !== null && one < other ? one : other);

interface Caught {
  through: Instant;
  keep: Instant[];
  drop: Instant[];
  /** More is to be caught up than at once. */
  more: boolean;
}

/** Decides on what was missed: planned and never made, or never even planned. */
function catchUp(
  timetable: Timetable,
  { through, planned }: Ahead,
  { policy, window }: CatchUp,
  until: Instant,
): Caught {
  const missed = planned.filter((at) => at < until);
  const oldest = window === null ? null : instant(until - window * SECOND);
  const wanted = (at: Instant): boolean => oldest === null || at >= oldest;
  if (through + 1 >= until && missed.length === 0) return { through, keep: [], drop: [], more: false };
  if (policy === "all") {
    const keep = missed.filter(wanted);
    const from = oldest === null ? instant(through + 1) : instant(Math.max(through + 1, oldest));
    const drop = missed.filter((at) => !wanted(at));
    for (const at of timetable.between(from, instant(until - 1))) {
      if (keep.length >= CAUGHT_AT_ONCE) return { through: instant(at - 1), keep, drop, more: true };
      keep.push(at);
    }
    return { through: instant(Math.max(through, until - 1)), keep, drop, more: false };
  }
  let latest = missed.at(-1) ?? null;
  if (policy === "latest") for (const at of timetable.between(instant(through + 1), instant(until - 1))) latest = at;
  const keep = policy === "latest" && latest !== null && wanted(latest) ? [latest] : [];
  const drop = missed.filter((at) => !keep.includes(at));
  return { through: instant(Math.max(through, until - 1)), keep, drop, more: false };
}

/** Occurrences of a span by the numbers of a request: as few as satisfy its least, and never more than its most. */
export function* spanOf(timetable: Timetable, { from, to, leastRuns, mostRuns, leastTime }: Span): Generator<Instant> {
  let count = 0;
  if (mostRuns <= 0) return;
  for (const at of timetable.between(from, to)) {
    yield at;
    count += 1;
    if (count >= mostRuns || (count >= leastRuns && at >= from + leastTime)) return;
  }
}

export interface Span {
  from: Instant;
  to: Instant;
  leastRuns: number;
  mostRuns: number;
  /** Microseconds. */
  leastTime: number;
}

/** A span with what a request does not say filled in. */
export const spanFrom = (now: Instant, given: Partial<Span>): Span => {
  const from = given.from ?? now;
  return {
    from,
    to: given.to ?? instant(from + MOST_TIME),
    leastRuns: given.leastRuns ?? LEAST_RUNS,
    mostRuns: Math.min(given.mostRuns ?? MOST_RUNS, 1000),
    leastTime: given.leastTime ?? LEAST_TIME,
  };
};
