/**
 * Secrets in a block's data: which they are is said by its schema, as dotted paths; a star stands for any key.
 *
 * BL2  What lies at or below such a path is shown as stars.
 * BL3  Stars that come back stand for what they hid.
 */
import type { Json, JsonObject } from "../json.ts";

/** What is shown instead of a secret. */
export const STARS = "********";

/** The paths that a schema calls secret. */
export function secretPaths(fields: JsonObject): string[][] {
  const paths = fields.secret_fields;
  if (!Array.isArray(paths)) return [];
  return paths.filter((path) => typeof path === "string").map((path) => path.split("."));
}

/** The data as they may be shown to anybody. */
export const hidden = (data: JsonObject, paths: readonly string[][]): JsonObject =>
  mapped(data, paths, (secret) => (secret === null ? null : STARS)) as JsonObject;

/** New data in which stars are replaced by the secrets that they were shown for. */
export const restored = (data: JsonObject, current: JsonObject, paths: readonly string[][]): JsonObject =>
  mapped(data, paths, (secret, path) => (secret === STARS ? (valueAt(current, path) ?? secret) : secret)) as JsonObject;

/** The data with each leaf at or below a secret path as `change` makes it. */
function mapped(
  data: Json,
  paths: readonly string[][],
  change: (secret: Json, path: string[]) => Json,
  at: string[] = [],
): Json {
  const isObject = typeof data === "object" && data !== null && !Array.isArray(data);
  if (isObject && Object.keys(data).length > 0)
    return Object.fromEntries(
      Object.entries(data).map(([key, value]) => [key, mapped(value, paths, change, [...at, key])]),
    );
  return paths.some((path) => isAtOrBelow(at, path)) ? change(data, at) : data;
}

const isAtOrBelow = (at: readonly string[], path: readonly string[]): boolean =>
  at.length >= path.length
    ? path.every((part, index) => part === "*" || part === at[index])
    : path.slice(at.length).every((part) => part === "*") && at.every((part, index) => part === path[index]);

function valueAt(data: Json, path: readonly string[]): Json | undefined {
  let value: Json | undefined = data;
  for (const key of path) {
    if (typeof value !== "object" || value === null || Array.isArray(value) || !Object.hasOwn(value, key))
      return undefined;
    value = value[key];
  }
  return value;
}
