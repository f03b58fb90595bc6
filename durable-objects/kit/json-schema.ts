/**
 * Checks values against the JSON schemas of users.
 *
 * KI40 Whatever the schema is, the answer is a sentence or nothing: one that refers to itself, to what is not there, or holds a
 *      pattern that cannot be matched in bounded time is itself what is wrong, as is one that asks for more steps than a request may take.
 */
import { format as formats, type OutputUnit, type Schema, Validator } from "@cfworker/json-schema";
import { isObject, type Json, type JsonObject } from "@millrace/domain/json.ts";
import { isFound, PatternFault, readPattern, type Work } from "@millrace/domain/schema/pattern.ts";
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
  const patterns = new Patterns(value);
  try {
    const prepared = structuredClone(preparedSchema(schema));
    patterns.replaceIn(prepared);
    if (asksForUnique(prepared) && longestList(value) > LONGEST_UNIQUE)
      return { badSchema: `Lists of more than ${LONGEST_UNIQUE} items cannot be checked for uniqueItems.` };
    countSteps(prepared);
    const validator = new Validator(prepared as Schema, "2020-12", false);
    const { valid, errors } = validator.validate(value);
    return valid
      ? []
      : causes(errors).map((error) => ({ path: pathOf(error.instanceLocation), message: patterns.sentence(error) }));
  } catch (error) {
    if (error instanceof RangeError) return { badSchema: "Unable to validate schema with circular references." };
    return { badSchema: (error as Error).message };
  } finally {
    patterns.forget();
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
      !["properties", "items", "prefixItems", "$ref", "additionalProperties", "patternProperties", "allOf"].includes(
        keyword,
      ) || !errors.some((other) => other.instanceLocation.startsWith(`${instanceLocation}/`)),
  );
}

const pathOf = (location: string): string[] =>
  location
    .split("/")
    .slice(1)
    .map((part) => decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~"));

/** Steps of matching in one check: some tens of milliseconds. */
const MOST_MATCHING = 5_000_000;
/** Names of properties that are matched against the patterns of names. */
const MOST_NAMES = 2_000;
/** What holds values, not schemas. */
const VALUES: ReadonlySet<string> = new Set(["const", "default", "enum", "example", "examples"]);
/** What holds schemas by names that are not keywords. */
const NAMED: ReadonlySet<string> = new Set([
  "$defs",
  "definitions",
  "dependencies",
  "dependentSchemas",
  "patternProperties",
  "properties",
]);

/**
 * The patterns of a schema, matched by us and not by the platform's engine, which can be sent back over a text for ever. The validator
 * knows formats, which nothing else of ours uses (domain/schema/prepare.ts): a `pattern` becomes the format of that name, for as long as
 * one check takes. A pattern of names becomes the list of those names that it fits.
 */
class Patterns {
  readonly #work: Work = { left: MOST_MATCHING };
  readonly #formats = new Set<string>();
  readonly #value: Json;
  #names: readonly string[] | null = null;

  constructor(value: Json) {
    this.#value = value;
  }

  replaceIn(schema: Json): void {
    if (Array.isArray(schema)) for (const part of schema) this.replaceIn(part);
    if (!isObject(schema)) return;
    if (typeof schema.format === "string") delete schema.format;
    for (const [key, part] of Object.entries(schema)) {
      if (VALUES.has(key)) continue;
      if (NAMED.has(key) && isObject(part)) for (const below of Object.values(part)) this.replaceIn(below);
      else this.replaceIn(part);
    }
    if (typeof schema.pattern === "string") {
      schema.format = this.#formatOf(schema.pattern);
      delete schema.pattern;
    }
    const { patternProperties } = schema;
    if (isObject(patternProperties))
      schema.patternProperties = Object.fromEntries(
        Object.entries(patternProperties).map(([pattern, part], at) => [this.#namesFitting(pattern, at), part]),
      );
  }

  /** The sentence of an error, without the word that is ours. */
  sentence({ keyword, error }: OutputUnit): string {
    return keyword === "format" ? "String does not match pattern." : error;
  }

  forget(): void {
    for (const name of this.#formats) delete known[name];
  }

  #formatOf(pattern: string): string {
    const name = `pattern ${pattern}`;
    if (this.#formats.has(name)) return name;
    const read = this.#read(pattern);
    known[name] = (text) => this.#found(pattern, () => isFound(read, text, this.#work));
    this.#formats.add(name);
    return name;
  }

  /** An expression that is as long as what it lists, and nothing else; no two of one schema are the same. */
  #namesFitting(pattern: string, at: number): string {
    const read = this.#read(pattern);
    this.#names ??= [...new Set(namesIn(this.#value))];
    if (this.#names.length > MOST_NAMES)
      throw new Error(`Objects of more than ${MOST_NAMES} names cannot be checked for patternProperties.`);
    const fitting = this.#names.filter((name) => this.#found(pattern, () => isFound(read, name, this.#work)));
    const listed = fitting.map((name) => name.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"));
    return `^(?:${listed.length > 0 ? listed.join("|") : "[^\\s\\S]"})$(?:){${at}}`;
  }

  #read(pattern: string) {
    return this.#found(pattern, () => readPattern(pattern));
  }

  #found<T>(pattern: string, work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof PatternFault)) throw error;
      throw new Error(`The pattern ${pattern.slice(0, 100)} cannot be used: ${error.message}.`);
    }
  }
}

const known = formats as Record<string, (text: string) => boolean>;

function namesIn(value: Json): string[] {
  if (typeof value !== "object" || value === null) return [];
  const below = Object.values(value).flatMap(namesIn);
  return Array.isArray(value) ? below : [...Object.keys(value), ...below];
}
