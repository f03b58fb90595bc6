/**
 * Values against the schemas that users gave: a deployment's parameters, and job variables by the template of its pool.
 */
import type { JsonObject } from "@millrace/domain/json.ts";
import { isObject, type Json } from "@millrace/domain/json.ts";
import { hydrated, Unhydrated, variablesNamed, withVariables } from "@millrace/domain/schema/hydrate.ts";
import { violations } from "../../durable-objects/kit/json-schema.ts";
import type { Tenant } from "../auth/credential.ts";
import type { Env } from "../env.ts";
import { Refusal } from "./refusal.ts";
import { shardOfTenant } from "./shard.ts";

/** What is being done, as in "creating flow run", for the sentence that refuses it. */
type Doing = string;

/** With the values of the workspace's variables in the place of what stands for them. */
export async function withWorkspaceVariables(env: Env, tenant: Tenant, given: JsonObject): Promise<JsonObject> {
  const names = variablesNamed(given);
  if (names.length === 0) return given;
  const { results } = await shardOfTenant(env, tenant)
    .prepare("SELECT name, value FROM variables WHERE workspace_id = ?1 AND name IN (SELECT value FROM json_each(?2))")
    .bind(tenant.workspace, JSON.stringify(names))
    .all<{ name: string; value: string }>();
  return withVariables(given, new Map(results.map(({ name, value }) => [name, JSON.parse(value) as Json])));
}

/** The parameters that `given` stands for, once they fit the schema; `partly`: some may be given later. */
export function fitParameters(
  given: JsonObject,
  schema: JsonObject | null,
  { doing, partly, enforced }: { doing: Doing; partly: boolean; enforced: boolean },
): JsonObject {
  const parameters = valuesOf(given);
  if (enforced && schema) check(parameters, partly ? withoutRequired(schema) : schema, { doing, of: "parameters" });
  return parameters;
}

function valuesOf(given: JsonObject): JsonObject {
  try {
    return hydrated(given);
  } catch (error) {
    if (error instanceof Unhydrated)
      throw new Refusal({ code: "untimely", message: `Error hydrating flow run parameters: ${error.message}` });
    throw error;
  }
}

/** Refuses job variables that a pool's template does not take; over them lie those of `more`. */
export function fitJobVariables(
  template: JsonObject,
  jobVariables: JsonObject,
  { doing, partly }: { doing: Doing; partly: boolean },
): void {
  const schema = template.variables;
  if (!isObject(schema) || !isObject(schema.properties)) return;
  const { defaults, broken } = defaultsOf(schema, schema.properties);
  const all = { ...defaults, ...jobVariables };
  for (const [name, value] of Object.entries(all)) {
    const property = schema.properties[name];
    // Templates give a default of null to what does not say that it may be null.
    if (value === null && isObject(property) && "default" in property) delete all[name];
  }
  // Where a default of the template itself does not fit, nobody can say what is missing.
  check(all, partly || broken ? withoutRequired(schema) : schema, { doing, of: "job_variables" });
}

/** Refuses a template whose defaults do not fit its own schema. A default that points to a block is the block's. */
export function fitDefaults(template: JsonObject): void {
  const schema = template.variables;
  if (!isObject(schema)) return;
  const properties = isObject(schema.properties) ? schema.properties : {};
  const defaults = Object.entries(properties).flatMap(([name, property]) => {
    const value = isObject(property) ? property.default : undefined;
    // Templates give a default of null to what does not say that it may be null.
    return value === undefined || value === null || (isObject(value) && "$ref" in value)
      ? []
      : [[name, value] as const];
  });
  const wrong = violations(withoutRequired(schema), Object.fromEntries(defaults));
  const first = Array.isArray(wrong) ? wrong[0] : null;
  if (first === undefined) return;
  const message =
    first === null
      ? `Invalid schema: ${"badSchema" in wrong ? wrong.badSchema : ""}`
      : `Validation failed for work pool's job variable defaults: ${first.path.join(".")}: ${first.message}`;
  throw new Refusal({ code: "invalid", field: "base_job_template", message });
}

/** The defaults of a template that fit it. */
function defaultsOf(schema: JsonObject, properties: JsonObject): { defaults: JsonObject; broken: boolean } {
  const defaults: JsonObject = {};
  let broken = false;
  const loose = withoutRequired(schema);
  for (const [name, property] of Object.entries(properties)) {
    if (!isObject(property) || property.default === undefined) continue;
    // A default that points to a block is the block's.
    if (isObject(property.default) && "$ref" in property.default) continue;
    const wrong = property.default === null ? [] : violations(loose, { [name]: property.default });
    if (Array.isArray(wrong) && wrong.length === 0) defaults[name] = property.default;
    else broken = true;
  }
  return { defaults, broken };
}

function check(
  value: Json,
  schema: JsonObject,
  { doing, of }: { doing: Doing; of: "parameters" | "job_variables" },
): void {
  const wrong = violations(schema, value);
  if (!Array.isArray(wrong)) {
    const field = of === "parameters" ? "parameter_openapi_schema" : "base_job_template";
    throw new Refusal({ code: "invalid", field, message: `Invalid schema: ${wrong.badSchema}` });
  }
  const first = wrong[0];
  if (!first) return;
  throw new Refusal({ code: "unfit", of, doing, field: first.path.join("."), message: first.message });
}

/** A schema that lets every property be left out, at any depth. */
function withoutRequired(schema: JsonObject): JsonObject {
  const loose = (value: Json): Json => {
    if (Array.isArray(value)) return value.map(loose);
    if (!isObject(value)) return value;
    return Object.fromEntries(
      Object.entries(value)
        .filter(([key, part]) => !(key === "required" && Array.isArray(part)))
        .map(([key, part]) => [key, loose(part)]),
    );
  };
  return loose(schema) as JsonObject;
}
