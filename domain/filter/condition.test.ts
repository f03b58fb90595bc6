import fc from "fast-check";
import { expect, test } from "vitest";
import { instant } from "../time.ts";
import {
  type Condition,
  combine,
  matchesAnyOf,
  matchesAnyOrNot,
  matchesAnyOrNull,
  matchesName,
  matchesTags,
  matchesTime,
} from "./condition.ts";

test.each<[string, "and_" | "or_" | undefined, Condition[], boolean]>([
  ["[FI1] nothing asked", undefined, [], true],
  ["[FI1] nothing asked, or", "or_", [null, null], true],
  ["[FI1] all by default", undefined, [true, null, false], false],
  ["[FI1] all", "and_", [true, null, true], true],
  ["[FI1] one of them", "or_", [false, null, true], true],
  ["[FI1] none of them", "or_", [false, null, false], false],
])("%s", (_case, operator, conditions, expected) => {
  expect(combine(operator, conditions)).toBe(expected);
});

test.each([
  ["[FI2] one of the list", { any_: ["a", "b"] }, "a", true],
  ["[FI2] not of the list", { any_: ["b"] }, "a", false],
  ["[FI2] an empty list", { any_: [] }, "a", false],
  ["[FI2] none of the list", { not_any_: ["b"] }, "a", true],
  ["[FI2] of the list after all", { not_any_: ["a"] }, "a", false],
  ["[FI2] an empty list of exceptions", { not_any_: [] }, null, true],
  ["[FI2] both", { any_: ["a"], not_any_: ["a"] }, "a", false],
  ["[FI1] null asks for nothing", { any_: null, not_any_: null }, null, true],
  ["[FI3] missing, one of the list", { any_: ["a"] }, null, false],
  ["[FI3] missing, none of the list", { not_any_: ["a"] }, null, false],
])("%s", (_case, filter, value, expected) => {
  expect(matchesAnyOrNot(filter, value)).toBe(expected);
});

test.each([
  ["[FI3] missing", { is_null_: true }, null, true],
  ["[FI3] there", { is_null_: true }, "a", false],
  ["[FI3] must be there", { is_null_: false }, "a", true],
  ["[FI3] must be there and is not", { is_null_: false }, null, false],
  ["[FI1] missing or one of the list", { operator: "or_", any_: ["a"], is_null_: true }, null, true],
  ["[FI1] missing and one of the list", { any_: ["a"], is_null_: true }, null, false],
] as const)("%s", (_case, filter, value, expected) => {
  expect(matchesAnyOrNull(filter, value)).toBe(expected);
});

test("[FI1] without a list every value is fine", () => {
  expect(matchesAnyOf({}, null)).toBe(true);
});

test.each([
  ["[FI4] part of it", "heron", "Steady-Heron", true],
  ["[FI4] in capitals", "HERON", "steady-heron", true],
  ["[FI4] not part of it", "herons", "steady-heron", false],
  ["[FI4] an underscore is an underscore", "a_b", "axb", false],
  ["[FI4] a percent sign is one", "50%", "50% done", true],
  ["[FI4] a percent sign is nothing else", "s%n", "steady-heron", false],
  ["[FI4] other letters have one case", "É", "é", false],
  ["[FI4] other letters", "é", "café", true],
  ["[FI4] empty", "", "steady-heron", true],
])("%s", (_case, like_, name, expected) => {
  expect(matchesName({ like_ }, name)).toBe(expected);
});

test.each([
  ["[FI5] at the bound, before", { before_: instant(10) }, 10, true],
  ["[FI5] after the bound, before", { before_: instant(10) }, 11, false],
  ["[FI5] at the bound, after", { after_: instant(10) }, 10, true],
  ["[FI5] before the bound, after", { after_: instant(10) }, 9, false],
  ["[FI5] between", { after_: instant(5), before_: instant(10) }, 7, true],
  ["[FI5] written as the wire does", { after_: "1970-01-01T00:00:00.000010Z" }, 10, true],
  ["[FI5] a bound that is no time", { after_: "soon" }, 10, false],
  ["[FI3] missing", { before_: instant(10) }, null, false],
])("%s", (_case, filter, at, expected) => {
  expect(matchesTime(filter, at === null ? null : instant(at))).toBe(expected);
});

test.each([
  ["[FI6] all of them", { all_: ["a", "b"] }, ["b", "a", "c"], true],
  ["[FI6] not all of them", { all_: ["a", "b"] }, ["a"], false],
  ["[FI2] all of none", { all_: [] }, [], true],
  ["[FI6] one of them", { any_: ["a", "b"] }, ["b", "c"], true],
  ["[FI2] one of none", { any_: [] }, ["a"], false],
  ["[FI6] none at all", { is_null_: true }, [], true],
  ["[FI6] some", { is_null_: false }, [], false],
  ["[FI1] one of them, or none at all", { operator: "or_", any_: ["a"], is_null_: true }, [], true],
] as const)("%s", (_case, filter, tags, expected) => {
  expect(matchesTags(filter, tags)).toBe(expected);
});

test("[FI4] like_ finds every part of a name, in capitals and without", () => {
  const word = fc.string({ unit: "binary", maxLength: 6 });
  fc.assert(
    fc.property(word, word, word, (before, part, behind) => {
      expect(matchesName({ like_: part }, before + part + behind)).toBe(true);
      const capitals = part.replace(/[a-z]/g, (letter) => letter.toUpperCase());
      expect(matchesName({ like_: capitals }, before + part + behind)).toBe(true);
    }),
  );
});
