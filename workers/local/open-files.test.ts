import { expect, test } from "vitest";
import { hardLimit, limitWarning, objectBudget } from "./open-files.ts";

const limits = (hard: string) => `Limit                     Soft Limit           Hard Limit           Units
Max processes             96477                96477                processes
Max open files            1024                 ${hard}               files
Max locked memory         8388608              8388608              bytes
`;

test("[LO16] the hard limit is read, whatever the soft one is", () => {
  expect(hardLimit(limits("524288"))).toBe(524_288);
  expect(hardLimit(limits("unlimited"))).toBeNull();
  expect(hardLimit("")).toBeNull();
});

test.each([
  ["[LO16] a common limit is no matter", 524_288, null],
  ["[LO16] no limit is no matter", null, null],
  ["[LO16] a low limit is told with what it means", 4_096, "about 698 runs in motion"],
  ["[LO16] a limit below the reserve still says something", 1_024, "about 1 runs in motion"],
] as const)("%s", (_case, limit, words) => {
  const warning = limitWarning(limit);
  if (words === null) expect(warning).toBeNull();
  else expect(warning).toContain(words);
});

test("[LO16] an object costs three files", () => {
  expect(objectBudget(32_000)).toBe(10_000);
  expect(objectBudget(null)).toBeNull();
});
