/** Parameters on the command line: `-p name=value`, read as the flow's schema has it, else as JSON where it is JSON. */
import type { Json, JsonObject } from "@millrace/domain/json.ts";
import type { OptionSpec } from "./command.ts";
import { usage } from "./problem.ts";

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
  const properties = schema?.properties as Record<string, JsonObject> | undefined;
  const property = properties?.[name];
  if (!property) return [];
  const options = [property, ...((property.anyOf ?? property.oneOf ?? []) as JsonObject[])];
  return options
    .flatMap((option) => option.type ?? (option.enum ? ["string"] : []))
    .filter((type) => typeof type === "string");
}
