/**
 * A run's result as it is kept: the value itself, as JSON, in the `data` of its COMPLETED state. Prefect's clients take such
 * a value for the result as it is. What is no JSON, or too large, is not kept; the log says so.
 */
import type { Json } from "@millrace/domain/json.ts";
import { isCollection } from "./future.ts";

/** Largest result that is kept, in bytes of its JSON. */
export const LARGEST_RESULT = 64 * 1024;

export type KeptResult = { data: Json; note: null } | { data: null; note: string };

/** A run's result, or why it is not kept. */
export function keepResult(value: unknown): KeptResult {
  if (typeof value === "object" && value !== null && "storage_key" in value) {
    return { data: null, note: "The result is not kept: its field storage_key would be taken for a reference." };
  }
  return keepJson(value, LARGEST_RESULT);
}

/** A value as JSON of at most so many bytes, or why it is not kept. */
export function keepJson(value: unknown, most: number): KeptResult {
  if (value === undefined || value === null) return { data: null, note: null };
  const fault = notJson(value, "result", new Set());
  if (fault !== null) return { data: null, note: `The result is not kept: ${fault}.` };
  const text = JSON.stringify(value);
  const bytes = Buffer.byteLength(text);
  if (bytes > most) {
    return { data: null, note: `The result is not kept: it has ${bytes} bytes, and ${most} is the most.` };
  }
  return { data: JSON.parse(text) as Json, note: null };
}

/** Where and why `value` would not survive JSON; null where it does. */
function notJson(value: unknown, path: string, above: Set<unknown>): string | null {
  switch (typeof value) {
    case "string":
    case "boolean":
      return null;
    case "number":
      return Number.isFinite(value) ? null : `${path} is ${value}, which JSON does not know`;
    case "object":
      break;
    default:
      return `${path} is ${typeof value === "undefined" ? "undefined" : `a ${typeof value}`}, which JSON does not know`;
  }
  if (value === null) return null;
  if (!isCollection(value)) return `${path} is a ${value.constructor?.name ?? "object"}, which JSON does not know`;
  if (above.has(value)) return `${path} contains itself`;
  above.add(value);
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined && !Array.isArray(value)) continue;
    const fault = notJson(item, Array.isArray(value) ? `${path}[${key}]` : `${path}.${key}`, above);
    if (fault !== null) return fault;
  }
  above.delete(value);
  return null;
}
