/**
 * Events counted by what they are, by whom they are about, or by when they occurred.
 *
 * [DO60] Steps of time begin at one moment for everybody, a Monday, so that a count asked for again has the same steps; steps in
 *        which nothing occurred are told too, and a count of more than a thousand steps is refused.
 */
import type { FilteredEvent } from "../filter/events.ts";
import { formatInstant, type Instant, instant, parseInstant, SECOND } from "../time.ts";

export const COUNTABLES = ["day", "time", "event", "resource"] as const;
export type Countable = (typeof COUNTABLES)[number];

export const TIME_UNITS = ["week", "day", "hour", "minute", "second"] as const;
export type TimeUnit = (typeof TIME_UNITS)[number];

const LENGTH: { readonly [Unit in TimeUnit]: number } = {
  week: 604_800 * SECOND,
  day: 86_400 * SECOND,
  hour: 3_600 * SECOND,
  minute: 60 * SECOND,
  second: SECOND,
};

/** Where the first step begins, as on Prefect's server: Monday, the first of April 2024. */
const FIRST = parseInstant("2024-04-01T00:00:00Z") as Instant;
const MOST_STEPS = 1_000;

export interface Count {
  value: string;
  label: string;
  count: number;
  start: Instant;
  end: Instant;
}

export interface CountedEvent extends Pick<FilteredEvent, "event" | "resource"> {
  at: Instant;
}

export interface Span {
  since: Instant;
  until: Instant;
}

/** Microseconds of a step. */
export const stepOf = (unit: TimeUnit, interval: number): number => LENGTH[unit] * interval;

/** Why a span cannot be counted in such steps; null if it can. */
export function stepProblem({ since, until }: Span, step: number): string | null {
  const steps = Math.ceil((until - since) / step);
  if (steps <= MOST_STEPS) return null;
  return `The given interval would create ${steps} buckets, which is too many. Please increase the interval or reduce the time range to produce ${MOST_STEPS} buckets or fewer.`;
}

/** Counts in steps of time, those without events too. Steps that have not begun by the end of the present unit are left out. */
export class CountByTime {
  readonly #step: number;
  readonly #first: number;
  readonly #counts: number[];

  constructor({ since, until }: Span, { unit, interval, now }: { unit: TimeUnit; interval: number; now: Instant }) {
    this.#step = stepOf(unit, interval);
    this.#first = Math.floor((since - FIRST) / this.#step);
    const end = until > now ? endOf(unit, now) : until;
    const steps = Math.max(0, Math.ceil((end - FIRST) / this.#step) - this.#first);
    this.#counts = new Array<number>(Math.min(steps, MOST_STEPS + 1)).fill(0);
  }

  add({ at }: CountedEvent): void {
    const step = Math.floor((at - FIRST) / this.#step) - this.#first;
    if (step in this.#counts) this.#counts[step] = (this.#counts[step] as number) + 1;
  }

  counts(): Count[] {
    return this.#counts.map((count, at) => {
      const start = Math.round(FIRST + (this.#first + at) * this.#step);
      const end = Math.round(FIRST + (this.#first + at + 1) * this.#step) - 1;
      return { value: String(at), label: isoText(instant(start)), count, start: instant(start), end: instant(end) };
    });
  }
}

/** The end of the unit of time that a moment lies in; weeks begin on Monday. */
const endOf = (unit: TimeUnit, at: Instant): number =>
  FIRST + (Math.floor((at - FIRST) / LENGTH[unit]) + 1) * LENGTH[unit] - 1;

/** As Python writes a moment in UTC. */
const isoText = (at: Instant): string => formatInstant(at).replace(/(?:\.0+)?Z$/, "+00:00");

/** Counts by name or by resource, the most frequent first. A resource is called as its newest event called it. */
export class CountByName {
  readonly #by: "event" | "resource";
  readonly #counts = new Map<string, Count>();

  constructor(by: "event" | "resource") {
    this.#by = by;
  }

  add(event: CountedEvent): void {
    const value = this.#by === "event" ? event.event : (event.resource["prefect.resource.id"] ?? "");
    const label = this.#by === "event" ? event.event : nameOf(event.resource);
    const known = this.#counts.get(value);
    if (!known) {
      this.#counts.set(value, { value, label, count: 1, start: event.at, end: event.at });
      return;
    }
    known.count += 1;
    if (event.at < known.start) known.start = event.at;
    if (event.at >= known.end) Object.assign(known, { end: event.at, label });
  }

  counts(): Count[] {
    return [...this.#counts.values()].sort((one, other) => other.count - one.count || byText(one.label, other.label));
  }
}

const nameOf = (resource: CountedEvent["resource"]): string =>
  resource["prefect.resource.name"] ?? resource["prefect.name"] ?? resource["prefect.resource.id"] ?? "";

const byText = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);
