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
  ["[KI40] a pattern that looks around", { type: "string", pattern: "(?=a)b" }],
  ["[KI40] a pattern of names that is none", { patternProperties: { "[": {} } }],
  ["[KI40] an unknown type", { type: "nonsense" }],
  ["[KI40] a pattern that is none", { type: "string", pattern: "(" }],
] as [string, JsonObject][])("%s", (_case, schema) => {
  expect(violations(schema, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!")).toEqual({ badSchema: expect.any(String) });
});

test.each(["allOf", "anyOf", "oneOf"])("[KI40] [S53] references that double at each of thirty levels, in %s", (how) => {
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

const LONG = "a".repeat(5_000);
test.each(["^(a+)+$", "(.*a){25}b", "^(([a-z])+.)+[A-Z]([a-z])+$", "a*a*a*a*a*!"])(
  "[KI40] [S52] the pattern %s, which could take for ever, does not, wherever it stands",
  (pattern) => {
    expect(violations({ type: "string", pattern }, `${LONG}!`)).toEqual(
      pattern.endsWith("!") ? [] : [expect.any(Object)],
    );
    expect(violations({ patternProperties: { [pattern]: { type: "null" } } }, { [LONG]: 1 })).toHaveLength(
      pattern === "^(a+)+$" ? 1 : 0,
    );
    for (const place of [
      "unevaluatedProperties",
      "additionalProperties",
      "propertyNames",
      "contains",
      "not",
      "dependentSchemas",
    ])
      expect(
        violations({ [place]: place === "dependentSchemas" ? { x: { pattern } } : { pattern } }, { x: LONG }),
      ).toBeDefined();
  },
);

test("[KI40] [S52] a format is enforced nowhere: those of the platform take for ever as well", () => {
  const url = `http://${"a".repeat(60)}!`;
  for (const place of ["unevaluatedProperties", "additionalProperties", "propertyNames"])
    expect(violations({ [place]: { format: "url" } }, { [url]: url })).toEqual([]);
});

test("[KI40] what a pattern refuses is told; patterns of names have their own parts, and data are no schemas", () => {
  expect(violations({ properties: { a: { pattern: "^x" } } }, { a: "y" })).toEqual([
    { path: ["a"], message: "String does not match pattern." },
  ]);
  const schema: JsonObject = {
    patternProperties: { "^n_": { type: "number" }, "^s_": { type: "string" }, "^q": { type: "null" } },
    additionalProperties: false,
  };
  expect(violations(schema, { n_1: 1, s_1: "x" })).toEqual([]);
  expect(violations(schema, { n_1: "x", s_1: "x" })).toMatchObject([{ path: ["n_1"] }]);
  expect(violations(schema, { "n.1": 1 })).toMatchObject([{ path: ["n.1"] }]);
  const data = { pattern: "(", format: "x" };
  expect(violations({ const: data }, data)).toEqual([]);
  expect(
    violations({ properties: { pattern: { type: "string" }, const: { pattern: "^a" } } }, { const: "b" }),
  ).toHaveLength(1);
});
