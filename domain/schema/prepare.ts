/**
 * JSON schemas as Prefect's clients make them, brought into the form that a validator of draft 2020-12 reads.
 *
 * [DO40] A parameter that is neither required nor has a default may be null, and a list of item schemas is a tuple: pydantic's
 *        older version says so in words that newer drafts do not know. Formats are notes to people, and are not enforced.
 */
import { isObject, type Json, type JsonObject } from "../json.ts";

/** Keywords that hold one schema, a list of them, or a record of them. */
const ONE = ["additionalProperties", "contains", "else", "if", "items", "not", "propertyNames", "then"];
const MANY = ["allOf", "anyOf", "oneOf", "prefixItems", "items"];
const NAMED = ["$defs", "definitions", "dependentSchemas", "patternProperties", "properties"];

/** The schema in the newer form; what it was given stays as it was. */
export function preparedSchema(schema: JsonObject): JsonObject {
  const { format: _, ...prepared } = schema;
  for (const key of ONE) if (isObject(schema[key])) prepared[key] = preparedSchema(schema[key]);
  for (const key of MANY) if (Array.isArray(schema[key])) prepared[key] = schema[key].map(preparedPart);
  for (const key of NAMED) {
    const named = schema[key];
    if (!isObject(named)) continue;
    prepared[key] = Object.fromEntries(Object.entries(named).map(([name, part]) => [name, preparedPart(part)]));
  }
  if (isObject(prepared.properties)) prepared.properties = nullable(prepared.properties, schema.required);
  if (Array.isArray(prepared.items)) {
    const { items, ...rest } = prepared;
    return { prefixItems: items, ...rest };
  }
  return prepared;
}

const preparedPart = (part: Json): Json => (isObject(part) ? preparedSchema(part) : part);

function nullable(properties: JsonObject, required: Json | undefined): JsonObject {
  const wanted = Array.isArray(required) ? required : [];
  const mayBeNull = ([name, property]: [string, Json]): [string, Json] => {
    if (!isObject(property) || wanted.includes(name) || "default" in property) return [name, property];
    const { type, ...rest } = property;
    return type === undefined || type === "null"
      ? [name, property]
      : [name, { ...rest, anyOf: [{ type }, { type: "null" }] }];
  };
  return Object.fromEntries(Object.entries(properties).map(mayBeNull));
}
