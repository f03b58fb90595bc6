import { expect, test } from "vitest";
import { readableStack } from "./stack.ts";

const HERE = "/cache/0a1b";
const SDK = "    at attempt (/cache/0a1b/sdk/library:1:1)";
const NODE = "    at process.processTicksAndRejections (node:internal/process/task_queues:104:5)";
const FOLDED = (count: number) => `    … ${count} more of libraries and Node`;

test.each([
  [
    "own lines come from the project's root, the rest is counted",
    ["Error: x", "    at load (/cache/src/f.ts:3:67)", SDK, "    at run (/cache/src/f.ts:9:1)", SDK, NODE],
    ["Error: x", "    at load (src/f.ts:3:67)", "    at run (src/f.ts:9:1)", FOLDED(3)],
  ],
  [
    "what was thrown inside a library shows first where it was called",
    ["Error: x", "    at parse (/p/node_modules/zod/index.js:1:2)", "    at async /cache/f.ts:7:1"],
    ["Error: x", "    at async f.ts:7:1", FOLDED(1)],
  ],
  [
    "a builtin belongs to its caller",
    ["SyntaxError: x", "    at JSON.parse (<anonymous>)", "    at fn (file:///home/me/f.ts:7:57)", SDK],
    ["SyntaxError: x", "    at JSON.parse (<anonymous>)", "    at fn (/home/me/f.ts:7:57)", FOLDED(1)],
  ],
  [
    "a builtin that a library called is the library's",
    ["Error: x", "    at Array.map (<anonymous>)", SDK, "    at f (/cache/f.ts:1:1)"],
    ["Error: x", "    at f (/cache/f.ts:1:1)".replace("/cache/", ""), FOLDED(2)],
  ],
  [
    "a message of several lines stays whole",
    ["Error: one", "    at odds with two", "three", "    at f (/cache/f.ts:1:1)", NODE],
    ["Error: one", "    at odds with two", "three", "    at f (f.ts:1:1)", FOLDED(1)],
  ],
  ["where no line is the flow's own, all stay", ["Error: x", SDK, NODE], ["Error: x", SDK, NODE]],
  ["what has no lines stays", ["text"], ["text"]],
])("[SD62] %s", (_case, stack, shown) => {
  expect(readableStack(stack.join("\n"), HERE)).toBe(shown.join("\n"));
});
