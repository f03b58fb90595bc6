/** Values against JSON schemas, as forms check them before they are sent. */
import type { ErrorTree } from "@millrace/domain/schema/error-tree.ts";
import { z } from "zod";
import { endpoint } from "./endpoint.ts";
import { Fields } from "./wire.ts";

/** As deep as the values are: the wire has no other word for it than a list. */
const Errors = z.array(z.unknown()).transform((errors) => errors as ErrorTree) as unknown as z.ZodType<ErrorTree>;

export const schemas = {
  validate: endpoint({
    method: "POST",
    path: "/ui/schemas/validate",
    scope: "see_flows",
    body: z.object({ schema: Fields, values: Fields }),
    status: 200,
    result: z.object({ errors: Errors, valid: z.boolean() }),
    summary: "Checks values against a JSON schema, and says what is wrong where.",
  }),
  validateSchema: endpoint({
    method: "POST",
    path: "/ui/schemas/validate_schema",
    scope: "see_flows",
    body: Fields,
    status: 200,
    result: z.object({ errors: Errors, valid: z.boolean() }),
    summary: "Says whether a JSON schema is one.",
  }),
};
