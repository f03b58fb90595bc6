import { expect, test } from "vitest";
import { adjectives, nouns, slugName } from "./names.ts";

test("[FR34] there are at least 10,000 names, and all of them are two plain words", () => {
  expect(adjectives.length * nouns.length).toBeGreaterThanOrEqual(10_000);
  for (const word of [...adjectives, ...nouns]) expect(word).toMatch(/^[a-z]{2,12}$/);
});

test.each([
  [0, `${adjectives[0]}-${nouns[0]}`],
  [0.999999999, `${adjectives.at(-1)}-${nouns.at(-1)}`],
  [1, `${adjectives.at(-1)}-${nouns.at(-1)}`],
])("[FR34] at %d", (random, name) => {
  expect(slugName(() => random)).toBe(name);
});
