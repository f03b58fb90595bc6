import { expect, test } from "vitest";
import { addressProblems } from "./addresses.ts";

test("an object named outside the address book is found, with its line", () => {
  const text = "const a = 1;\nreturn env.FLOW_RUN.getByName(id);";
  expect(addressProblems([{ path: "workers/api/runs.ts", text }])).toEqual([
    "workers/api/runs.ts:2: getByName() belongs in durable-objects/addresses.ts",
  ]);
});

test("the address book itself may name objects", () => {
  expect(addressProblems([{ path: "durable-objects/addresses.ts", text: "ns.idFromName(name)" }])).toEqual([]);
});
