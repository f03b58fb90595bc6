/** Variables: small values by name, for whoever runs in the workspace. */
import type { Json } from "@millrace/domain/json.ts";
import { z } from "zod";
import { endpoint } from "./endpoint.ts";
import { VariableFilter } from "./filters.ts";
import { AnyJson, ById, Limit, maybe, Name, Offset, otherwise, Tags, TimestampText } from "./wire.ts";

/** Characters of JSON that a value may have: a variable is no store of data. */
const LONGEST_VALUE = 5000;

const VariableName = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[a-z0-9_-]+$/, "Variable name must only contain lowercase letters, numbers, and dashes or underscores.");
const fits = (value: Json): boolean => JSON.stringify(value).length <= LONGEST_VALUE;
const Value = AnyJson.refine(fits, `A variable's value has at most ${LONGEST_VALUE} characters of JSON.`);

export const VariableOut = z.object({
  id: z.uuid(),
  created: TimestampText,
  updated: TimestampText,
  name: z.string(),
  value: z.unknown(),
  tags: z.array(z.string()),
});
export type WireVariable = z.output<typeof VariableOut>;

export const VARIABLE_SORTS = ["CREATED_DESC", "UPDATED_DESC", "NAME_DESC", "NAME_ASC"] as const;
export type VariableSort = (typeof VARIABLE_SORTS)[number];

const ByName = z.object({ name: Name });
const Change = z.strictObject({
  name: maybe(VariableName),
  value: Value.optional(),
  tags: maybe(Tags),
});

export const variables = {
  create: endpoint({
    method: "POST",
    path: "/variables/",
    scope: "write_variables",
    body: z
      .strictObject({ name: VariableName, value: Value.optional(), tags: Tags.default([]) })
      .refine((body) => "value" in body && body.value !== undefined, { path: ["value"], message: "Field required" }),
    status: 201,
    result: VariableOut,
    summary: "Creates a variable.",
  }),
  readByName: endpoint({
    method: "GET",
    path: "/variables/name/{name}",
    scope: "see_variables",
    params: ByName,
    status: 200,
    result: VariableOut,
    summary: "Reads a variable by its name.",
  }),
  read: endpoint({
    method: "GET",
    path: "/variables/{id}",
    scope: "see_variables",
    params: ById,
    status: 200,
    result: VariableOut,
    summary: "Reads a variable.",
  }),
  updateByName: endpoint({
    method: "PATCH",
    path: "/variables/name/{name}",
    scope: "write_variables",
    params: ByName,
    body: Change,
    status: 204,
    summary: "Changes a variable of a name.",
  }),
  update: endpoint({
    method: "PATCH",
    path: "/variables/{id}",
    scope: "write_variables",
    params: ById,
    body: Change,
    status: 204,
    summary: "Changes a variable.",
  }),
  removeByName: endpoint({
    method: "DELETE",
    path: "/variables/name/{name}",
    scope: "manage_variables",
    params: ByName,
    status: 204,
    summary: "Deletes a variable of a name.",
  }),
  remove: endpoint({
    method: "DELETE",
    path: "/variables/{id}",
    scope: "manage_variables",
    params: ById,
    status: 204,
    summary: "Deletes a variable.",
  }),
  filter: endpoint({
    method: "POST",
    path: "/variables/filter",
    scope: "see_variables",
    body: z.object({
      variables: maybe(VariableFilter),
      sort: otherwise(z.enum(VARIABLE_SORTS), "NAME_ASC"),
      limit: Limit,
      offset: Offset,
    }),
    optionalBody: true,
    status: 200,
    result: z.array(VariableOut),
    summary: "Lists variables.",
  }),
  count: endpoint({
    method: "POST",
    path: "/variables/count",
    scope: "see_variables",
    body: z.object({ variables: maybe(VariableFilter) }),
    optionalBody: true,
    status: 200,
    result: z.int(),
    summary: "Counts variables.",
  }),
};
