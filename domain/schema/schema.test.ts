import { expect, test } from "vitest";
import type { Json, JsonObject } from "../json.ts";
import { hydrated, Unhydrated, variablesNamed, withVariables } from "./hydrate.ts";
import { preparedSchema } from "./prepare.ts";

test.each([
  [
    "[DO40] neither required nor with a default: may be null",
    {
      properties: { a: { type: "string" }, b: { type: "string" }, c: { type: "string", default: "x" } },
      required: ["b"],
    },
    {
      properties: {
        a: { anyOf: [{ type: "string" }, { type: "null" }] },
        b: { type: "string" },
        c: { type: "string", default: "x" },
      },
      required: ["b"],
    },
  ],
  [
    "[DO40] a tuple",
    { items: [{ type: "string" }, { type: "integer" }] },
    { prefixItems: [{ type: "string" }, { type: "integer" }] },
  ],
  ["[DO40] formats are not enforced", { type: "string", format: "uuid" }, { type: "string" }],
  [
    "[DO40] a parameter called format stays",
    { properties: { format: { type: "string" } }, required: ["format"] },
    { properties: { format: { type: "string" } }, required: ["format"] },
  ],
  [
    "[DO40] definitions too",
    { definitions: { D: { properties: { a: { type: "integer", format: "f" } }, required: ["a"] } } },
    { definitions: { D: { properties: { a: { type: "integer" } }, required: ["a"] } } },
  ],
] as [string, JsonObject, JsonObject][])("%s", (_case, schema, expected) => {
  const before = structuredClone(schema);
  expect(preparedSchema(schema)).toEqual(expected);
  expect(schema).toEqual(before);
});

test.each([
  ["[DO41] plain values stay", { a: 1, b: [{ c: null }] }, { a: 1, b: [{ c: null }] }],
  ["[DO41] JSON text is read", { a: { __prefect_kind: "json", value: '{"b":[1]}' } }, { a: { b: [1] } }],
  [
    "[DO41] JSON without a value is left out",
    { a: { __prefect_kind: "json" }, b: [{ __prefect_kind: "json" }] },
    { b: [] },
  ],
  ["[DO41] none is the value", { a: { __prefect_kind: "none", value: { b: 1 } } }, { a: { b: 1 } }],
  ["[DO41] an unknown kind is its value", { a: { __prefect_kind: "new", value: 3 } }, { a: 3 }],
  ["[DO41] nothing at all", { __prefect_kind: "json" }, {}],
] as [string, JsonObject, Json][])("%s", (_case, given, expected) => {
  expect(hydrated(given)).toEqual(expected);
});

const variable = (name?: string): JsonObject => ({
  __prefect_kind: "workspace_variable",
  variable_name: name as string,
});

test("[DO45] a variable's value stands in its place, as it is", () => {
  const given = { a: variable("x"), b: [{ c: variable("y") }], d: { __prefect_kind: "workspace_variable" } };
  expect(variablesNamed(given)).toEqual(["x", "y"]);
  const value = { __prefect_kind: "none", value: 1 };
  const put = withVariables(
    given,
    new Map<string, Json>([
      ["x", value],
      ["y", null],
    ]),
  );
  expect(hydrated(put)).toEqual({ a: value, b: [{ c: null }] });
});

test("[DO45] a variable that is not there is named", () => {
  expect(() => hydrated(withVariables({ a: variable("x") }, new Map()))).toThrow(
    "Variable 'x' not found in workspace.",
  );
});

test.each([
  ["[DO41] bad JSON is refused", { a: { __prefect_kind: "json", value: "{" } }],
  ["[DO41] a template without templates is refused", { a: { __prefect_kind: "jinja", template: "{{ x }}" } }],
  ["[DO41] none without a value is refused", { a: { __prefect_kind: "none" } }],
] as [string, JsonObject][])("%s", (_case, given) => {
  expect(() => hydrated(given)).toThrow(Unhydrated);
});
