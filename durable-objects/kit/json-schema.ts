/**
 * Checks values against the JSON schemas of users.
 *
 * KI40 Whatever the schema is, the answer is a sentence or nothing: one that refers to itself, to what is not there, or holds a
 *      pattern that could take for ever is itself what is wrong.
 */
import { type OutputUnit, type Schema, Validator } from "@cfworker/json-schema";
import type { Json, JsonObject } from "@millrace/domain/json.ts";
import { preparedSchema } from "@millrace/domain/schema/prepare.ts";

/** One thing that is wrong: where, as names and indexes from the root, and why. */
export interface Violation {
  path: string[];
  message: string;
}

/** Why the schema cannot be used, or what of the value it refuses; an empty list where all is well. */
export function violations(schema: JsonObject, value: Json): Violation[] | { badSchema: string } {
  const pattern = slowPattern(schema);
  if (pattern !== null) return { badSchema: `The pattern ${pattern} could take for ever to be matched.` };
  try {
    const validator = new Validator(preparedSchema(schema) as Schema, "2020-12", false);
    const { valid, errors } = validator.validate(value);
    return valid
      ? []
      : causes(errors).map(({ instanceLocation, error }) => ({ path: pathOf(instanceLocation), message: error }));
  } catch (error) {
    if (error instanceof RangeError) return { badSchema: "Unable to validate schema with circular references." };
    return { badSchema: (error as Error).message };
  }
}

/** The errors that have no others below them: those above only say that something below is wrong. */
function causes(errors: readonly OutputUnit[]): OutputUnit[] {
  return errors.filter(
    ({ instanceLocation, keyword }) =>
      !["properties", "items", "prefixItems", "$ref", "additionalProperties", "allOf"].includes(keyword) ||
      !errors.some((other) => other.instanceLocation.startsWith(`${instanceLocation}/`)),
  );
}

const pathOf = (location: string): string[] =>
  location
    .split("/")
    .slice(1)
    .map((part) => decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~"));

/** A group that repeats and holds a repetition or a choice: what makes a backtracking matcher take for ever. */
const NESTED_REPETITION = /\((?:[^()\\]|\\.)*[*+|}](?:[^()\\]|\\.)*\)(?:[*+]|\{\d*,)/;
const LONGEST_PATTERN = 1_000;

function slowPattern(value: Json): string | null {
  if (typeof value !== "object" || value === null) return null;
  for (const [key, part] of Object.entries(value)) {
    const patterns =
      key === "pattern" && typeof part === "string"
        ? [part]
        : key === "patternProperties" && typeof part === "object"
          ? Object.keys(part ?? {})
          : [];
    const slow = patterns.find((pattern) => pattern.length > LONGEST_PATTERN || NESTED_REPETITION.test(pattern));
    const found = slow ?? slowPattern(part);
    if (found !== null) return found;
  }
  return null;
}
