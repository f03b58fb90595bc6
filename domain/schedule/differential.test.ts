/**
 * Against Prefect 3.9.1: the times that its server gave (recorded/make.py), and every difference with its reason.
 */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type Instant, instant, SECOND } from "../time.ts";
import { isTimetable, type Schedule, timetableOf } from "./schedule.ts";
import { momentsOf, wallAt, type Zone } from "./zone.ts";

type Case = [kind: string, text: string | [number, number], zone: string, start: number, end: number, due: number[]];
const cases = JSON.parse(readFileSync(new URL("recorded/prefect-3.9.1.json", import.meta.url), "utf8")) as Case[];
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

describe("against Prefect", () => {
  test("[SC9] the recording holds what it should", () => {
    expect(cases.length).toBeGreaterThan(1000);
    expect(new Set(cases.map(([, , zone]) => zone)).size).toBe(24);
  });

  test("[SC9] what is due here alone is what it loses; nothing is due there alone", () => {
    const surprises: unknown[] = [];
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
    // In Dublin, winter is what differs from standard time, and Prefect's library takes a skipped hour later there, not earlier.
    // Looking for a Monday that is an 11th, 21st, 31st or 1st, it goes from 22 February nine days on, past the 1st of March.
    const dublin = { kind: "rrule", text: "DTSTART:20190331T013000\nRRULE:FREQ=DAILY", zone: "Europe/Dublin" };
    expect(surprises).toEqual([
      { ...dublin, start: 1_774_727_400, less: [20_400], lost: [16_800] },
      { kind: "cron-and", text: "0 0 */10 * 1", zone: "UTC", start: 1_790_812_800, less: [], lost: [13_046_400] },
    ]);
    expect(same / cases.length).toBeGreaterThan(0.9);
  });
});
