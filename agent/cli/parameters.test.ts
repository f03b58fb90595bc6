import { expect, test } from "vitest";
import { badParameters, missingParameters, readParameters, unknownParameters } from "./parameters.ts";

const schema = {
  type: "object",
  properties: {
    zip: { type: "string" },
    count: { type: "integer" },
    maybe: { anyOf: [{ type: "string" }, { type: "null" }] },
    list: { type: "array" },
  },
};

test("[CL6] parameters are read as the flow wants them: text stays text, the rest is JSON where it is JSON", () => {
  const given = ["zip=01234", "zip2=01234", "count=3", "maybe=null", "list=[1,2]", "free=true", "word=a b=c", "empty="];
  expect(readParameters(given, schema)).toEqual({
    zip: "01234",
    zip2: "01234",
    count: 3,
    maybe: null,
    list: [1, 2],
    free: true,
    word: "a b=c",
    empty: "",
  });
  expect(readParameters(["zip=1"], null)).toEqual({ zip: 1 });
});

test.each(["x", "=x"])("[CL6] %j is no parameter", (pair) => {
  expect(() => readParameters([pair], schema)).toThrow("-p name=value");
});

const wanted = {
  properties: { urls: { type: "array" }, locale: { type: "string", default: "en" } },
  required: ["urls"],
};

test("[CL36] what a flow cannot take is told by its option, with all that it takes", () => {
  const bad = badParameters([{ field: "urls[0]", message: "Invalid URL" }], { urls: ["x"] }, wanted);
  expect(bad).toMatchObject({
    message: "-p urls[0]: Invalid URL.",
    field: "urls[0]",
    fix: "It takes -p urls=<array> [-p locale=<string>].",
    exitCode: 2,
  });
  const [missing] = missingParameters({ locale: "fr" }, wanted);
  expect(badParameters([missing!], { locale: "fr" }, wanted).message).toBe("-p urls=<array> is missing.");
  expect(missingParameters({ urls: [] }, wanted)).toEqual([]);
});

test("[CL36] a parameter that the flow does not know is named, where it does not take any", () => {
  expect(unknownParameters({ lcale: "fr" }, wanted)).toEqual([
    'The flow has no parameter "lcale". Did you mean locale?',
  ]);
  expect(unknownParameters({ lcale: "fr" }, { ...wanted, additionalProperties: {} })).toEqual([]);
  expect(unknownParameters({ lcale: "fr" }, { properties: {} })).toEqual([]);
  expect(unknownParameters({ lcale: "fr" }, null)).toEqual([]);
});
