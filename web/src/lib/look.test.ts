import fc from "fast-check";
import { expect, test } from "vitest";
import { CLOCKS, chosenIn, DEFAULT_LOOK, DENSITIES, formatLook, parseLook, THEMES } from "./look.ts";

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

test("[WE78] of a form of looks what was touched is a wish, and nothing else", () => {
  const field = (name: string, value: string, checked: boolean, defaultChecked: boolean) => ({
    ...{ name, value, checked, defaultChecked },
  });
  const themes = [field("theme", "dark", true, false), field("theme", "system", false, true)];
  expect(chosenIn([...themes, field("clock", "utc", true, true), field("keys", "on", false, true)])).toEqual({
    theme: "dark",
    keys: false,
  });
  expect(chosenIn([field("theme", "system", true, true), field("keys", "on", true, true)])).toEqual({});
});
