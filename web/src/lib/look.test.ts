import fc from "fast-check";
import { expect, test } from "vitest";
import { CLOCKS, DEFAULT_LOOK, DENSITIES, formatLook, parseLook, THEMES } from "./look.ts";

test("[WE4] a look survives its cookie", () => {
  const look = fc.record({
    theme: fc.constantFrom(...THEMES),
    clock: fc.constantFrom(...CLOCKS),
    zone: fc.constantFrom("UTC", "Europe/Paris", "Asia/Kolkata", "Pacific/Kiritimati"),
    density: fc.constantFrom(...DENSITIES),
    narrow: fc.boolean(),
    wrap: fc.boolean(),
    keys: fc.boolean(),
  });
  fc.assert(
    fc.property(look, (value) => {
      expect(parseLook(formatLook(value))).toMatchObject({ ...value, zone: expect.any(String) });
    }),
  );
});

test("[WE4] any cookie at all gives a usable look", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const look = parseLook(text);
      expect(THEMES).toContain(look.theme);
      expect(() => new Intl.DateTimeFormat("en-GB", { timeZone: look.zone })).not.toThrow();
    }),
  );
  expect(parseLook(null)).toEqual(DEFAULT_LOOK);
  expect(parseLook("theme=neon&zone=Mars/Olympus&wrap=maybe")).toEqual(DEFAULT_LOOK);
});
