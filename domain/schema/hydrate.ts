/**
 * Values as the forms of Prefect's pages send them: an object with `__prefect_kind` stands for what it says.
 *
 * [DO41] `json` is text to be read, `none` the value itself; a `json` without a value is left out. Other kinds need what is
 *        not here (`render`), and what cannot be made of one is refused with a sentence.
 * [DO45] `workspace_variable` is the value of the workspace's variable of that name (`withVariables`), and left out without a name.
 */
import { isObject, type Json, type JsonObject } from "../json.ts";

const KIND = "__prefect_kind";
const VARIABLE = "workspace_variable";

/** Makes the value of a kind that this file does not know: a template, a variable. Throws an `Unhydrated` where it cannot. */
export type Render = (kind: string, object: JsonObject) => Json;

/** Why a value could not be made. */
export class Unhydrated extends Error {
  override readonly name = "Unhydrated";
}

const noRender: Render = (kind, object) => {
  if (kind === VARIABLE) throw new Unhydrated(`Variable '${object.variable_name}' not found in workspace.`);
  throw new Unhydrated(`Values of the kind ${kind} cannot be made here: send the value itself.`);
};

/** The values that `given` stands for. Throws `Unhydrated`. */
export function hydrated(given: JsonObject, render: Render = noRender): JsonObject {
  const value = hydrate(given, render);
  return isObject(value) ? value : {};
}

/** Names of the variables that `given` stands for. */
export function variablesNamed(given: Json): string[] {
  if (Array.isArray(given)) return given.flatMap(variablesNamed);
  if (!isObject(given)) return [];
  const name = given[KIND] === VARIABLE ? given.variable_name : null;
  return typeof name === "string" ? [name] : Object.values(given).flatMap(variablesNamed);
}

/** With the values of variables in the place of what stands for them; of one that is not there `hydrated` says so. */
export function withVariables<T extends Json>(given: T, values: ReadonlyMap<string, Json>): T {
  const put = (value: Json): Json => {
    if (Array.isArray(value)) return value.map(put);
    if (!isObject(value)) return value;
    const name = value[KIND] === VARIABLE ? value.variable_name : null;
    const known = typeof name === "string" ? values.get(name) : undefined;
    if (known !== undefined) return { [KIND]: "json", value: JSON.stringify(known) };
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, put(one)]));
  };
  return put(given) as T;
}

/** `undefined`: to be left out. */
function hydrate(value: Json, render: Render): Json | undefined {
  if (Array.isArray(value)) return value.map((one) => hydrate(one, render)).filter((one) => one !== undefined);
  if (!isObject(value)) return value;
  if (Object.hasOwn(value, KIND)) return ofKind(value, render);
  const fields = Object.entries(value).map(([key, one]) => [key, hydrate(one, render)] as const);
  return Object.fromEntries(fields.filter(([, one]) => one !== undefined)) as JsonObject;
}

function ofKind(object: JsonObject, render: Render): Json | undefined {
  const { [KIND]: kind, value } = object;
  switch (kind) {
    case "none":
      if (value === undefined) throw new Unhydrated("Missing 'value' key in __prefect object");
      return hydrate(value, render);
    case "json": {
      const text = isObject(value) ? hydrate(value, render) : value;
      return typeof text === "string" ? parsed(text) : text;
    }
    case VARIABLE:
      return object.variable_name === undefined ? undefined : render(kind, object);
    case "jinja":
      return render(kind, object);
    default:
      return value ?? null;
  }
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw new Unhydrated(`Invalid JSON: ${(error as Error).message}`);
  }
}
