import { expect, test } from "vitest";
import { errorTree } from "./error-tree.ts";

test("[DO44] faults lie where they are, by property and index", () => {
  expect(
    errorTree([
      { path: [], message: "whole" },
      { path: ["a", "0", "b"], message: "one" },
      { path: ["a", "0", "b"], message: "two" },
      { path: ["a", "1"], message: "three" },
    ]),
  ).toEqual([
    "whole",
    {
      property: "a",
      errors: [
        { index: 0, errors: [{ property: "b", errors: ["one", "two"] }] },
        { index: 1, errors: ["three"] },
      ],
    },
  ]);
  expect(errorTree([])).toEqual([]);
});
