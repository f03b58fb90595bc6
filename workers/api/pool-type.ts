/** What a type of work pool is made of. */
import type { JsonObject } from "@millrace/domain/json.ts";

interface Variable {
  title: string;
  description: string;
  schema: JsonObject;
}

export interface PoolType {
  type: string;
  /** The Python package that has the worker. */
  collection: string;
  name: string;
  description: string;
  install: string;
  variables: { readonly [name: string]: Variable };
  /** Variables that a deployment has to give. */
  required?: readonly string[];
  /** The job, where it is more than its variables side by side. */
  job?: JsonObject;
}

export const text = (fallback: string | null = null): JsonObject => ({
  anyOf: [{ type: "string" }, { type: "null" }],
  default: fallback,
});
export const texts: JsonObject = { type: "object", additionalProperties: { type: "string" } };
export const flag = (fallback: boolean): JsonObject => ({ type: "boolean", default: fallback });
export const list = (of: JsonObject): JsonObject => ({
  anyOf: [{ type: "array", items: of }, { type: "null" }],
  default: null,
});
export const variable = (title: string, description: string, schema: JsonObject): Variable => ({
  title,
  description,
  schema,
});

/** What every job has. */
export const COMMON = {
  name: variable("Name", "What the worker calls the infrastructure that it starts.", text()),
  env: variable("Environment Variables", "Variables of the environment in which a flow run starts.", {
    type: "object",
    additionalProperties: { anyOf: [{ type: "string" }, { type: "null" }] },
  }),
  labels: variable("Labels", "Labels that the worker puts on the infrastructure that it starts.", texts),
  command: variable("Command", "The command that starts a flow run. Left blank, the worker makes it.", text()),
};
