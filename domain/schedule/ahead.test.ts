import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Instant, instant, parseInstant, plusSeconds, SECOND } from "../time.ts";
import { type Ahead, advance, CATCH_ALL, type CatchUp, type Step, spanFrom, spanOf, startingAt } from "./ahead.ts";
import { DAY, HOUR, MINUTE } from "./civil.ts";
import { isTimetable, type Timetable, timetableOf } from "./schedule.ts";

const NOW = parseInstant("2026-03-01T00:00:30Z") as Instant;
const LEAD = 60 * SECOND;

function cron(text: string, timezone: string | null = null): Timetable {
  const read = timetableOf({ kind: "cron", cron: text, timezone, dayOr: true });
  if (!isTimetable(read)) throw new Error(read.message);
  return read;
}

const wishes = (catchUp: CatchUp = CATCH_ALL, most: number | null = null) => ({ catchUp, most, lead: LEAD });
const first = (timetable: Timetable, most: number | null = null): Step =>
  advance(timetable, startingAt(NOW), wishes(CATCH_ALL, most), NOW);
const all = ({ make, ahead }: Step): Instant[] => [...make, ...ahead.planned];

describe("[SC10] ahead", () => {
  test.each([
    ["[SC10] every minute: an hour", "* * * * *", null, 61],
    ["[SC10] every ten minutes: an hour", "*/10 * * * *", null, 7],
    ["[SC10] every hour: three", "0 * * * *", null, 3],
    ["[SC10] every day: three", "0 9 * * *", null, 3],
    ["[SC10] every month: what lies within a hundred days", "0 0 1 * *", null, 3],
    ["[SC10] every year: what lies within a hundred days", "0 0 1 6 *", null, 1],
    ["[SC10] not within a hundred days", "0 0 1 12 *", null, 0],
    ["[SC10] two at most", "* * * * *", 2, 2],
    ["[SC10] one at most", "0 9 * * *", 1, 1],
  ])("%s", (_case, text, most, count) => {
    expect(all(first(cron(text), most))).toHaveLength(count);
  });

  test("[SC10] what comes after the hundred days is looked for in time", () => {
    const step = first(cron("0 0 1 12 *"));
    expect(step.wake).toBe(instant((parseInstant("2026-12-01T00:00:00Z") as Instant) - 100 * DAY));
    expect(first(cron("0 0 31 2 *")).wake).toBeNull();
  });
});

test("[SC13] looking again before the time it asked for changes nothing", () => {
  for (const text of ["* * * * *", "0 * * * *", "0 9 * * 1", "0 0 1 1 *"]) {
    const timetable = cron(text);
    const step = first(timetable);
    const early = instant((step.wake as Instant) - 1);
    const again = advance(timetable, step.ahead, wishes(), early);
    expect(again).toMatchObject({ add: [], make: [], drop: [], wake: step.wake });
    expect(again.ahead.planned).toEqual(step.ahead.planned);
  }
});

/** Looks whenever it is asked for, until `end`; what became runs. */
function live(
  timetable: Timetable,
  until: Instant,
  skip: (at: Instant) => Instant = (at) => at,
): { runs: Instant[]; looks: number } {
  let ahead: Ahead = startingAt(NOW);
  let now = NOW;
  const runs: Instant[] = [];
  let looks = 0;
  while (now <= until && looks < 100_000) {
    looks += 1;
    const step = advance(timetable, ahead, wishes(), now);
    ahead = step.ahead;
    runs.push(...step.make);
    if (step.wake === null) break;
    now = skip(instant(Math.max(step.wake, now)));
  }
  return { runs, looks };
}

test.each(["* * * * *", "*/7 * * * *", "0 * * * *", "30 2 * * *", "0 0 1 * *", "0 0 29 2 *"])(
  "[SC11] %s: each occurrence becomes a run once, with few looks",
  (text) => {
    const timetable = cron(text, "America/New_York");
    const until = instant(NOW + (text.startsWith("*") ? 2 * DAY : 1500 * DAY));
    const { runs, looks } = live(timetable, until);
    const expected = [...timetable.between(NOW, until)];
    expect(runs.slice(0, expected.length)).toEqual(expected);
    expect(looks).toBeLessThanOrEqual(expected.length * 1.6 + 40);
  },
);

test("[SC11] whatever the clock does: none lost, none twice", () => {
  const jumps = fc.array(fc.integer({ min: -600, max: 10_000 }), { minLength: 5, maxLength: 60 });
  fc.assert(
    fc.property(fc.constantFrom("*/5 * * * *", "0 * * * *", "17 3 * * *"), jumps, (text, steps) => {
      const timetable = cron(text, "Europe/Berlin");
      let ahead: Ahead = startingAt(NOW);
      let now: Instant = NOW;
      const runs: Instant[] = [];
      for (const seconds of [0, ...steps]) {
        now = plusSeconds(now, seconds);
        const step = advance(timetable, ahead, wishes(), now);
        ahead = step.ahead;
        runs.push(...step.make);
        expect(step.drop).toEqual([]);
      }
      const expected = [...timetable.between(NOW, instant(NOW + 60 * DAY))].slice(0, runs.length);
      expect(runs).toEqual(expected);
      expect(ahead.planned.every((at, index, list) => index === 0 || at > (list[index - 1] as Instant))).toBe(true);
    }),
    { numRuns: 200, seed: 11 },
  );
});

describe("missed", () => {
  /** Ten hours without anybody there. */
  const outage = (catchUp: CatchUp) => {
    const timetable = cron("0 * * * *");
    const later = instant(NOW + 10 * HOUR);
    return advance(timetable, first(timetable).ahead, wishes(catchUp), later);
  };
  const hours = (list: readonly Instant[]) => list.map((at) => Math.round((at - NOW) / HOUR));

  test.each([
    ["[SC12] all", { policy: "all", window: null }, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], []],
    ["[SC12] all of a window", { policy: "all", window: 2.5 * 3600 }, [8, 9, 10], [1, 2, 3]],
    ["[SC12] the latest", { policy: "latest", window: null }, [9, 10], [1, 2, 3]],
    ["[SC12] the latest, but not of long ago", { policy: "latest", window: 60 }, [10], [1, 2, 3]],
    ["[SC12] nothing", { policy: "none", window: null }, [10], [1, 2, 3]],
  ] as [string, CatchUp, number[], number[]][])("%s", (_case, catchUp, made, dropped) => {
    // The tenth was due half a minute ago: that is late, and not missed.
    const step = outage(catchUp);
    expect({ made: hours(step.make), dropped: hours(step.drop) }).toEqual({ made, dropped });
    expect(hours(all(step)).slice(made.length)).toEqual([11, 12, 13]);
  });

  test("[SC12] very many are caught up one part after another", () => {
    const timetable = cron("* * * * *");
    let step = first(timetable);
    const later = instant(NOW + 1000 * MINUTE);
    const runs: Instant[] = [...step.make];
    let looks = 0;
    do {
      step = advance(timetable, step.ahead, wishes(), later);
      runs.push(...step.make);
      looks += 1;
    } while (step.wake === later);
    expect(looks).toBeGreaterThan(8);
    expect(runs).toEqual([...timetable.between(NOW, instant(later + LEAD))]);
  });
});

test("[SC10] a span is as long as its least asks for, and no longer than its most", () => {
  const timetable = cron("0 * * * *");
  const count = (span: Parameters<typeof spanFrom>[1]) => [...spanOf(timetable, spanFrom(NOW, span))].length;
  expect(count({})).toBe(3);
  expect(count({ leastRuns: 5 })).toBe(5);
  expect(count({ leastTime: 10 * HOUR })).toBe(11);
  expect(count({ leastTime: 10 * HOUR, mostRuns: 4 })).toBe(4);
  expect(count({ to: instant(NOW + 90 * MINUTE) })).toBe(1);
  expect(count({ from: instant(NOW - DAY), to: NOW, leastRuns: 100 })).toBe(24);
  expect(count({ mostRuns: 0 })).toBe(0);
});
