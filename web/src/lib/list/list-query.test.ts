import fc from "fast-check";
import { expect, test } from "vitest";
import { cut, formatListQuery, parseListQuery } from "./list-query.ts";

const parse = (text: string) => parseListQuery(new URLSearchParams(text));

test("[WE57] a list's address holds its name and page: reading it gives the same list", () => {
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 1, max: 100_000 }), (text, page) => {
      const query = { q: text.trim().slice(0, 200).trim(), page, type: "" };
      expect(parse(formatListQuery(query).slice(1))).toEqual(query);
    }),
  );
  expect(formatListQuery({ q: "", page: 1, type: "" })).toBe("");
});

test.each(["page=0", "page=-1", "page=1.5", "page=x", "page=1e9", "page="])(
  "[WE57] %s gives the first page",
  (text) => {
    expect(parse(text)).toEqual({ q: "", page: 1, type: "" });
  },
);

test("[WE57] pages lie one behind the other", () => {
  expect(cut({ q: "", page: 1, type: "" })).toEqual({ limit: 50, offset: 0 });
  expect(cut({ q: "", page: 3, type: "" })).toEqual({ limit: 50, offset: 100 });
});

test("[WE97] a list's address holds the type of its things", () => {
  const query = { q: "a", page: 2, type: "progress" };
  expect(formatListQuery(query)).toBe("?q=a&type=progress&page=2");
  expect(parse(formatListQuery(query).slice(1))).toEqual(query);
});
