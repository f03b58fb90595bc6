import { expect, test } from "vitest";
import { readParameters } from "./parameters.ts";

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
