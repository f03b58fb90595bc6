/** What can be said of a variable, as its form asks for it. */
import type { JsonObject } from "@millrace/domain/json.ts";

export const VARIABLE_FIELDS: JsonObject = {
  required: ["name", "value"],
  properties: {
    name: { title: "Name", type: "string", description: "Small letters, digits, dashes and underscores." },
    value: { title: "Value", description: "As JSON: texts stand in double quotes." },
    tags: { title: "Tags", type: "array", format: "lines", description: "One a line." },
  },
};
