/**
 * Base job templates: a job with placeholders, and the schema of the variables that go there.
 *
 * DI11 A template has both parts, and its job names no variable that the schema does not have.
 * DI12 A placeholder that stands alone becomes the variable's value, of whatever kind; within text its text. What has no value is left
 *      out.
 */
import type { Json, JsonObject } from "../json.ts";

const PLACEHOLDER = /\{\{\s*([\w.-]+)\s*\}\}/g;
/** Placeholders of these kinds stand for what the workspace has, not for variables. */
const FOREIGN = /^(prefect\.|\$)/;

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** What is wrong with a template; null where nothing is. */
export function templateProblem(template: JsonObject): string | null {
  if (Object.keys(template).length === 0) return null;
  const { job_configuration: job, variables } = template;
  if (!isObject(job) || !isObject(variables) || isEmpty(job) || isEmpty(variables))
    return "The `base_job_template` must contain both a `job_configuration` key and a `variables` key.";
  const known = isObject(variables.properties) ? variables.properties : {};
  const missing = [...new Set(placeholders(job))].filter((name) => !FOREIGN.test(name) && !Object.hasOwn(known, name));
  if (missing.length === 0) return null;
  return `The job configuration uses variables that the variables' schema does not have: ${missing.join(", ")}.`;
}

/** The job that these values, and the schema's defaults, make. */
export function jobOf(template: JsonObject, values: JsonObject = {}): JsonObject {
  const { job_configuration: job, variables } = template;
  const properties = isObject(variables) && isObject(variables.properties) ? variables.properties : {};
  const defaults = Object.entries(properties).flatMap(([name, property]) =>
    isObject(property) && property.default !== undefined ? [[name, property.default] as const] : [],
  );
  const filled = fill(isObject(job) ? job : {}, { ...Object.fromEntries(defaults), ...values });
  return isObject(filled) ? filled : {};
}

const isEmpty = (object: JsonObject): boolean => Object.keys(object).length === 0;

const placeholders = (value: Json): string[] =>
  [...JSON.stringify(value).matchAll(PLACEHOLDER)].map(([, name]) => name as string);

/** `undefined`: to be left out. */
function fill(value: Json, values: JsonObject): Json | undefined {
  if (typeof value === "string") return fillText(value, values);
  if (Array.isArray(value)) return value.map((one) => fill(one, values)).filter((one) => one !== undefined);
  if (!isObject(value)) return value;
  const fields = Object.entries(value).map(([key, one]) => [key, fill(one, values)] as const);
  return Object.fromEntries(fields.filter(([, one]) => one !== undefined)) as JsonObject;
}

function fillText(text: string, values: JsonObject): Json | undefined {
  const alone = new RegExp(`^${PLACEHOLDER.source}$`).exec(text)?.[1];
  if (alone !== undefined && !FOREIGN.test(alone)) return values[alone];
  return text.replace(PLACEHOLDER, (whole, name: string) => {
    const value = values[name];
    if (value === undefined) return FOREIGN.test(name) ? whole : "";
    return typeof value === "string" ? value : JSON.stringify(value);
  });
}
