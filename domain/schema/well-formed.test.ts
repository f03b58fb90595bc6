import { expect, test } from "vitest";
import type { Json } from "../json.ts";
import { schemaProblem } from "./well-formed.ts";

test.each<[string, Json]>([
  ["an empty one", {}],
  ["true", true],
  [
    "what pydantic makes",
    { type: "object", title: "P", properties: { x: { anyOf: [{ type: "integer" }, { type: "null" }] } } },
  ],
  ["a tuple of the older kind", { items: [{ type: "string" }] }],
  ["a property called like a keyword", { properties: { type: { type: "string" }, required: { type: "array" } } }],
  ["keywords of others", { position: 0, "x-hint": { type: 3 } }],
  ["definitions", { $defs: { A: { $ref: "#/$defs/A" } }, definitions: { B: {} } }],
])("[DO63] %s is a schema", (_case, schema) => {
  expect(schemaProblem(schema)).toBeNull();
});

test.each<[string, Json, string]>([
  ["text", "object", "schema should"],
  ["an unknown type", { type: "nonsense" }, "schema/type"],
  ["a type in a list", { type: ["string", 3] }, "schema/type"],
  ["properties in a list", { properties: [] }, "schema/properties"],
  ["a property that is none", { properties: { x: 3 } }, "schema/properties/x"],
  ["a required flag", { properties: { x: { required: true } } }, "schema/properties/x/required"],
  ["an empty choice", { anyOf: [] }, "schema/anyOf"],
  ["a wrong choice", { anyOf: [{}, { minLength: -1 }] }, "schema/anyOf/1/minLength"],
  ["a wrong item", { items: { type: 3 } }, "schema/items/type"],
  ["a number for a pattern", { pattern: 3 }, "schema/pattern"],
])("[DO63] %s is told where it lies", (_case, schema, where) => {
  expect(schemaProblem(schema)).toContain(where);
});
