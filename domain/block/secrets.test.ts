import { expect, test } from "vitest";
import type { JsonObject } from "../json.ts";
import { hidden, restored, secretPaths } from "./secrets.ts";

const paths = secretPaths({ secret_fields: ["value", "nested.key", "all.*", "any.*.token"] });

test.each<[string, JsonObject, JsonObject]>([
  // case                                 data                              shown
  ["[BL2] a secret", { value: "s", x: 1 }, { value: "********", x: 1 }],
  ["[BL2] a number, a list, a flag", { value: 7 }, { value: "********" }],
  ["[BL2] a list", { value: ["s"] }, { value: "********" }],
  ["[BL2] null", { value: null }, { value: null }],
  ["[BL2] an object below", { value: { a: { b: "s" } } }, { value: { a: { b: "********" } } }],
  ["[BL2] an empty object", { value: {} }, { value: "********" }],
  ["[BL2] one that lies deeper", { nested: { key: "s", x: "y" } }, { nested: { key: "********", x: "y" } }],
  ["[BL2] any key", { all: { a: "s", b: "t" } }, { all: { a: "********", b: "********" } }],
  ["[BL2] any key on the way", { any: { a: { token: "s", x: 1 } } }, { any: { a: { token: "********", x: 1 } } }],
  ["[BL2] what may have any key, and is no object", { all: "s" }, { all: "********" }],
])("%s is hidden", (_case, data, shown) => {
  expect(hidden(data, paths)).toEqual(shown);
});

test("[BL3] stars that come back stand for what they hid, and only where a secret was", () => {
  const current = { value: { a: "s" }, nested: { key: "k" }, x: "y" };
  const sent = { value: { a: "********", b: "new" }, nested: { key: "other" }, x: "********", all: { n: "********" } };
  expect(restored(sent, current, paths)).toEqual({
    value: { a: "s", b: "new" },
    nested: { key: "other" },
    x: "********",
    all: { n: "********" },
  });
});

test("[BL2] a schema that says nothing of secrets has none", () => {
  expect(secretPaths({})).toEqual([]);
  expect(secretPaths({ secret_fields: "value" })).toEqual([]);
});
