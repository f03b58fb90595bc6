import { schemas } from "@millrace/contract/schemas.ts";
import type { JsonObject } from "@millrace/domain/json.ts";
import { errorTree } from "@millrace/domain/schema/error-tree.ts";
import { hydrated, Unhydrated } from "@millrace/domain/schema/hydrate.ts";
import { type Violation, violations } from "../../durable-objects/kit/json-schema.ts";
import { Refusal } from "./refusal.ts";
import { type App, serve } from "./serve.ts";

/** What forms ask before they send their values. */
export function serveSchemas(app: App): void {
  serve(app, schemas.validateSchema, ({ body }) => {
    const found = violations(body, {});
    return "badSchema" in found ? { errors: [found.badSchema], valid: false } : { errors: [], valid: true };
  });

  serve(app, schemas.validate, ({ body }) => {
    const values = madeOf(body.values);
    if (typeof values === "string") return { errors: [values], valid: false };
    const found = violations(body.schema, values);
    if ("badSchema" in found)
      throw new Refusal({ code: "invalid", field: "schema", message: `Invalid schema: ${found.badSchema}` });
    return { errors: errorTree(found.map(atItsProperty)), valid: found.length === 0 };
  });
}

function madeOf(values: JsonObject): JsonObject | string {
  try {
    // What a template or a variable will be is not known before it is used: any value may stand there.
    return hydrated(values, () => null);
  } catch (error) {
    if (error instanceof Unhydrated) return error.message;
    throw error;
  }
}

/** What is missing is shown where it would be. */
function atItsProperty({ path, message }: Violation): Violation {
  const missing = /does not have required property "([^"]+)"/.exec(message)?.[1];
  return missing === undefined ? { path, message } : { path: [...path, missing], message };
}
