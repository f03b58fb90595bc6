import fc from "fast-check";
import { expect, test } from "vitest";
import { milliseconds, type Telling, tellClock, tellDuration, tellEveryWay, tellMoment, tellRelative } from "./tell.ts";

const AT = Date.UTC(2026, 10, 24, 13, 15, 59, 624);
const NOW = AT + 200_000;
const telling = (over: Partial<Telling>): Telling => ({ clock: "local", zone: "Europe/Paris", now: NOW, ...over });

test.each([
  ["[WE4] local", telling({}), "24 Nov 14:15:59"],
  ["[WE4] UTC names itself", telling({ clock: "utc" }), "24 Nov 13:15:59 UTC"],
  ["[WE4] a reader whose zone is UTC, or not known yet", telling({ zone: "UTC" }), "24 Nov 13:15:59 UTC"],
  ["[WE4] relative", telling({ clock: "relative" }), "3 min ago"],
  ["[WE4] another day in UTC+14", telling({ zone: "Pacific/Kiritimati" }), "25 Nov 03:15:59"],
  ["[WE4] another year is named", telling({ now: AT + 400 * 86_400_000 }), "24 Nov 2026 14:15:59"],
])("%s", (_case, how, text) => {
  expect(tellMoment(AT, how)).toBe(text);
});

test("[WE4] the tooltip says a moment all three ways", () => {
  expect(tellEveryWay(AT, telling({}))).toBe(
    "24 Nov 2026, 14:15:59 Europe/Paris · 24 Nov 2026, 13:15:59 UTC · 3 min ago",
  );
});

test("[WE4] the hour that daylight saving repeats is told apart by UTC", () => {
  const first = Date.UTC(2026, 9, 25, 0, 30);
  expect(tellMoment(first, telling({ now: first }))).toBe(tellMoment(first + 3_600_000, telling({ now: first })));
  expect(tellEveryWay(first, telling({ now: first }))).not.toBe(
    tellEveryWay(first + 3_600_000, telling({ now: first })),
  );
});

test("[WE4] a log line's time has milliseconds", () => {
  expect(tellClock(AT, telling({ clock: "utc" }))).toBe("13:15:59.624");
  expect(tellClock(AT + 0.958, telling({ clock: "relative" }))).toBe("14:15:59.624");
});

test.each([
  [0, "0 ms"],
  [840, "840 ms"],
  [999.6, "1 s"],
  [12_340, "12.3 s"],
  [59_960, "1m 00s"],
  [249_000, "4m 09s"],
  [3_599_700, "1h 00m"],
  [3_840_000, "1h 04m"],
  [183_600_000, "2d 03h"],
])("[WE7] %d milliseconds are told as %s", (ms, text) => {
  expect(tellDuration(ms)).toBe(text);
});

test("[WE7] a longer duration never reads as zero, and never as «60»", () => {
  fc.assert(
    fc.property(fc.double({ min: 1, max: 1e12, noNaN: true }), (ms) => {
      expect(tellDuration(ms)).not.toMatch(/\b60[ms.]|\b24h|^0 /);
    }),
  );
});

test("[WE4] moments in the future say so", () => {
  expect(tellRelative(NOW + 7_200_000, NOW)).toBe("in 2 h");
  expect(tellRelative(NOW + 1, NOW)).toBe("just now");
});

test("[WE7] the wire's six digits survive", () => {
  expect(milliseconds("2026-11-24T13:15:59.624958Z")).toBeCloseTo(AT + 0.958, 3);
  expect(milliseconds("2026-11-24T13:15:59Z")).toBe(AT - 624);
  expect(milliseconds("soon")).toBeNull();
  expect(milliseconds(null)).toBeNull();
});
