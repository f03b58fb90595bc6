import fc from "fast-check";
import { expect, test } from "vitest";
import { linkOf, pictureAddressOf, progressOf, tableOf } from "./artifact-data.ts";

test.each([
  [
    "records",
    [{ a: 1, b: "x" }, { a: 2 }],
    ["a", "b"],
    [
      ["1", "x"],
      ["2", ""],
    ],
  ],
  ["JSON in a string", '[{"a":true}]', ["a"], [["true"]]],
  [
    "columns",
    { a: [1, 2], b: [3] },
    ["a", "b"],
    [
      ["1", "3"],
      ["2", ""],
    ],
  ],
  ["lists", [[1, { x: 1 }]], ["1", "2"], [["1", '{"x":1}']]],
] as const)("[WE28] a table of %s is shown as one", (_case, data, columns, rows) => {
  expect(tableOf(data)).toEqual({ columns, rows, more: 0 });
});

test("[WE28] whatever an artifact holds, it is shown as something", () => {
  fc.assert(
    fc.property(fc.anything(), (data) => {
      expect(() => [tableOf(data), progressOf(data), linkOf(data), pictureAddressOf(data)]).not.toThrow();
    }),
  );
  expect(tableOf("not json")).toBeNull();
  expect(tableOf(Array.from({ length: 1000 }, () => ({ a: 1 })))?.more).toBe(800);
});

test.each([
  ["https://a.example/x", "https://a.example/x", "https://a.example/x"],
  ["[report](https://a.example/r)", "https://a.example/r", "report"],
  ["[](https://a.example/r)", "https://a.example/r", "https://a.example/r"],
])("[WE28] a link artifact with %j leads to %j", (data, address, words) => {
  expect(linkOf(data)).toEqual({ address, words });
});

test.each(["javascript:alert(1)", "[x](javascript:alert(1))", "data:text/html,<script>", 7, null])(
  "[WE29] a link artifact with %j leads nowhere",
  (data) => {
    expect(linkOf(data)).toBeNull();
  },
);

test.each([
  ["https://a.example/x.png", true],
  ["data:image/png;base64,AAAA", true],
  ["http://a.example/x.png", false],
  ["data:text/html,<script>alert(1)</script>", false],
  ["javascript:alert(1)", false],
])("[WE29] %j as a picture: %j", (data, shown) => {
  expect(pictureAddressOf(data)).toBe(shown ? data : null);
});

test.each([
  [50, 50],
  ["12.5", 12.5],
  [-3, 0],
  [400, 100],
  [Number.NaN, null],
  ["", null],
])("[WE28] progress %j is %j percent", (data, percent) => {
  expect(progressOf(data)).toBe(percent);
});
