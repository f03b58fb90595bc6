/**
 * Values as the forms of Prefect's pages send them: an object with `__prefect_kind` stands for what it says.
 *
 * [DO41] `json` is text to be read, `none` the value itself; a `json` without a value is left out. Other kinds need what is
 *        not here (`render`), and what cannot be made of one is refused with a sentence.
 */
import { isObject, type Json, type JsonObject } from "../json.ts";

const KIND = "__prefect_kind";

/** Makes the value of a kind that this file does not know: a template, a variable. Throws an `Unhydrated` where it cannot. */
export type Render = (kind: string, object: JsonObject) => Json;

/** Why a value could not be made. */
export class Unhydrated extends Error {
  override readonly name = "Unhydrated";
}

const noRender: Render = (kind) => {
  throw new Unhydrated(`Values of the kind ${kind} cannot be made here: send the value itself.`);
};

/** The values that `given` stands for. Throws `Unhydrated`. */
export function hydrated(given: JsonObject, render: Render = noRender): JsonObject {
  const value = hydrate(given, render);
  return isObject(value) ? value : {};
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
    case "jinja":
    case "workspace_variable":
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
