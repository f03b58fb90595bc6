import { expect, test } from "vitest";
import { z } from "zod";
import { endpoints } from "./endpoints.ts";
import { ACCOUNT_PERMISSIONS, RUN_TOKEN_SCOPES, WORKSPACE_SCOPES } from "./scopes.ts";

const nameOf = ({ method, path, base = "workspace" }: (typeof endpoints)[number]) => `${base}: ${method} ${path}`;
const rows = endpoints.map((row) => [nameOf(row), row] as const);

test("[CO1] no two rows answer the same call", () => {
  const shapes = endpoints.map((row) => nameOf({ ...row, path: row.path.replace(/\{\w+\}/g, "{}") }));
  expect(new Set(shapes).size).toBe(shapes.length);
});

test.each(rows)("[CO1] %s says what a caller must hold, and where", (_name, { scope, base = "workspace" }) => {
  if (scope === "public" || scope === "any credential") return;
  expect(base === "account" ? ACCOUNT_PERMISSIONS : WORKSPACE_SCOPES).toContain(scope);
});

test.each(rows)("[CO1] %s has a schema for each parameter of its path, and for no other", (_name, row) => {
  const inPath = [...row.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name as string);
  if (row.base === "account") inPath.push("account_id");
  const declared = row.params instanceof z.ZodObject ? Object.keys(row.params.shape) : [];
  expect(declared.sort()).toEqual(inPath.sort());
});

test.each(rows)("[CO1] %s changes nothing by GET, and is summed up in a sentence", (_name, row) => {
  if (row.method === "GET") expect(row.body ?? row.bytes).toBeUndefined();
  expect(row.summary).toMatch(/^[A-Z].*\.$/);
});

test.each(rows)(
  "[CO1] %s answers with a body, or with 204 or 201 and none",
  (_name, { status, result, bytes, method }) => {
    const first = typeof status === "number" ? status : status[0];
    const streams = bytes === undefined && method === "GET" && result === undefined;
    if (result === undefined && !streams) expect([201, 204]).toContain(first);
    if (first === 204) expect(result).toBeUndefined();
  },
);

test("[CO1] the token of a run may write nothing but runs, artifacts, slots and variables, and nothing of the account", () => {
  for (const scope of RUN_TOKEN_SCOPES) expect(WORKSPACE_SCOPES).toContain(scope);
  const writes = RUN_TOKEN_SCOPES.filter((scope) => !scope.startsWith("see_"));
  const wanted = ["manage_concurrency_limits", "read_secrets", "run_deployments", "run_flows", "write_artifacts"];
  expect(writes.sort()).toEqual([...wanted, "write_variables"]);
});

test.each(endpoints.filter(({ body }) => body).map((row) => [nameOf(row), row] as const))(
  "[CO2] %s can be told to others as JSON Schema",
  (_name, { body, result }) => {
    expect(() => z.toJSONSchema(body as z.ZodType, { io: "input", unrepresentable: "any" })).not.toThrow();
    if (result) expect(() => z.toJSONSchema(result, { io: "output", unrepresentable: "any" })).not.toThrow();
  },
);
