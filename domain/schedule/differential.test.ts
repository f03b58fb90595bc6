/**
 * Against Prefect 3.9.1: the times that its server gave (recorded/make.py), and every difference with its reason. Fresh ones are made by
 * test/client/schedules.test.ts.
 */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type Case, surprisesOf } from "./differential.ts";

const cases = JSON.parse(readFileSync(new URL("recorded/prefect-3.9.1.json", import.meta.url), "utf8")) as Case[];

describe("against Prefect", () => {
  test("[SC9] the recording holds what it should", () => {
    expect(cases.length).toBeGreaterThan(1000);
    expect(new Set(cases.map(([, , zone]) => zone)).size).toBe(24);
  });

  test("[SC9] what is due here alone is what it loses; nothing is due there alone", () => {
    const { surprises, same } = surprisesOf(cases);
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
