/** Cases of recorded/make.py, held against what is due here. For tests: the recorded ones, and fresh ones beside Prefect itself. */
import { type Instant, instant, SECOND } from "../time.ts";
import { isTimetable, type Schedule, timetableOf } from "./schedule.ts";
import { momentsOf, wallAt, type Zone } from "./zone.ts";

export type Case = [
  kind: string,
  text: string | [number, number],
  zone: string,
  start: number,
  end: number,
  due: number[],
];
/** Prefect's own times end after so many. */
const RECORDED_MOST = 60;

function scheduleOf([kind, text, timezone]: Case): Schedule {
  if (typeof text !== "string")
    return { kind: "interval", every: text[0] * SECOND, anchor: instant(text[1] * SECOND), timezone };
  return kind === "rrule"
    ? { kind, rrule: text, timezone }
    : { kind: "cron", cron: text, timezone, dayOr: kind === "cron" };
}

function ours(one: Case): { zone: Zone; due: number[] } {
  const read = timetableOf(scheduleOf(one));
  if (!isTimetable(read)) throw new Error(read.message);
  const [start, end] = [instant(one[3] * SECOND), instant(one[4] * SECOND)];
  return { zone: read.zone, due: [...read.between(start, end)].map((at) => (at - start) / SECOND) };
}

/** Whether an instant is the second one of a wall time that comes twice. */
function isSecond(zone: Zone, at: Instant): boolean {
  const moments = momentsOf(zone, wallAt(zone, at));
  return moments.kind === "twice" && moments.second === at;
}

export interface Surprise {
  kind: string;
  text: string | [number, number];
  zone: string;
  start: number;
  /** Due there alone. */
  less: number[];
  /** Due here alone, but for what is due every hour and comes twice, which Prefect loses. */
  lost: number[];
}

/** What differs, but for the second hours of clocks that go back; and how many cases are the same to the second. */
export function surprisesOf(cases: readonly Case[]): { surprises: Surprise[]; same: number } {
  const surprises: Surprise[] = [];
  let same = 0;
  for (const one of cases) {
    const [kind, text, , start, , recorded] = one;
    const { zone, due } = ours(one);
    const last = recorded.length < RECORDED_MOST ? Number.POSITIVE_INFINITY : (recorded.at(-1) as number);
    const more = due.filter((at) => at <= last && !recorded.includes(at));
    const less = recorded.filter((at) => !due.includes(at));
    const lost = more.filter((at) => !isSecond(zone, instant((start + at) * SECOND)));
    if (more.length === 0 && less.length === 0) same += 1;
    if (lost.length > 0 || less.length > 0) surprises.push({ kind, text, zone: zone.name, start, less, lost });
  }
  return { surprises, same };
}
