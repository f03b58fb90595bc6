/**
 * A form made of a JSON schema, and the values made of what people wrote into it. A deployment's parameters are asked for by it, and
 * so is everything else that has fields: pools, queues, limits, variables, blocks.
 *
 * PF1  What nobody touched is not sent: the run then has the deployment's own parameter, or the flow's default.
 * PF2  Left out, null and a value are three things, for every field that allows them.
 * PF3  The form and its JSON say the same: going there and back changes nothing.
 */
import type { Json, JsonObject } from "@millrace/domain/json.ts";

export type FieldKind =
  | "text"
  | "long text"
  | "lines"
  | "password"
  | "integer"
  | "number"
  | "boolean"
  | "choice"
  | "json";

export interface Field {
  name: string;
  title: string;
  description: string | null;
  kind: FieldKind;
  required: boolean;
  nullable: boolean;
  /** Of a choice. */
  choices: Json[];
  /** A hint at how a value is written. */
  example: string;
  /** What the run has where nobody says anything: the deployment's parameter, else the flow's default; undefined: nothing. */
  initial: Json | undefined;
}

/** What stands in a field: its text, or that it is null. */
export interface Entry {
  text: string;
  none: boolean;
}
export type Entries = Record<string, Entry>;

type Schema = { readonly [key: string]: Json | undefined };

/** The fields of a schema, in the order in which the flow declares them. */
export function fieldsOf(schema: JsonObject | null, parameters: JsonObject): Field[] {
  const root = (schema ?? {}) as Schema;
  const properties = isObject(root.properties) ? root.properties : {};
  const required = Array.isArray(root.required) ? root.required : [];
  const position = (of: Json | undefined): number =>
    isObject(of) && typeof of.position === "number" ? of.position : Number.MAX_SAFE_INTEGER;
  return Object.entries(properties)
    .sort(([, a], [, b]) => position(a) - position(b))
    .map(([name, property]) => {
      const given = isObject(property) ? property : {};
      const { inner, nullable } = unwrapped(given, root);
      const initial = name in parameters ? parameters[name] : given.default;
      const kind = kindOf(inner, initial);
      return {
        name,
        title: typeof given.title === "string" ? given.title : name,
        description: typeof given.description === "string" ? given.description : null,
        kind,
        required: required.includes(name) && initial === undefined,
        nullable,
        choices: Array.isArray(inner.enum) ? inner.enum : [],
        example: isMask(initial) ? "Stays what it is" : exampleOf(inner, kind),
        initial,
      };
    });
}

/** What stands in the fields at first. */
export const entriesOf = (fields: readonly Field[]): Entries =>
  Object.fromEntries(fields.map((field) => [field.name, entryOf(field, field.initial)]));

const entryOf = ({ kind }: Field, value: Json | undefined): Entry => ({
  text: value === undefined || value === null || (kind === "password" && isMask(value)) ? "" : textOf(kind, value),
  none: value === null,
});

export interface Filled {
  /** Only what differs from what the run would have anyway. */
  parameters: JsonObject;
  /** By field: what is wrong with it. */
  faults: Record<string, string>;
}

/** The parameters that the entries say. */
export function readEntries(fields: readonly Field[], entries: Entries): Filled {
  const parameters: JsonObject = {};
  const faults: Record<string, string> = {};
  for (const field of fields) {
    const entry = entries[field.name] ?? { text: "", none: false };
    if (!isTouched(field, entry)) {
      if (field.required) faults[field.name] = "A value is needed here.";
      continue;
    }
    if (entry.none) {
      parameters[field.name] = null;
      continue;
    }
    const read = readText(field, entry.text);
    if ("fault" in read) faults[field.name] = read.fault;
    else if (read.value !== undefined) parameters[field.name] = read.value;
    else if (field.required) faults[field.name] = "A value is needed here.";
  }
  return { parameters, faults };
}

function isTouched(field: Field, entry: Entry): boolean {
  const initial = entryOf(field, field.initial);
  return entry.text !== initial.text || entry.none !== initial.none;
}

/** All parameters that the run would have, as far as this page knows them. */
export function wholeOf(fields: readonly Field[], entries: Entries): JsonObject {
  const known = fields
    .filter(({ initial }) => initial !== undefined)
    .map(({ name, initial }) => [name, initial as Json]);
  return { ...Object.fromEntries(known), ...readEntries(fields, entries).parameters };
}

/** The entries that say these parameters; what they leave out is the run's own anyway. What no field has a place for is `extra`. */
export function entriesFrom(fields: readonly Field[], whole: JsonObject): { entries: Entries; extra: JsonObject } {
  const entries = Object.fromEntries(
    fields.map((field) => [
      field.name,
      entryOf(field, Object.hasOwn(whole, field.name) ? whole[field.name] : field.initial),
    ]),
  );
  const known = new Set(fields.map(({ name }) => name));
  return { entries, extra: Object.fromEntries(Object.entries(whole).filter(([name]) => !known.has(name))) };
}

function readText({ kind }: Field, text: string): { value: Json | undefined } | { fault: string } {
  const bare = text.trim();
  switch (kind) {
    case "text":
    case "long text":
    case "password":
      return { value: text };
    case "lines":
      return { value: text.split("\n").flatMap((line) => line.trim() || []) };
    case "integer":
      if (bare === "") return { value: undefined };
      return /^[-+]?\d+$/.test(bare) && Number.isSafeInteger(Number(bare))
        ? { value: Number(bare) }
        : { fault: "Write a whole number, such as 42." };
    case "number":
      if (bare === "") return { value: undefined };
      return Number.isFinite(Number(bare)) ? { value: Number(bare) } : { fault: "Write a number, such as 4.2." };
    case "boolean":
    case "choice":
    case "json":
      if (bare === "") return { value: undefined };
      try {
        return { value: JSON.parse(bare) as Json };
      } catch {
        return { fault: "This is no JSON. Texts stand in double quotes there." };
      }
    default:
      return kind satisfies never;
  }
}

/** A value as it stands in its field. Those of choices are JSON, so that 1 and "1" are two. */
export const textOf = (kind: FieldKind, value: Json): string => {
  const isText = kind === "text" || kind === "long text" || kind === "password";
  if (isText && typeof value === "string") return value;
  if (kind === "lines" && Array.isArray(value)) return value.join("\n");
  return JSON.stringify(value, null, kind === "json" ? 2 : undefined);
};

/** What a property is without the wrappings that schemas put round it, and whether null will do as well. */
function unwrapped(property: Schema, root: Schema): { inner: Schema; nullable: boolean } {
  let inner = property;
  let nullable = false;
  // A reference may lead to another; one that leads round and round is left as it is.
  for (let depth = 0; depth < 8; depth++) {
    const options = (Array.isArray(inner.anyOf) ? inner.anyOf : Array.isArray(inner.oneOf) ? inner.oneOf : []).filter(
      isObject,
    );
    const [only, ...others] = options.filter(({ type }) => type !== "null");
    if (options.some(({ type }) => type === "null")) nullable = true;
    if (only && others.length === 0) inner = only;
    else if (Array.isArray(inner.allOf) && inner.allOf.length === 1 && isObject(inner.allOf[0])) inner = inner.allOf[0];
    else if (typeof inner.$ref === "string") inner = referred(inner.$ref, root);
    else break;
  }
  if (Array.isArray(inner.type)) {
    const types = inner.type.filter((type) => type !== "null");
    nullable ||= types.length < inner.type.length;
    inner = types.length === 1 ? { ...inner, type: types[0] } : { ...inner, type: undefined };
  }
  return { inner, nullable };
}

function referred(ref: string, root: Schema): Schema {
  let found: Json | undefined = root as JsonObject;
  for (const step of ref.replace(/^#\/?/, "").split("/"))
    found = isObject(found) && Object.hasOwn(found, step) ? found[step] : undefined;
  return isObject(found) ? found : {};
}

function kindOf({ type, anyOf, enum: choices, format, writeOnly, maxLength }: Schema, value?: Json): FieldKind {
  if (Array.isArray(choices) && choices.length > 0) return "choice";
  const secret = writeOnly === true || format === "password";
  // A secret of any shape is mostly a text; one that is another shape now stays JSON.
  if (secret && Array.isArray(anyOf) && anyOf.some((one) => isObject(one) && one.type === "string"))
    return value === undefined || typeof value === "string" ? "password" : "json";
  if (type === "integer" || type === "number" || type === "boolean") return type;
  // Ours: a list of words, one a line. Schemas of flows do not say it, as a text of theirs may have lines of its own.
  if (type === "array" && format === "lines") return "lines";
  if (type !== "string") return "json";
  if (secret) return "password";
  return typeof maxLength === "number" && maxLength > 200 ? "long text" : "text";
}

const EXAMPLES: Record<string, string> = {
  "date-time": "2026-01-31T08:00:00Z",
  date: "2026-01-31",
  time: "08:00:00",
  "time-delta": "3600",
  duration: "PT1H",
  uuid: "6f9619ff-8b86-4d01-b42d-00cf4fc964ff",
  email: "ada@example.com",
  uri: "https://example.com",
};

function exampleOf({ format, type, items }: Schema, kind: FieldKind): string {
  if (typeof format === "string" && EXAMPLES[format]) return EXAMPLES[format];
  if (kind !== "json") return "";
  return type === "array" || items ? "[1, 2, 3]" : '{ "key": "value" }';
}

/** How the server shows a secret. Nobody writes behind it: its field is empty, and what is not touched stays. */
const isMask = (value: Json | undefined): boolean => typeof value === "string" && /^\*+$/.test(value);

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);
