/**
 * Whether a JSON schema is one: each keyword with a value of its kind.
 *
 * [DO63] What is wrong is told with where it lies. Keywords that are not known here are notes, and mean nothing.
 */
import { isObject, type Json } from "../json.ts";

const TYPES = ["array", "boolean", "integer", "null", "number", "object", "string"];

type Check = (value: Json, at: string) => string | null;

const wants =
  (what: string, holds: (value: Json) => boolean): Check =>
  (value, at) =>
    holds(value) ? null : `${at} should be ${what}, not ${JSON.stringify(value)?.slice(0, 100)}`;

const isType = (value: Json): boolean => typeof value === "string" && TYPES.includes(value);
const isCount = (value: Json): boolean => typeof value === "number" && Number.isInteger(value) && value >= 0;
const isText = (value: Json): boolean => typeof value === "string";
const isTexts = (value: Json): boolean => Array.isArray(value) && value.every(isText);

const type = wants("one of the JSON types, or a list of them", (value) =>
  Array.isArray(value) ? value.length > 0 && value.every(isType) : isType(value),
);
const text = wants("text", isText);
const texts = wants("a list of texts", isTexts);
const number = wants("a number", (value) => typeof value === "number");
const count = wants("a whole number that is not negative", isCount);
const flag = wants("true or false", (value) => typeof value === "boolean");
const list = wants("a list", Array.isArray);

const schema: Check = (value, at) => schemaProblem(value, at);
const schemas: Check = (value, at) =>
  Array.isArray(value) && value.length > 0
    ? first(value.map((one, index) => () => schema(one, `${at}/${index}`)))
    : `${at} should be a list of schemas`;
const schemaOrSchemas: Check = (value, at) => (Array.isArray(value) ? schemas(value, at) : schema(value, at));
const named: Check = (value, at) =>
  isObject(value)
    ? first(
        Object.entries(value).map(
          ([name, one]) =>
            () =>
              schema(one, `${at}/${name}`),
        ),
      )
    : `${at} should be an object of schemas`;

const KEYWORDS = new Map<string, Check>([
  ["type", type],
  ...["$ref", "$schema", "$id", "title", "description", "pattern", "format"].map((key) => [key, text] as const),
  ["required", texts],
  ["enum", list],
  ...["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"].map((key) => [key, number] as const),
  ["multipleOf", wants("a number above zero", (value) => typeof value === "number" && value > 0)],
  ...["minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"].map(
    (key) => [key, count] as const,
  ),
  ["uniqueItems", flag],
  ...["allOf", "anyOf", "oneOf", "prefixItems"].map((key) => [key, schemas] as const),
  ["items", schemaOrSchemas],
  ...["additionalProperties", "contains", "else", "if", "not", "propertyNames", "then"].map(
    (key) => [key, schema] as const,
  ),
  ...["$defs", "definitions", "dependentSchemas", "patternProperties", "properties"].map(
    (key) => [key, named] as const,
  ),
]);

/** What is wrong with a schema; null where nothing is. */
export function schemaProblem(value: Json, at = "schema"): string | null {
  if (typeof value === "boolean") return null;
  if (!isObject(value)) return `${at} should be a schema, not ${JSON.stringify(value)?.slice(0, 100)}`;
  return first(
    Object.entries(value).map(
      ([key, part]) =>
        () =>
          KEYWORDS.get(key)?.(part, `${at}/${key}`) ?? null,
    ),
  );
}

function first(checks: readonly (() => string | null)[]): string | null {
  for (const check of checks) {
    const problem = check();
    if (problem !== null) return problem;
  }
  return null;
}
