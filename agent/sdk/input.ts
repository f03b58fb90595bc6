/** A flow's input: checked by its schema, travelling as JSON, and described to the API as a JSON Schema. */
import type { JsonObject } from "@millrace/domain/json.ts";
import { InputError, type InputIssue } from "./errors.ts";
import type { SchemaIssue, StandardSchema } from "./standard-schema.ts";

/** The checked input, with the schema's defaults and conversions applied; throws an InputError that names each field. */
export async function checkInput(flow: string, schema: StandardSchema | undefined, input: unknown): Promise<unknown> {
  if (schema === undefined) return input;
  const verdict = await schema["~standard"].validate(input);
  if (verdict.issues === undefined) return verdict.value;
  const issues = verdict.issues.map(toIssue);
  const list = issues.map((issue) => (issue.field === "" ? issue.message : `${issue.field}: ${issue.message}`));
  throw new InputError(`The input of flow "${flow}" does not fit its schema: ${list.join("; ")}`, issues);
}

function toIssue(issue: SchemaIssue): InputIssue {
  let field = "";
  for (const part of issue.path ?? []) {
    const key = typeof part === "object" ? part.key : part;
    field += typeof key === "number" ? `[${key}]` : field === "" ? String(key) : `.${String(key)}`;
  }
  return { field, message: issue.message };
}

/** The input as the wire carries it: one object, of JSON alone. */
export function toParameters(flow: string, input: unknown): JsonObject {
  if (input === undefined || input === null) return {};
  if (typeof input !== "object" || Array.isArray(input)) {
    throw new InputError(`Flow "${flow}" takes one object of parameters.`, [{ field: "", message: "no object" }]);
  }
  try {
    return JSON.parse(JSON.stringify(input)) as JsonObject;
  } catch (error) {
    const message = `cannot be written as JSON: ${(error as Error).message}`;
    throw new InputError(`The input of flow "${flow}" ${message}`, [{ field: "", message }]);
  }
}

/**
 * The `parameter_openapi_schema` of a deployment. A schema that offers no JSON Schema, or cannot be said as one, leaves the
 * parameters open: the run's process still checks them.
 */
export function parameterSchema(schema: StandardSchema | undefined): JsonObject {
  const open: JsonObject = { title: "Parameters", type: "object", properties: {} };
  if (schema === undefined) return open;
  try {
    const described = schema["~standard"].jsonSchema?.input({ target: "draft-07" });
    if (described === undefined) return open;
    const { $schema: _, ...rest } = described;
    return { ...open, ...(JSON.parse(JSON.stringify(rest)) as JsonObject) };
  } catch {
    return open;
  }
}
