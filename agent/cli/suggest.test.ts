import { expect, test } from "vitest";
import { suggest } from "./suggest.ts";

const WORDS = ["run", "runs", "deploy", "deployment", "login", "logout", "agent"];

test.each([
  ["rusn", "runs"],
  ["rum", "run"],
  ["depoly", "deploy"],
  ["dep", "deploy"],
  ["logn", "login"],
  ["agnet", "agent"],
  ["xyzzy", null],
  ["", null],
])("[CL7] %j is near to %j", (word, near) => {
  expect(suggest(word, WORDS)).toBe(near);
});
