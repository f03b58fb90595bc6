import { expect, test } from "vitest";
import { readBenchOptions } from "./options.ts";
import { number, table } from "./report.ts";
import { factRow } from "./row.ts";

test("[BE5] what may be said", () => {
  const options = readBenchOptions([
    "--against",
    "http://127.0.0.1:4201/api",
    "--quick",
    "--only",
    "read",
    "--only",
    "idle",
  ]);
  expect(options).toMatchObject({ quick: true, only: ["read", "idle"], json: null });
  expect(options.against?.port).toBe("4201");
});

test.each([
  ["http://127.0.0.1:4201", "/api"],
  ["http://127.0.0.1:4201/", "/api"],
  ["http://127.0.0.1:4201/api", "/api"],
  ["http://127.0.0.1:4201/api/accounts/a/workspaces/w", "/api/accounts/a/workspaces/w"],
])("[BE5] %s is asked under %s", (address, path) => {
  expect(readBenchOptions(["--against", address]).against?.pathname).toBe(path);
});

test.each([
  [["--against", "4201"], "--against takes an http address"],
  [["--against", "https://example.org"], "--against takes an http address"],
  [["--only", "speed"], "There is no row speed"],
  [["--fast"], "--fast"],
])("[BE5] %j is refused", (argv, sentence) => {
  expect(() => readBenchOptions(argv)).toThrow(sentence);
});

test("[BE6] three digits that count", () => {
  expect([12_345.6, 123.4, 12.34, 1.234, 0.1234, 0, null].map(number)).toEqual([
    "12,346",
    "123",
    "12.3",
    "1.23",
    "0.123",
    "0.000",
    "",
  ]);
});

test("[BE6] columns are as wide as what stands in them", () => {
  const lines = table([factRow("short", "disk", "a note"), factRow("a longer name", "memory", "")]).split("\n");
  expect(new Set(lines.map((line) => line.length)).size).toBe(1);
  expect(lines).toHaveLength(4);
});
