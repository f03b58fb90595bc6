import type { JsonObject } from "@millrace/domain/json.ts";
import fc from "fast-check";
import { expect, test } from "vitest";
import { entriesFrom, entriesOf, fieldsOf, readEntries, wholeOf } from "./schema-form.ts";

/** As Pydantic writes schemas: references, optional values, enumerations, positions. */
const SCHEMA: JsonObject = {
  type: "object",
  required: ["url", "mode", "flag"],
  properties: {
    limit: { title: "Limit", anyOf: [{ type: "integer" }, { type: "null" }], default: null, position: 3 },
    url: { title: "url", type: "string", position: 0, description: "Where from" },
    mode: { allOf: [{ $ref: "#/definitions/Mode" }], position: 1 },
    flag: { type: "boolean", position: 2 },
    ratio: { type: "number", default: 0.5, position: 4 },
    rows: { type: "array", items: { type: "integer" }, position: 5 },
    token: { type: "string", writeOnly: true, position: 6 },
    either: { anyOf: [{ type: "integer" }, { type: "string" }], position: 7 },
    day: { type: ["string", "null"], format: "date", position: 8 },
  },
  definitions: { Mode: { enum: ["fast", "safe", 3], title: "Mode" } },
};
const fields = fieldsOf(SCHEMA, { url: "https://a.example", ratio: 0.9 });
const field = (name: string) => fields.find((one) => one.name === name)!;
const fill = (changes: Record<string, string | null>) =>
  readEntries(fields, {
    ...entriesOf(fields),
    ...Object.fromEntries(
      Object.entries(changes).map(([name, text]) => [name, { text: text ?? "", none: text === null }]),
    ),
  });

test("[WE59] a schema becomes fields, in the flow's order, each of its kind", () => {
  expect(fields.map(({ name, kind }) => `${name} ${kind}`)).toEqual([
    "url text",
    "mode choice",
    "flag boolean",
    "limit integer",
    "ratio number",
    "rows json",
    "token password",
    "either json",
    "day text",
  ]);
  expect(field("mode").choices).toEqual(["fast", "safe", 3]);
  expect([field("limit").nullable, field("day").nullable, field("url").nullable]).toEqual([true, true, false]);
  expect(field("day").example).toBe("2026-01-31");
});

test("[WE59] the deployment's own parameter comes before the flow's default, and spares a required field", () => {
  expect(field("ratio").initial).toBe(0.9);
  expect(field("url")).toMatchObject({ initial: "https://a.example", required: false });
  expect([field("mode").required, field("flag").required]).toEqual([true, true]);
});

test("[WE59] what nobody touched is not sent, and what the flow needs is asked for", () => {
  const { parameters, faults } = fill({});
  expect(parameters).toEqual({});
  expect(Object.keys(faults)).toEqual(["mode", "flag"]);
});

test("[WE59] left out, null, empty and a value are told apart", () => {
  const filled = fill({ mode: '"fast"', flag: "false", limit: "5", url: "", day: null, ratio: "" });
  expect(filled).toEqual({
    parameters: { mode: "fast", flag: false, limit: 5, url: "", day: null },
    faults: {},
  });
  expect(fill({ mode: "3", flag: "true" }).parameters).toEqual({ mode: 3, flag: true });
});

test.each([
  ["limit", "five"],
  ["limit", "1.5"],
  ["limit", "99999999999999999999"],
  ["ratio", "a half"],
  ["rows", "[1,"],
  ["either", "text without quotes"],
])("[WE59] %s: «%s» is refused where it stands", (name, text) => {
  expect(Object.keys(fill({ mode: '"safe"', flag: "true", [name]: text }).faults)).toEqual([name]);
});

test("[WE59] from the form to JSON and back nothing changes", () => {
  const value = { url: fc.string(), mode: fc.constantFrom("fast", "safe", 3), flag: fc.boolean() };
  const more = {
    limit: fc.option(fc.integer()),
    rows: fc.array(fc.integer()),
    either: fc.jsonValue(),
    extra: fc.jsonValue(),
  };
  fc.assert(
    fc.property(fc.record({ ...value, ...more }), (given) => {
      const whole = JSON.parse(JSON.stringify({ ratio: 0.9, ...given })) as JsonObject;
      // JSON null in a field that is no nullable one still is null.
      const { entries, extra } = entriesFrom(fields, whole);
      expect({ ...wholeOf(fields, entries), ...extra }).toEqual(whole);
    }),
  );
});

test("[WE59] what JSON leaves out is the run's own again", () => {
  const { entries, extra } = entriesFrom(fields, { mode: "fast", flag: true, more: 1 });
  expect([readEntries(fields, entries).parameters, extra]).toEqual([{ mode: "fast", flag: true }, { more: 1 }]);
});

test.each([
  ["none", null],
  ["an empty one", {}],
  ["one that is nonsense", { properties: [1], required: "all" }],
  ["one that refers to itself", { properties: { a: { $ref: "#/properties/a" } } }],
  ["one that refers to nothing", { properties: { a: { $ref: "#/definitions/__proto__" } } }],
] as const)("[WE59] a schema that is %s breaks nothing", (_case, schema) => {
  expect(() => entriesOf(fieldsOf(schema as JsonObject | null, {}))).not.toThrow();
});

test("[WE59] a list of words stands a line each, and an emptied one is an empty list", () => {
  const words = fieldsOf({ properties: { tags: { type: "array", format: "lines" } } }, { tags: ["a", "b"] });
  expect(entriesOf(words).tags).toEqual({ text: "a\nb", none: false });
  const read = (text: string) => readEntries(words, { tags: { text, none: false } }).parameters;
  expect([read("a\nb"), read(" c \n\nd"), read("")]).toEqual([{}, { tags: ["c", "d"] }, { tags: [] }]);
});

test("[WE75] the field of a secret that is there stands empty, and is only sent when somebody writes", () => {
  const schema: JsonObject = {
    required: ["key", "any"],
    properties: {
      key: { type: "string", format: "password", writeOnly: true },
      any: { format: "password", writeOnly: true, anyOf: [{ type: "string" }, { $ref: "#/definitions/JsonValue" }] },
      map: { format: "password", writeOnly: true, anyOf: [{ type: "string" }, { type: "object" }] },
    },
  };
  const secrets = fieldsOf(schema, { key: "********", any: "********", map: { a: "********" } });
  expect(secrets.map(({ kind }) => kind)).toEqual(["password", "password", "json"]);
  const entries = entriesOf(secrets);
  expect([entries.key?.text, entries.any?.text]).toEqual(["", ""]);
  expect(readEntries(secrets, entries)).toEqual({ parameters: {}, faults: {} });
  expect(readEntries(secrets, { ...entries, any: { text: "new", none: false } }).parameters).toEqual({ any: "new" });
});
