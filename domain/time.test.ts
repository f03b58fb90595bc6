import fc from "fast-check";
import { expect, test } from "vitest";
import { formatInstant, fromMilliseconds, instant, parseInstant, plusSeconds, SECOND, secondsBetween } from "./time.ts";

test("[DO1] an instant survives being written and read again", () => {
  fc.assert(
    fc.property(fc.integer({ min: -9_000_000_000 * SECOND, max: 9_000_000_000 * SECOND }), (microseconds) => {
      const text = formatInstant(instant(microseconds));
      expect(text).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
      expect(parseInstant(text)).toBe(microseconds);
    }),
  );
});

test("[DO1] moving and measuring agree", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2e15 }), fc.integer({ min: -1e12, max: 1e12 }), (from, microseconds) => {
      const moved = plusSeconds(instant(from), microseconds / SECOND);
      expect(moved).toBe(from + microseconds);
      expect(Math.round(secondsBetween(instant(from), moved) * SECOND)).toBe(microseconds);
    }),
  );
});

test.each([
  ["[DO2] as the wire writes it", "2026-11-24T13:15:59.593461Z", "2026-11-24T13:15:59.593461Z"],
  ["[DO2] with an offset", "2026-11-24T15:15:59.593461+02:00", "2026-11-24T13:15:59.593461Z"],
  ["[DO2] with a short offset", "2026-11-24T10:15:59-03", "2026-11-24T13:15:59.000000Z"],
  ["[DO2] with half an hour in the offset", "2026-11-24T18:45:59+0530", "2026-11-24T13:15:59.000000Z"],
  ["[DO2] without an offset", "2026-11-24T13:15:59", "2026-11-24T13:15:59.000000Z"],
  ["[DO2] with a space", "2026-11-24 13:15:59.5Z", "2026-11-24T13:15:59.500000Z"],
  ["[DO2] without seconds", "2026-11-24T13:15Z", "2026-11-24T13:15:00.000000Z"],
  ["[DO2] with nine digits", "2026-11-24T13:15:59.593461999Z", "2026-11-24T13:15:59.593461Z"],
  ["[DO2] a leap day", "2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000000Z"],
  ["[DO2] before 1970", "1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z"],
  ["[DO2] year 1, which stands for ever", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000000Z"],
])("%s", (_case, text, written) => {
  const read = parseInstant(text);
  expect(read === null ? null : formatInstant(read)).toBe(written);
});

test.each([
  "",
  "now",
  "2026-11-24",
  "2026-02-30T00:00:00Z",
  "2025-02-29T00:00:00Z",
  "2026-13-01T00:00:00Z",
  "2026-00-01T00:00:00Z",
  "2026-11-24T24:00:00Z",
  "2026-11-24T13:60:00Z",
  "2026-11-24T13:15:60Z",
  "2026-11-24T13:15:59.Z",
  "2026-11-24T13:15:59 Europe/Berlin",
  "0000-01-01T00:00:00Z",
  "9999-12-31T23:59:59Z",
  "1795526159",
  "2026-11-24T13:15:59Z\n2026",
])("[DO3] %j is no point in time", (text) => {
  expect(parseInstant(text)).toBeNull();
});

test("[DO1] a millisecond clock is taken to the microsecond", () => {
  expect(fromMilliseconds(1_795_526_159_593)).toBe(1_795_526_159_593_000);
});
