/** Parameters on the command line: `-p name=value`, read as the flow's schema has it, else as JSON where it is JSON. */
import type { Json, JsonObject } from "@millrace/domain/json.ts";
import type { InputIssue } from "../sdk/errors.ts";
import type { OptionSpec } from "./command.ts";
import { type Problem, usage } from "./problem.ts";
import { suggest } from "./suggest.ts";

export const PARAM_OPTION: OptionSpec = {
  type: "string",
  short: "p",
  multiple: true,
  value: "NAME=VALUE",
  description: "a parameter; text where the flow wants text, else JSON",
};

/** `schema` is the `parameter_openapi_schema`. */
export function readParameters(given: readonly string[], schema: JsonObject | null): JsonObject {
  const parameters: JsonObject = {};
  for (const pair of given) {
    const at = pair.indexOf("=");
    if (at <= 0) throw usage(`"${pair}" is no parameter; write it like -p name=value.`, "--param");
    const name = pair.slice(0, at);
    parameters[name] = readValue(pair.slice(at + 1), typesOf(schema, name));
  }
  return parameters;
}

/** What a flow cannot take, by the option that gave it; the fix shows all that the flow takes. */
export function badParameters(issues: readonly InputIssue[], given: JsonObject, schema: JsonObject | null): Problem {
  const sentences = issues.map(({ field, message }) => {
    const name = /^[^.[]*/.exec(field)?.[0] ?? "";
    if (name === "") return `The parameters do not fit: ${message}`;
    return name in given ? `-p ${field}: ${message}` : `-p ${name}=<${kindOf(schema, name)}> is missing`;
  });
  const [first] = issues;
  return usage(`${sentences.join("; ").replace(/\.$/, "")}.`, first?.field || "--param", synopsis(schema));
}

/** The parameters that are needed and that nobody gave. */
export function missingParameters(given: JsonObject, schema: JsonObject | null): InputIssue[] {
  const required = Array.isArray(schema?.required) ? schema.required : [];
  const missing = required.filter((name): name is string => typeof name === "string" && !(name in given));
  return missing.map((field) => ({ field, message: "is missing" }));
}

/** Sentences about parameters that the schema does not know: they are sent, and may do nothing. */
export function unknownParameters(given: JsonObject, schema: JsonObject | null): string[] {
  const known = Object.keys(propertiesOf(schema));
  if (known.length === 0 || (schema?.additionalProperties ?? false) !== false) return [];
  return Object.keys(given)
    .filter((name) => !known.includes(name))
    .map((name) => {
      const near = suggest(name, known);
      return `The flow has no parameter "${name}". ${near ? `Did you mean ${near}?` : `It has ${known.join(", ")}.`}`;
    });
}

/** `It takes -p urls=<array> [-p locale=<string>].` */
function synopsis(schema: JsonObject | null): string | undefined {
  const required = Array.isArray(schema?.required) ? schema.required : [];
  const all = Object.keys(propertiesOf(schema)).map((name) => {
    const text = `-p ${name}=<${kindOf(schema, name)}>`;
    return required.includes(name) ? text : `[${text}]`;
  });
  return all.length === 0 ? undefined : `It takes ${all.join(" ")}.`;
}

const kindOf = (schema: JsonObject | null, name: string): string =>
  [...new Set(typesOf(schema, name))].join(" or ") || "JSON";

const propertiesOf = (schema: JsonObject | null): Record<string, JsonObject> =>
  (schema?.properties ?? {}) as Record<string, JsonObject>;

function readValue(text: string, types: readonly string[]): Json {
  if (types.includes("string") && !(types.includes("null") && text === "null")) return text;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

/** The JSON types that the schema gives a parameter. */
function typesOf(schema: JsonObject | null, name: string): string[] {
  const property = propertiesOf(schema)[name];
  if (!property) return [];
  const options = [property, ...((property.anyOf ?? property.oneOf ?? []) as JsonObject[])];
  return options
    .flatMap((option) => option.type ?? (option.enum ? ["string"] : []))
    .filter((type) => typeof type === "string");
}
