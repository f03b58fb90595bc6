import type { Json, JsonObject } from "@millrace/domain/json.ts";
import { expect, test } from "vitest";
import { violations } from "./json-schema.ts";

const ASK: JsonObject = {
  additionalProperties: false,
  properties: { name: { title: "Name", type: "string" }, age: { default: 3, title: "Age", type: "integer" } },
  required: ["name"],
  title: "Ask",
  type: "object",
};

test.each([
  ["[KI40] what the schema wants", { name: "bob", age: 5 }, []],
  ["[KI40] a default is not needed", { name: "bob" }, []],
  ["[KI40] of the wrong type", { name: "bob", age: "old" }, [["age"]]],
  ["[KI40] a required one is missing", { age: 5 }, [[]]],
  ["[KI40] one too many", { name: "bob", shoe: 44 }, [["shoe"]]],
] as [string, Json, string[][]][])("%s", (_case, value, paths) => {
  const found = violations(ASK, value);
  expect((found as { path: string[] }[]).map(({ path }) => path)).toEqual(paths);
});

test("[KI40] the sentence names what is wrong", () => {
  expect(violations(ASK, { age: 5 })).toEqual([{ path: [], message: expect.stringContaining('"name"') }]);
});

test.each([
  ["[KI40] circular", { $ref: "#" }],
  ["[KI40] refers to nothing", { $ref: "#/$defs/Nothing" }],
  ["[KI40] a pattern that takes for ever", { type: "string", pattern: "^(a+)+$" }],
  ["[KI40] a pattern that is none", { type: "string", pattern: "(" }],
] as [string, JsonObject][])("%s", (_case, schema) => {
  expect(violations(schema, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!")).toEqual({ badSchema: expect.any(String) });
});
