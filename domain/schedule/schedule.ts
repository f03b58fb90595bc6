/** What a schedule is, and when it is due. */
import type { Instant } from "../time.ts";
import { DAY, HOUR, type Wall } from "./civil.ts";
import { type Cron, cronWalls, parseCron } from "./cron.ts";
import { intervalInstants } from "./interval.ts";
import { isSubDaily, type Recurrence, recurrenceWalls } from "./rrule.ts";
import { parseRecurrence } from "./rrule-text.ts";
import { momentsOf, UTC, wallAt, type Zone, zoneOf } from "./zone.ts";

/** A schedule as it is kept. Zones are names of the IANA list; null is UTC. */
export type Schedule =
  | { kind: "cron"; cron: string; timezone: string | null; dayOr: boolean }
  | { kind: "interval"; every: number; anchor: Instant; timezone: string | null }
  | { kind: "rrule"; rrule: string; timezone: string | null };

/** A schedule that was read: the times at which it is due from one instant to another, both included, in order, each once. */
export interface Timetable {
  zone: Zone;
  between(from: Instant, to: Instant): Iterable<Instant>;
}

/** One field of a schedule is wrong. */
export interface ScheduleFault {
  field: "cron" | "rrule" | "timezone" | "interval";
  message: string;
}

/** Shortest interval, in microseconds: what is due more often than once a second is no schedule. */
const SHORTEST = 1_000_000;
/** Longest interval: a century. */
const LONGEST = 36_525 * DAY;

/** Reads a schedule. */
export function timetableOf(schedule: Schedule): Timetable | ScheduleFault {
  const zone = schedule.timezone === null ? UTC : zoneOf(schedule.timezone);
  if (!zone)
    return {
      field: "timezone",
      message: `Invalid timezone: "${schedule.timezone}" (specify in IANA tzdata format, for example, America/New_York)`,
    };
  switch (schedule.kind) {
    case "cron": {
      const cron = parseCron(schedule.cron, schedule.dayOr);
      return typeof cron === "string" ? { field: "cron", message: cron } : cronTimetable(cron, zone);
    }
    case "interval": {
      const { every, anchor } = schedule;
      if (!(every >= SHORTEST && every <= LONGEST))
        return { field: "interval", message: "An interval takes from one second to a century" };
      return { zone, between: (from, to) => intervalInstants({ every, anchor }, zone, from, to) };
    }
    case "rrule": {
      const recurrence = parseRecurrence(schedule.rrule);
      return typeof recurrence === "string"
        ? { field: "rrule", message: recurrence }
        : recurrenceTimetable(recurrence, zone);
    }
    default:
      return schedule satisfies never;
  }
}

export const isTimetable = (read: Timetable | ScheduleFault): read is Timetable => "between" in read;

/**
 * A skipped wall time is taken later, by the offset before the gap. Of one that comes twice the first counts; a pattern of every hour
 * is due both times, since an hour without its run would be a run lost.
 */
function cronTimetable(cron: Cron, zone: Zone): Timetable {
  return byWalls(zone, (from, to) => cronWalls(cron, from, to), "later", cron.everyHour);
}

/** As cron, but for a skipped wall time, which a recurrence takes by the offset after the gap. */
function recurrenceTimetable(recurrence: Recurrence, zone: Zone): Timetable {
  return byWalls(zone, (from, to) => recurrenceWalls(recurrence, from, to), "earlier", isSubDaily(recurrence));
}

/** Longer than any change of clocks reaches, but for a day that was skipped at the date line. */
const REACH = 26 * HOUR;

/** How far the order of wall times may differ from that of instants around `at`: as far as clocks are moved near it. */
function disorder(zone: Zone, at: Instant): number {
  const near = zone.transitions((at - REACH) as Instant, (at + REACH) as Instant);
  return Math.max(0, ...near.map(({ before, offset }) => Math.abs(offset - before)));
}

function byWalls(
  zone: Zone,
  walls: (from: Wall, to: Wall) => Iterable<Wall>,
  skipped: "earlier" | "later",
  bothTimes: boolean,
): Timetable {
  function* all(from: Instant, to: Instant): Generator<Instant> {
    // Around a change of clocks instants come in another order than wall times: each waits until nothing can come before it.
    const waiting = new Set<Instant>();
    const first = (wallAt(zone, from) - disorder(zone, from)) as Wall;
    const last = (wallAt(zone, to) + disorder(zone, to)) as Wall;
    for (const wall of walls(first, last)) {
      if (waiting.size > 0) yield* taken(waiting, earliestOf(zone, wall));
      const moments = momentsOf(zone, wall);
      if (moments.kind === "once") waiting.add(moments.at);
      else if (moments.kind === "skipped") waiting.add(moments[skipped]);
      else {
        waiting.add(moments.first);
        if (bothTimes) waiting.add(moments.second);
      }
    }
    yield* taken(waiting, Number.POSITIVE_INFINITY);
  }
  return {
    zone,
    *between(from, to) {
      let last = Number.NEGATIVE_INFINITY;
      for (const at of all(from, to)) {
        if (at > to) return;
        if (at >= from && at > last) yield at;
        last = at;
      }
    },
  };
}

/** No wall time from this one on is shown before this instant. */
function earliestOf(zone: Zone, wall: Wall): number {
  const [before, after] = [wall - DAY, wall + DAY].map((at) => zone.offsetAt(at as Instant)) as [number, number];
  return wall - Math.max(before, after);
}

function* taken(waiting: Set<Instant>, before: number): Generator<Instant> {
  if (waiting.size === 0) return;
  const ready = [...waiting].filter((at) => at < before).sort((a, b) => a - b);
  for (const at of ready) waiting.delete(at);
  yield* ready;
}
