/**
 * Checks values against the JSON schemas of users.
 *
 * KI40 Whatever the schema is, the answer is a sentence or nothing: one that refers to itself, to what is not there, or holds a
 *      pattern that could take for ever is itself what is wrong, as is one that asks for more steps than a request may take.
 */
import { type OutputUnit, type Schema, Validator } from "@cfworker/json-schema";
import type { Json, JsonObject } from "@millrace/domain/json.ts";
import { preparedSchema } from "@millrace/domain/schema/prepare.ts";
import { schemaProblem } from "@millrace/domain/schema/well-formed.ts";

/** One thing that is wrong: where, as names and indexes from the root, and why. */
export interface Violation {
  path: string[];
  message: string;
}

/** Why the schema cannot be used, or what of the value it refuses; an empty list where all is well. */
export function violations(schema: JsonObject, value: Json): Violation[] | { badSchema: string } {
  const problem = schemaProblem(schema);
  if (problem !== null) return { badSchema: problem };
  const pattern = slowPattern(schema);
  if (pattern !== null) return { badSchema: `The pattern ${pattern} could take for ever to be matched.` };
  try {
    const prepared = structuredClone(preparedSchema(schema));
    if (asksForUnique(prepared) && longestList(value) > LONGEST_UNIQUE)
      return { badSchema: `Lists of more than ${LONGEST_UNIQUE} items cannot be checked for uniqueItems.` };
    countSteps(prepared);
    const validator = new Validator(prepared as Schema, "2020-12", false);
    const { valid, errors } = validator.validate(value);
    return valid
      ? []
      : causes(errors).map(({ instanceLocation, error }) => ({ path: pathOf(instanceLocation), message: error }));
  } catch (error) {
    if (error instanceof RangeError) return { badSchema: "Unable to validate schema with circular references." };
    return { badSchema: (error as Error).message };
  }
}

/** Looks at schemas in one check: as many as a list of 20,000 objects with some fields needs, and well under a second. */
const MOST_STEPS = 200_000;
/** Items of a list whose uniqueness is checked: each is compared with each. */
const LONGEST_UNIQUE = 2_000;

/**
 * Makes every schema below count when the validator looks at it, and the whole end when there were too many: `$ref`s that double at each
 * of thirty levels would take an hour, and no clock runs within a request. Before each look the validator reads `$ref`.
 */
function countSteps(schema: Json): void {
  let steps = 0;
  const count = (part: Json): void => {
    if (typeof part !== "object" || part === null) return;
    for (const below of Object.values(part)) count(below);
    if (Array.isArray(part)) return;
    const { $ref } = part;
    const get = () => {
      steps += 1;
      if (steps > MOST_STEPS) throw new Error(`The schema takes more than ${MOST_STEPS} steps to check.`);
      return $ref;
    };
    Object.defineProperty(part, "$ref", { enumerable: $ref !== undefined, get });
  };
  count(schema);
}

function asksForUnique(schema: Json): boolean {
  if (typeof schema !== "object" || schema === null) return false;
  return Object.entries(schema).some(([key, part]) => (key === "uniqueItems" && part === true) || asksForUnique(part));
}

function longestList(value: Json): number {
  if (typeof value !== "object" || value === null) return 0;
  const own = Array.isArray(value) ? value.length : 0;
  return Object.values(value).reduce<number>((longest, part) => Math.max(longest, longestList(part)), own);
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
