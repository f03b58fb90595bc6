import { expect, test } from "vitest";
import { z } from "zod";
import { checkInput, parameterSchema, toParameters } from "./input.ts";
import type { StandardSchema } from "./standard-schema.ts";

test("[SD36] a schema that offers JSON Schema becomes the deployment's parameter schema", () => {
  const schema = z.object({ urls: z.array(z.url()).min(1), locale: z.string().default("en") });
  expect(parameterSchema(schema)).toEqual({
    title: "Parameters",
    type: "object",
    properties: {
      urls: { type: "array", minItems: 1, items: { type: "string", format: "uri" } },
      locale: { type: "string", default: "en" },
    },
    required: ["urls"],
  });
});

test("[SD36] one that does not, or cannot be said so, leaves the parameters open", () => {
  const open = { title: "Parameters", type: "object", properties: {} };
  expect(parameterSchema(undefined)).toEqual(open);
  expect(parameterSchema(z.object({ when: z.date() }))).toEqual(open);
  const own: StandardSchema = { "~standard": { version: 1, vendor: "own", validate: (value) => ({ value }) } };
  expect(parameterSchema(own)).toEqual(open);
});

test("[SD36] issues name the field, however deep", async () => {
  const schema = z.object({ list: z.array(z.object({ "odd key": z.number() })) });
  const checked = checkInput("f", schema, { list: [{ "odd key": 1 }, { "odd key": "x" }] });
  await expect(checked).rejects.toMatchObject({ issues: [{ field: "list[1].odd key" }] });
});

test.each([[1], ["x"], [[1]], [{ big: 1n }]])("[SD36] %s is no set of parameters", (input) => {
  expect(() => toParameters("f", input)).toThrow(/[Ff]low "f"/);
});
