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
  ["[KI40] an unknown type", { type: "nonsense" }],
  ["[KI40] a pattern that is none", { type: "string", pattern: "(" }],
] as [string, JsonObject][])("%s", (_case, schema) => {
  expect(violations(schema, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!")).toEqual({ badSchema: expect.any(String) });
});

test.each(["allOf", "anyOf", "oneOf"])("[KI40] references that double at each of thirty levels, in %s", (how) => {
  const level = (of: number): JsonObject =>
    of === 30 ? { type: "string" } : { [how]: [{ $ref: `#/$defs/a${of + 1}` }, { $ref: `#/$defs/a${of + 1}` }] };
  const $defs = Object.fromEntries(Array.from({ length: 31 }, (_, of) => [`a${of}`, level(of)]));
  const schema: JsonObject = { $defs, $ref: "#/$defs/a0" };
  for (const value of ["x", 5]) expect(violations(schema, value)).toEqual({ badSchema: expect.any(String) });
  expect(schema.$defs).toEqual($defs);
});

test("[KI40] a long list is checked, and for uniqueness up to a length", () => {
  const items = { type: "object", properties: { i: { type: "integer" } } } as const;
  const list = Array.from({ length: 20_000 }, (_, i) => ({ i }));
  expect(violations({ type: "array", items }, list)).toEqual([]);
  expect(violations({ type: "array", items, uniqueItems: true }, list)).toEqual({ badSchema: expect.any(String) });
  expect(violations({ type: "array", items, uniqueItems: true }, [{ i: 1 }, { i: 1 }])).toHaveLength(1);
});
