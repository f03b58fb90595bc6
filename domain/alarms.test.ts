import fc from "fast-check";
import { expect, test } from "vitest";
import { type Alarms, clearAlarms, due, nextDue, setAlarm } from "./alarms.ts";
import { type Instant, instant } from "./time.ts";

const alarms: Alarms = { late: instant(30), dispatch: instant(10), pause: instant(20), lease: instant(20) };

test.each([
  ["[DO5] nothing yet", 9, []],
  ["[DO5] at its moment", 10, ["dispatch"]],
  ["[DO5] earliest first, then by name", 25, ["dispatch", "lease", "pause"]],
  ["[DO5] all", 99, ["dispatch", "lease", "pause", "late"]],
] as const)("%s", (_case, now, names) => {
  expect(due(alarms, instant(now))).toEqual(names);
});

test("[DO5] the next one due is the earliest, and none is due where none is set", () => {
  expect(nextDue(alarms)).toBe(10);
  expect(nextDue({})).toBeNull();
});

test("[DO6] setting and clearing make new maps, or return the same one", () => {
  const sooner = setAlarm(alarms, "late", instant(5));
  expect(sooner).toEqual({ ...alarms, late: 5 });
  expect(alarms.late).toBe(30);
  expect(setAlarm(alarms, "late", instant(30))).toBe(alarms);
  expect(clearAlarms(alarms, ["late", "nobody"])).toEqual({ dispatch: 10, pause: 20, lease: 20 });
  expect(clearAlarms(alarms, ["nobody"])).toBe(alarms);
});

test("[DO5] [DO6] what is due and cleared is not due again, and the rest is later", () => {
  const anyAlarms = fc.dictionary(fc.string(), fc.nat({ max: 100 }) as fc.Arbitrary<Instant>);
  fc.assert(
    fc.property(anyAlarms, fc.nat({ max: 100 }), (all, moment) => {
      const now = instant(moment);
      const rest = clearAlarms(all, due(all, now));
      expect(due(rest, now)).toEqual([]);
      expect(nextDue(rest) ?? Number.POSITIVE_INFINITY).toBeGreaterThan(now);
    }),
  );
});
