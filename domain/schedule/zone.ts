/**
 * Time zones: what clocks on the wall showed and will show, by the tables that the platform carries.
 *
 * A zone is a list of offsets from UTC with the moments at which one follows another. Asking the platform for one offset takes
 * microseconds, so each year is looked through once, and its moments are kept.
 */
import { formatInstant, fromMilliseconds, type Instant, MILLISECOND, SECOND } from "../time.ts";
import { DAY, type Wall } from "./civil.ts";
import { isZoneName } from "./zone-names.ts";

/** From `at` on, the wall shows `offset` microseconds more than UTC, and did show `before` more. */
export interface Transition {
  at: Instant;
  before: number;
  offset: number;
}

/**
 * What a wall time means. Where clocks go forward some wall times are skipped: `earlier` takes them by the offset after the gap,
 * `later` by the one before it. Where clocks go back some come twice.
 */
export type Moments =
  | { kind: "once"; at: Instant }
  | { kind: "skipped"; earlier: Instant; later: Instant }
  | { kind: "twice"; first: Instant; second: Instant };

export interface Zone {
  readonly name: string;
  /** Microseconds that the wall shows more than UTC. */
  offsetAt(at: Instant): number;
  /** Changes of the offset after `from`, up to `to`. */
  transitions(from: Instant, to: Instant): Transition[];
}

/** Days between two looks at a zone: no two changes lie nearer to each other, but for a few of a century ago. */
const STRIDE = 3 * DAY;
/** Before railways, each town had its own time: nothing is scheduled by it. */
const FIRST_YEAR = 1900;

const zones = new Map<string, Zone>();

/** The zone of an IANA name; null where there is none of that name. Empty text is UTC. */
export function zoneOf(name: string): Zone | null {
  const known = zones.get(name);
  if (known) return known;
  const zone = name === "" || name === "UTC" ? UTC : platformZone(name);
  if (zone) zones.set(name, zone);
  return zone;
}

export const UTC: Zone = { name: "UTC", offsetAt: () => 0, transitions: () => [] };

/** What the wall of a zone shows at an instant. */
export const wallAt = (zone: Zone, at: Instant): Wall => (at + zone.offsetAt(at)) as number as Wall;

/** The moments at which the wall of a zone shows `wall`. */
export function momentsOf(zone: Zone, wall: Wall): Moments {
  const before = zone.offsetAt((wall - DAY) as number as Instant);
  const after = zone.offsetAt((wall + DAY) as number as Instant);
  const byBefore = (wall - before) as number as Instant;
  if (before === after && zone.offsetAt(byBefore) === before) return { kind: "once", at: byBefore };
  const byAfter = (wall - after) as number as Instant;
  const [first, second] = [zone.offsetAt(byBefore) === before, zone.offsetAt(byAfter) === after];
  if (first && second) return { kind: "twice", first: byBefore, second: byAfter };
  if (first) return { kind: "once", at: byBefore };
  if (second) return { kind: "once", at: byAfter };
  return { kind: "skipped", earlier: byAfter, later: byBefore };
}

/** Names that are no place's: offsets such as `+01:00` are not of IANA's list. */
const NAME = /^[A-Za-z][A-Za-z0-9_+\-/]*$/;

function platformZone(name: string): Zone | null {
  if (!NAME.test(name)) return null;
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone: name,
      hourCycle: "h23",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
    });
  } catch {
    return null;
  }
  if (!isZoneName(name, format.resolvedOptions().timeZone)) return null;
  return new TableZone(name, (at) => offsetBy(format, at));
}

const SHOWN = /^(\d+)\/(\d+)\/(\d+), (\d+):(\d+):(\d+)$/;

function offsetBy(format: Intl.DateTimeFormat, at: Instant): number {
  const milliseconds = Math.floor(at / SECOND) * 1000;
  const match = SHOWN.exec(format.format(milliseconds));
  if (!match) return 0;
  const [, month, day, year, hour, minute, second] = match.map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return (Date.UTC(year, month - 1, day, hour, minute, second) - milliseconds) * MILLISECOND;
}

class TableZone implements Zone {
  readonly name: string;
  readonly #ask: (at: Instant) => number;
  readonly #years = new Map<number, { offset: number; transitions: Transition[] }>();

  constructor(name: string, ask: (at: Instant) => number) {
    this.name = name;
    this.#ask = ask;
  }

  offsetAt(at: Instant): number {
    const { offset, transitions } = this.#year(yearOf(at));
    for (let index = transitions.length - 1; index >= 0; index--) {
      const transition = transitions[index] as Transition;
      if (transition.at <= at) return transition.offset;
    }
    return offset;
  }

  transitions(from: Instant, to: Instant): Transition[] {
    const found: Transition[] = [];
    for (let year = Math.max(yearOf(from), FIRST_YEAR); year <= yearOf(to); year++)
      for (const transition of this.#year(year).transitions)
        if (transition.at > from && transition.at <= to) found.push(transition);
    return found;
  }

  #year(year: number): { offset: number; transitions: Transition[] } {
    let known = this.#years.get(year);
    if (!known) {
      known = year < FIRST_YEAR ? this.#unchanging(year) : this.#look(year);
      this.#years.set(year, known);
    }
    return known;
  }

  #unchanging(year: number): { offset: number; transitions: Transition[] } {
    return { offset: this.#ask(yearStart(year)), transitions: [] };
  }

  #look(year: number): { offset: number; transitions: Transition[] } {
    const [start, end] = [yearStart(year), yearStart(year + 1)];
    const offset = this.#ask(start);
    const transitions: Transition[] = [];
    let [at, before] = [start, offset];
    while (at < end) {
      const next = Math.min(at + STRIDE, end) as Instant;
      const after = this.#ask(next);
      if (after !== before) {
        const change = this.#between(at, next, after);
        if (change < end) transitions.push({ at: change, before, offset: after });
        before = after;
      }
      at = next;
    }
    return { offset, transitions };
  }

  /** The first second from which on the offset is `after`. */
  #between(from: Instant, to: Instant, after: number): Instant {
    let [low, high] = [from / SECOND, to / SECOND];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (this.#ask((middle * SECOND) as Instant) === after) high = middle;
      else low = middle;
    }
    return (high * SECOND) as Instant;
  }
}

const yearOf = (at: Instant): number => new Date(Math.floor(at / MILLISECOND)).getUTCFullYear();

function yearStart(year: number): Instant {
  const date = new Date(0);
  date.setUTCFullYear(year, 0, 1);
  return fromMilliseconds(date.getTime());
}

/** A time as the wall of a zone shows it, with its offset: `2026-11-01 01:30:00-04:00`. */
export function localText(zone: Zone, at: Instant): string {
  const offset = zone.offsetAt(at);
  const shown = formatInstant((at + offset) as Instant);
  const text = `${shown.slice(0, 10)} ${shown.slice(11, 19)}${shown.slice(19, 26) === ".000000" ? "" : shown.slice(19, 26)}`;
  const minutes = Math.round(Math.abs(offset) / (60 * SECOND));
  const two = (count: number): string => String(count).padStart(2, "0");
  return `${text}${offset < 0 ? "-" : "+"}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}
